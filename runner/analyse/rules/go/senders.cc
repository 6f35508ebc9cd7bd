#include "runner/analyse/rules/go/senders.h"

#include <algorithm>
#include <map>

#include "runner/analyse/format.h"

namespace edp::analyse::go {
namespace {

struct Seen {
  SenderGroup group;
  std::vector<int64_t> counts;  // by snapshot
};

// The mean wait of sends at this line that have ended; 0 where the block profile has none.
double mean_wait_seconds(const ContentionProfile& block, const model::GoroutineFrame& frame) {
  if (block.fact == nullptr) return 0;
  const model::Profile& profile = block.fact->profile;
  const uint32_t contentions = profile.type_index("contentions");
  const uint32_t delay = profile.type_index("delay");
  if (contentions == model::kNone || delay == model::kNone) return 0;
  double count = 0;
  double nanoseconds = 0;
  for (size_t i = 0; i < profile.sample_count(); ++i) {
    const model::Sample sample = profile.sample(i);
    const std::vector<model::GoroutineFrame> frames = expand(profile, sample);
    if (frames.empty() || !frames[0].function.starts_with("runtime.chansend")) continue;
    const size_t user = first_user_frame(frames);
    if (user == kNoFrame || frames[user].line != frame.line || frames[user].function != frame.function)
      continue;
    count += static_cast<double>(sample.values[contentions]);
    nanoseconds += static_cast<double>(sample.values[delay]);
  }
  return count > 0 ? nanoseconds / 1e9 / count : 0;
}

bool grows(const std::vector<int64_t>& counts) {
  return counts.size() > 1 && std::ranges::is_sorted(counts) && counts.back() > counts.front();
}

}  // namespace

std::vector<SenderGroup> sender_groups(const std::vector<Snapshot>& all, double enough) {
  std::map<std::pair<std::string_view, int64_t>, Seen> lines;
  for (size_t i = 0; i < all.size(); ++i) {
    for (const Stack& stack : all[i].stacks) {
      const size_t user = stack.wait == Wait::kChanSend ? first_user_frame(stack.frames) : kNoFrame;
      if (user == kNoFrame) continue;
      Seen& seen = lines[{stack.frames[user].function, stack.frames[user].line}];
      seen.group.frame = stack.frames[user];
      seen.counts.resize(all.size());
      seen.counts[i] += stack.count;
      seen.group.minutes = std::max(seen.group.minutes, stack.wait_minutes);
    }
  }
  std::vector<SenderGroup> groups;
  for (auto& [line, seen] : lines) {
    const auto most = std::ranges::max_element(seen.counts);
    if (static_cast<double>(*most) < enough) continue;
    seen.group.count = *most;
    seen.group.snapshot = &all[static_cast<size_t>(most - seen.counts.begin())];
    seen.group.is_growing = grows(seen.counts);
    groups.push_back(seen.group);
  }
  return groups;
}

model::Finding sender_finding(const SenderGroup& group, const ContentionProfile& block, double enough) {
  const double wait = mean_wait_seconds(block, group.frame);
  const std::string line = place_text(group.frame.file, group.frame.line);
  model::Finding finding;
  // Producers that wait for their consumers are how back-pressure looks: only a long standstill is a fault,
  // and senders that only become more are a leak's.
  const bool stands_still = (group.minutes >= 1 && !group.is_growing) || wait >= 1;
  finding.severity = stands_still ? model::Severity::kWarning : model::Severity::kInfo;
  finding.title = count_text(static_cast<double>(group.count)) + " goroutines are blocked sending in " +
                  std::string(group.frame.function);
  finding.summary = count_text(static_cast<double>(group.count)) +
                    " goroutines wait at one moment at the channel send at " + line +
                    ": nobody receives, or not as fast as they send. ";
  if (group.is_growing)
    finding.summary += "They become more from snapshot to snapshot: see GO-GOROUTINE-LEAK. ";
  if (!stands_still)
    finding.summary += "How long each waits is not known, and waiting for a consumer can be intended. ";
  finding.evidence.push_back({.name = "goroutines blocked at the send",
                              .value = static_cast<double>(group.count),
                              .unit = "goroutines",
                              .threshold = enough,
                              .basis = model::Basis::kMeasured,
                              .artefact = std::string(group.snapshot->artefact),
                              .note = "at one moment"});
  if (wait > 0) {
    finding.evidence.push_back({.name = "mean wait at the send",
                                .value = wait * 1e9,
                                .unit = "nanoseconds",
                                .threshold = 1e9,
                                .basis = model::Basis::kSampled,
                                .artefact = block.fact->artefact,
                                .note = "waits that have ended"});
  }
  if (group.minutes > 0) {
    finding.evidence.push_back({.name = "longest wait",
                                .value = static_cast<double>(group.minutes),
                                .unit = "minutes",
                                .threshold = 1,
                                .basis = model::Basis::kMeasured,
                                .artefact = std::string(group.snapshot->artefact),
                                .note = "Go's dumps name whole minutes"});
  }
  finding.location = location_of(group.frame, "waiter");
  finding.advice =
      "Look at who receives from this channel: too few or too slow consumers want more of them or less work "
      "for each; a "
      "receiver that has gone away wants a select with ctx.Done() beside the send. A buffer helps against "
      "bursts only.";
  return finding;
}

}  // namespace edp::analyse::go
