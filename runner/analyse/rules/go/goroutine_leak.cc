// GO-GOROUTINE-LEAK: groups of goroutines that only grow. docs/rules/GO-GOROUTINE-LEAK.md
#include <algorithm>
#include <cmath>
#include <set>

#include "runner/analyse/format.h"
#include "runner/analyse/rules/go/goroutine_groups.h"
#include "runner/analyse/rules/go/rules.h"

namespace edp::analyse::go {
namespace {

constexpr config::ThresholdSpec kMinGrowth{
    "leak.min_growth", 10, "goroutines",
    "a group that gained fewer than this, and three times the root of its size, "
    "may have done so by chance"};
constexpr config::ThresholdSpec kMinSeconds{"leak.min_seconds", 3, "seconds",
                                            "snapshots closer to each other than this show load, not a leak"};
constexpr config::ThresholdSpec kStay{
    "leak.stay_percent", 95, "percent",
    "of the goroutines blocked at first, so many must still be blocked there at the end"};
constexpr config::ThresholdSpec kLarge{
    "leak.large_group", 1000, "goroutines",
    "a group of this size that waits for minutes is worth a look in a single dump"};
constexpr config::ThresholdSpec kCritical{"leak.critical_goroutines", 10000, "goroutines",
                                          "CRITICAL when a growing group has reached this size"};

enum class Verdict : uint8_t { kNone, kSuspected, kLeak };

struct Judged {
  const GoroutineGroup* group = nullptr;
  Growth growth;
  Verdict verdict = Verdict::kNone;
  std::string why;  // one sentence
  int64_t last_minutes = 0;
  model::Basis basis = model::Basis::kMeasured;
};

// Two or more points in time.
void judge_growth(Judged& judged, const config::Thresholds& thresholds) {
  const Growth& growth = judged.growth;
  const double beyond_chance =
      thresholds.get(kMinGrowth) + 3 * std::sqrt(static_cast<double>(std::max<int64_t>(0, growth.first)));
  if (growth.fell || growth.seconds < thresholds.get(kMinSeconds)) return;
  if (growth.has_ids) {
    if (static_cast<double>(growth.added) < thresholds.get(kMinGrowth) || growth.grown() <= 0) return;
    // Those of the start must be enough to say that none leaves.
    if (static_cast<double>(growth.first_ids) < thresholds.get(kMinGrowth)) return;
    if (100.0 * static_cast<double>(growth.stayed) <
        thresholds.get(kStay) * static_cast<double>(growth.first_ids))
      return;
    judged.why =
        "Of the " + count_text(static_cast<double>(growth.first_ids)) + " that were blocked there at first " +
        (growth.stayed == growth.first_ids ? "not one" : std::to_string(growth.first_ids - growth.stayed)) +
        " has gone on, and " + count_text(static_cast<double>(growth.added)) + " have joined them.";
    judged.verdict = Verdict::kLeak;
  } else {
    if (static_cast<double>(growth.grown()) < beyond_chance) return;
    if (static_cast<double>(growth.first) < thresholds.get(kMinGrowth)) return;
    judged.basis = model::Basis::kInferred;
    judged.why = "Their number rose from " + count_text(static_cast<double>(growth.first)) + " to " +
                 count_text(static_cast<double>(growth.last)) +
                 "; a profile counts them without telling whether they "
                 "are the same ones.";
    // Steady growth over both halves is not how load comes and goes.
    const double difference = std::fabs(growth.early_rate - growth.late_rate);
    const double chance = 3 * std::sqrt(static_cast<double>(growth.grown())) / growth.seconds;
    const bool steady = growth.moments > 2 && difference <= std::max(0.25 * growth.rate(), chance);
    judged.verdict = steady ? Verdict::kLeak : Verdict::kSuspected;
  }
  if (growth.moments > 2 && growth.late_rate < growth.early_rate / 2) {
    judged.why += " The growth slows down, as that of a pool that fills up does.";
    judged.verdict = Verdict::kSuspected;
  }
  // A connection that stays open is a client that stays; a leak of connections looks the same.
  if (judged.group->wait == Wait::kNetwork) judged.verdict = Verdict::kSuspected;
}

// One dump: who waits for minutes, since many different minutes, was left behind one by one.
void judge_alone(Judged& judged, const config::Thresholds& thresholds) {
  const GroupPoint& last = judged.group->points.back();
  const double minimum =
      judged.group->wait == Wait::kNever ? thresholds.get(kMinGrowth) : thresholds.get(kLarge);
  if (static_cast<double>(last.count) < minimum) return;
  const auto waiting = std::ranges::count_if(last.minutes, [](int64_t minutes) { return minutes >= 1; });
  const std::set<int64_t> distinct(last.minutes.begin(), last.minutes.end());
  if (judged.group->wait == Wait::kNever) {
    judged.why = "Nothing can ever wake them.";
    judged.verdict = Verdict::kLeak;
  } else if (2 * waiting >= last.count) {
    const bool never_idle = judged.group->wait == Wait::kChanSend || judged.group->wait == Wait::kLock;
    judged.why =
        "Most of them have waited for minutes" +
        std::string(distinct.size() >= 3 ? ", since " + std::to_string(distinct.size()) + " different minutes"
                                         : "") +
        ". One dump can't tell a leak from a large idle pool: take a second one.";
    judged.basis = model::Basis::kInferred;
    judged.verdict = never_idle && distinct.size() >= 3 ? Verdict::kLeak : Verdict::kSuspected;
  }
}

std::string advice(const GoroutineGroup& group) {
  const std::string end =
      " Where the goroutine belongs to a request, hand it the request's context, and test for what is "
      "left over (go.uber.org/goleak).";
  switch (group.wait) {
    case Wait::kChanSend:
      return "Nobody receives any more, typically because the receiver gave up at a timeout: give the "
             "channel a buffer of "
             "one for its one answer, or select on ctx.Done() beside the send." +
             end;
    case Wait::kChanReceive:
      return "Nobody sends or closes any more: let the producer close the channel on every path (defer "
             "close), or select on "
             "ctx.Done() beside the receive." +
             end;
    case Wait::kSelect:
      return "No case of the select becomes ready: add ctx.Done(), and call the cancel function on every "
             "path. For "
             "net/http's readLoop and writeLoop: read each response's body to its end and close it." +
             end;
    case Wait::kNever:
      return "The channel is nil, or the select has no case, or no one else knows the channel: nothing can "
             "wake these "
             "goroutines. Make the channel before the goroutine starts, and end it by a context." +
             end;
    case Wait::kNetwork:
      return "The peers neither send nor close: set deadlines (SetReadDeadline, http.Server.IdleTimeout, "
             "http.Client.Timeout). If these are clients that simply stay connected, this is their number.";
    case Wait::kLock:
      return "They wait for a lock that is not given back: GO-BLOCKED-CHAIN names its likely holder.";
    default:
      return "They wait for something that another goroutine should have done: make sure it happens on every "
             "path, the "
             "early returns and the panics included." +
             end;
  }
}

model::Finding make_finding(const Judged& judged, const RuleInput& input) {
  const GoroutineGroup& group = *judged.group;
  const Growth& growth = judged.growth;
  const bool over_time = growth.moments > 1 && growth.grown() > 0;
  const std::string artefact(group.points.back().snapshot->artefact);
  model::Finding finding;
  finding.severity =
      judged.verdict == Verdict::kSuspected ? model::Severity::kInfo : model::Severity::kWarning;
  if (judged.verdict == Verdict::kLeak && over_time &&
      static_cast<double>(growth.last) >= input.thresholds.get(kCritical)) {
    finding.severity = model::Severity::kCritical;
  }
  const std::string count = count_text(static_cast<double>(growth.last));
  finding.title = over_time ? "Goroutines blocked in " + std::string(group.blocked.function) +
                                  " only become more: " + count + ", " + rate_text(growth.rate())
                            : count + " goroutines are blocked in " + std::string(group.blocked.function);
  finding.summary = count + " goroutines wait for " + std::string(to_string(group.wait)) + " at " +
                    place_text(group.blocked.file, group.blocked.line) + ". " + judged.why;
  if (over_time) {
    finding.summary += " At this rate it is " + count_text(growth.rate() * 3600) +
                       " more in an hour, each with its stack "
                       "(2 KiB or more) and all that it refers to.";
  }
  finding.evidence.push_back(
      {.name = "goroutines blocked there",
       .value = static_cast<double>(growth.last),
       .unit = "goroutines",
       .threshold = over_time ? std::optional(input.thresholds.get(kCritical)) : std::nullopt,
       .basis = model::Basis::kMeasured,
       .artefact = artefact,
       .note = over_time ? "the threshold is that of CRITICAL" : ""});
  if (over_time) {
    finding.evidence.push_back({.name = "growth of the group",
                                .value = growth.rate(),
                                .unit = "per_second",
                                .threshold = std::nullopt,
                                .basis = judged.basis,
                                .artefact = artefact,
                                .note = "over " + seconds_text(growth.seconds) + ", " +
                                        std::to_string(growth.moments) + " points in time"});
  }
  if (growth.has_ids && over_time) {
    finding.evidence.push_back({.name = "still blocked of those seen first",
                                .value = 100.0 * static_cast<double>(growth.stayed) /
                                         static_cast<double>(std::max<int64_t>(1, growth.first_ids)),
                                .unit = "percent",
                                .threshold = input.thresholds.get(kStay),
                                .basis = model::Basis::kMeasured,
                                .artefact = artefact,
                                .note = "by goroutine id"});
  }
  if (judged.last_minutes > 0) {
    finding.evidence.push_back({.name = "longest wait",
                                .value = static_cast<double>(judged.last_minutes),
                                .unit = "minutes",
                                .threshold = std::nullopt,
                                .basis = model::Basis::kMeasured,
                                .artefact = artefact,
                                .note = "Go's dumps name whole minutes"});
  }
  finding.location = location_of(group.blocked, "blocked");
  if (!group.created.function.empty()) {
    finding.related.push_back(location_of(group.created, "created by"));
  } else if (group.entry.function != group.blocked.function) {
    finding.related.push_back(location_of(group.entry, "goroutine"));
  }
  finding.advice = advice(group);
  return finding;
}

Judgement judge(const RuleInput& input) {
  const std::vector<Snapshot> all = snapshots(input.facts);
  if (all.empty()) {
    return Judgement::unknown(
        "no goroutine dump or profile (goroutine: " + input.facts.why_missing("goroutine") +
        "): collect goroutine or goroutine.debug2");
  }
  const double apart = all.back().taken_at - all.front().taken_at;
  const bool over_time = apart >= input.thresholds.get(kMinSeconds);
  const std::vector<GoroutineGroup> groups = goroutine_groups(all);
  std::vector<Judged> found;
  for (const GoroutineGroup& group : groups) {
    Judged judged{.group = &group, .growth = growth_of(group)};
    for (const int64_t minutes : group.points.back().minutes)
      judged.last_minutes = std::max(judged.last_minutes, minutes);
    if (over_time) judge_growth(judged, input.thresholds);
    if (judged.verdict == Verdict::kNone) judge_alone(judged, input.thresholds);
    if (judged.verdict != Verdict::kNone) found.push_back(std::move(judged));
  }
  std::ranges::stable_sort(found, [](const Judged& a, const Judged& b) {
    return std::pair(a.verdict, a.growth.last) > std::pair(b.verdict, b.growth.last);
  });
  Judgement judgement;
  for (const Judged& judged : found) judgement.findings.push_back(make_finding(judged, input));
  if (judgement.findings.empty() && !over_time) {
    return Judgement::unknown(
        "one point in time can't show growth: take two goroutine dumps (goroutine?debug=2) at least " +
        seconds_text(input.thresholds.get(kMinSeconds)) + " apart");
  }
  return judgement;
}

}  // namespace

Rule goroutine_leak() {
  return {.id = "GO-GOROUTINE-LEAK",
          .title = "groups of goroutines that only grow",
          .requirement = "G7",
          .thresholds = {kMinGrowth, kMinSeconds, kStay, kLarge, kCritical},
          .judge = judge};
}

}  // namespace edp::analyse::go
