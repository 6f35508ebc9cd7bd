#include "runner/analyse/rules/go/goroutine_groups.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <tuple>

namespace edp::analyse::go {
namespace {

// Snapshots closer than this are one moment: dump and profile of one round.
constexpr double kMomentSeconds = 1.0;

bool can_leak(const Stack& stack) {
  switch (stack.wait) {
    case Wait::kRunning:
    case Wait::kSleep:
    case Wait::kSyscall:
      return false;
    case Wait::kOther: {
      // sync.Cond and WaitGroup wait for others; the runtime's own goroutines have no frame of anybody's.
      return first_user_frame(stack.frames) != kNoFrame;
    }
    default:
      return true;
  }
}

using Key = std::tuple<std::string_view, std::string_view, int64_t>;  // entry, blocked function and line

GroupPoint& point_of(GoroutineGroup& group, const Snapshot& snapshot) {
  if (group.points.empty() || group.points.back().snapshot != &snapshot) {
    group.points.push_back({.snapshot = &snapshot});
  }
  return group.points.back();
}

// A dump tells more than a profile of the same moment; a moment without any of the group counts as none.
void merge_moments(GoroutineGroup& group, const std::vector<Snapshot>& all) {
  std::vector<GroupPoint> merged;
  for (const Snapshot& snapshot : all) {
    GroupPoint point{.snapshot = &snapshot};
    const auto found = std::ranges::find(group.points, &snapshot, &GroupPoint::snapshot);
    if (found != group.points.end()) point = std::move(*found);
    if (!merged.empty() && snapshot.taken_at - merged.back().snapshot->taken_at < kMomentSeconds) {
      if (snapshot.is_dump && !merged.back().snapshot->is_dump) merged.back() = std::move(point);
      continue;
    }
    merged.push_back(std::move(point));
  }
  group.points = std::move(merged);
}

// What chance alone may add or take: three standard deviations of a count.
double chance(int64_t count) { return 3 * std::sqrt(static_cast<double>(std::max<int64_t>(1, count))); }

}  // namespace

std::vector<GoroutineGroup> goroutine_groups(const std::vector<Snapshot>& all) {
  std::map<Key, GoroutineGroup> groups;
  for (const Snapshot& snapshot : all) {
    for (const Stack& stack : snapshot.stacks) {
      if (stack.frames.empty() || !can_leak(stack)) continue;
      const size_t user = first_user_frame(stack.frames);
      size_t blocked = user;
      if (user == kNoFrame) {
        // Profiles show the runtime's frames, dumps don't: the first outside the runtime is in both.
        blocked = 0;
        while (blocked + 1 < stack.frames.size() && package_of(stack.frames[blocked].function) == "runtime")
          ++blocked;
      }
      size_t root = stack.frames.size() - 1;
      while (root > blocked && package_of(stack.frames[root].function) == "runtime") --root;
      const model::GoroutineFrame& line = stack.frames[blocked];
      const model::GoroutineFrame& entry = stack.frames[root];
      GoroutineGroup& group = groups[{entry.function, line.function, line.line}];
      group.blocked = line;
      group.entry = entry;
      group.wait = stack.wait;
      if (stack.created != nullptr) group.created = *stack.created;
      GroupPoint& point = point_of(group, snapshot);
      point.count += stack.count;
      if (!snapshot.is_dump) continue;
      point.ids.push_back(stack.id);
      point.minutes.push_back(stack.wait_minutes);
    }
  }
  std::vector<GoroutineGroup> result;
  result.reserve(groups.size());
  for (auto& [key, group] : groups) {
    merge_moments(group, all);
    for (GroupPoint& point : group.points) std::ranges::sort(point.ids);
    result.push_back(std::move(group));
  }
  return result;
}

Growth growth_of(const GoroutineGroup& group) {
  Growth growth;
  growth.moments = group.points.size();
  if (group.points.empty()) return growth;
  const GroupPoint& first = group.points.front();
  const GroupPoint& last = group.points.back();
  growth.first = first.count;
  growth.last = last.count;
  growth.seconds = last.snapshot->taken_at - first.snapshot->taken_at;
  for (size_t i = 1; i < group.points.size(); ++i) {
    const int64_t before = group.points[i - 1].count;
    growth.fell |= static_cast<double>(before - group.points[i].count) > chance(before);
  }
  growth.early_rate = growth.late_rate = growth.rate();
  if (group.points.size() > 2) {
    const GroupPoint& middle = group.points[group.points.size() / 2];
    const double early = middle.snapshot->taken_at - first.snapshot->taken_at;
    const double late = last.snapshot->taken_at - middle.snapshot->taken_at;
    if (early > 0) growth.early_rate = static_cast<double>(middle.count - first.count) / early;
    if (late > 0) growth.late_rate = static_cast<double>(last.count - middle.count) / late;
  }
  const auto is_dump = [](const GroupPoint& point) { return point.snapshot->is_dump; };
  const auto first_dump = std::ranges::find_if(group.points, is_dump);
  const auto last_dump = std::find_if(group.points.rbegin(), group.points.rend(), is_dump);
  if (first_dump != group.points.end() && &*first_dump != &*last_dump) {
    growth.has_ids = true;
    growth.first_ids = static_cast<int64_t>(first_dump->ids.size());
    growth.stayed = std::ranges::count_if(
        first_dump->ids, [&](uint64_t id) { return std::ranges::binary_search(last_dump->ids, id); });
    growth.added = std::ranges::count_if(last_dump->ids, [&](uint64_t id) {
      return !std::ranges::binary_search(first_dump->snapshot->ids, id);
    });
  }
  return growth;
}

}  // namespace edp::analyse::go
