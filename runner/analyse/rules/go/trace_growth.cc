#include "runner/analyse/rules/go/trace_growth.h"

#include <algorithm>
#include <bit>
#include <map>

#include "runner/analyse/format.h"
#include "runner/analyse/sites.h"

namespace edp::analyse::go {
namespace {

// The runtime tells the live heap's size whenever a processor takes memory of a size class, in spans of 8 KiB
// and more. What is larger comes from one object.
constexpr uint64_t kLargeObject = 64 << 10;
// Samples come every 10 ms of CPU time: a gap of more than this is a pause in growing.
constexpr int64_t kEpisodeGap = 50'000'000;

}  // namespace

DoublingSeries heap_doublings(const model::Facts& facts, const TraceLock& lock) {
  DoublingSeries best;
  for (uint32_t i = 0; i < facts.traces.size(); ++i) {
    const model::Timeline& timeline = *facts.traces[i].timeline;
    auto hold = std::ranges::lower_bound(lock.holds, i, {}, &LockHold::trace);
    std::map<int64_t, SizeFigures> sizes;
    uint64_t before = UINT64_MAX;
    const auto judge = [&] {
      std::vector<SizeFigures> list;
      for (const auto& [size, figures] : sizes) list.push_back(figures);
      DoublingSeries series = doubling_series(list);
      if (series.members.size() > best.members.size()) best = std::move(series);
      sizes.clear();
    };
    for (const model::Series::Point& point : timeline.points(timeline.heap_live)) {
      const uint64_t rise = point.value > before ? point.value - before : 0;
      before = point.value;
      while (hold != lock.holds.end() && hold->trace == i && hold->end < point.time) {
        ++hold;
        judge();
      }
      if (hold == lock.holds.end() || hold->trace != i) break;
      if (rise < kLargeObject || rise > INT64_MAX || point.time < hold->begin) continue;
      const auto size = static_cast<int64_t>(rise);
      SizeFigures one{.size = size, .alloc_objects = 1, .alloc_bytes = size};
      sizes[size].size = size;
      sizes[size].add(one);
    }
    judge();
  }
  return best;
}

int64_t entries_of_array(int64_t bytes) {
  constexpr double kLargestBucket = 2064;
  constexpr double kWithSpare = 17.0 / 16;  // overflow buckets that are made beforehand
  constexpr double kEntries = 6.5 / 2;      // of a bucket in the array that was just made
  return static_cast<int64_t>(static_cast<double>(bytes) / kLargestBucket / kWithSpare * kEntries);
}

GrowthOnTimeline growth_on_timeline(const model::Facts& facts, const TraceLocks& locks,
                                    const TraceLock& lock) {
  GrowthOnTimeline result;
  for (uint32_t i = 0; i < facts.traces.size(); ++i) {
    struct Episode {
      int64_t first = 0, last = 0;
    };
    std::map<uint32_t, Episode> open;
    const LockHold* counted = nullptr;
    const auto first_hold = std::ranges::lower_bound(lock.holds, i, {}, &LockHold::trace);
    const auto last_hold = std::ranges::upper_bound(lock.holds, i, {}, &LockHold::trace);
    for (const model::CpuSample& sample : facts.traces[i].timeline->cpu_samples) {
      if (!locks.stacks[i]->of(sample.stack).growth) continue;
      const auto hold = std::ranges::lower_bound(first_hold, last_hold, sample.time, {}, &LockHold::end);
      if (hold == last_hold || hold->begin > sample.time || hold->goroutine != sample.goroutine) continue;
      if (result.artefact.empty()) result.artefact = facts.traces[i].artefact;
      const auto [at, is_new] = open.try_emplace(sample.goroutine, Episode{sample.time, sample.time});
      Episode& episode = at->second;
      if (is_new || sample.time - episode.last > kEpisodeGap) {
        ++result.episodes;
        episode.first = sample.time;
      }
      episode.last = sample.time;
      result.longest = std::max(result.longest, episode.last - episode.first);
      if (&*hold != counted) result.waited = saturating_add(result.waited, hold->waited);
      counted = &*hold;
    }
  }
  return result;
}

std::string power_text(int64_t entries) {
  if (entries < 1024) return count_text(static_cast<double>(entries));
  return "2^" + std::to_string(std::bit_width(static_cast<uint64_t>(entries)) - 1);
}

}  // namespace edp::analyse::go
