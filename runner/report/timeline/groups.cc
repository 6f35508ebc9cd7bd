#include "runner/report/timeline/groups.h"

#include <algorithm>
#include <numeric>
#include <tuple>
#include <unordered_map>

#include "runner/report/timeline/columns.h"

namespace edp::report {

using model::GoSlice;
using model::kNone;

GoroutineGroups::GoroutineGroups(const model::Timeline& timeline, const SliceClasses& classes,
                                 const Detail& detail, uint32_t limit)
    : timeline_(timeline) {
  choose(detail, limit);
  count(classes);
}

void GoroutineGroups::choose(const Detail& detail, uint32_t limit) {
  struct Function {
    uint32_t text = kNone;
    int64_t lock_wait = 0;
    uint64_t goroutines = 0;
    [[nodiscard]] auto order() const { return std::tie(lock_wait, goroutines); }
  };
  std::unordered_map<uint32_t, uint32_t> index_of;
  std::vector<Function> functions;
  for (uint32_t i = 0; i < timeline_.goroutines.size(); ++i) {
    const uint32_t text = timeline_.goroutines[i].function;
    const auto [at, added] = index_of.try_emplace(text, static_cast<uint32_t>(functions.size()));
    if (added) functions.push_back({.text = text});
    Function& function = functions[at->second];
    ++function.goroutines;
    function.lock_wait = std::max(function.lock_wait, detail.lock_wait[i]);
    group_of_.push_back(at->second);
  }
  std::vector<uint32_t> order(functions.size());
  std::iota(order.begin(), order.end(), 0U);
  std::ranges::stable_sort(
      order, [&](uint32_t a, uint32_t b) { return functions[a].order() > functions[b].order(); });
  std::vector<uint32_t> group_of_function(functions.size());
  for (uint32_t i = 0; i < order.size(); ++i) {
    group_of_function[order[i]] = std::min(i, limit - 1);
    if (i < limit) groups_.push_back({.function = functions[order[i]].text});
  }
  has_rest_ = order.size() > limit;

  for (uint32_t& group : group_of_) {
    group = group_of_function[group];
    ++groups_[group].goroutines;
    ++groups_[group].without_lane;
  }
  for (const uint32_t goroutine : detail.goroutines) --groups_[group_of_[goroutine]].without_lane;
}

void GoroutineGroups::count(const SliceClasses& classes) {
  states_.assign(groups_.size(), Occupancy(timeline_.end));
  procs_.assign(timeline_.procs.size(), Occupancy(timeline_.end));
  for (uint32_t i = 0; i < timeline_.goroutines.size(); ++i) {
    Occupancy& states = states_[group_of_[i]];
    for (const GoSlice& slice : timeline_.slices(i)) {
      const SliceClass of = classes.of(slice);
      if (of == SliceClass::kNone) continue;
      states.add(slice.begin, slice.end, of);
      if (of == SliceClass::kRunning && slice.proc != kNone) {
        procs_[slice.proc].add(slice.begin, slice.end, of);
      }
    }
  }
}

void GoroutineGroups::append_to(std::string& out, PageTables& tables) const {
  Column functions, goroutines, without_lane, states;
  functions.put(groups_.size());
  for (size_t i = 0; i < groups_.size(); ++i) {
    const bool rest = has_rest_ && i + 1 == groups_.size();
    functions.put(rest ? tables.literal("(other functions)") : tables.text(groups_[i].function));
    goroutines.put(groups_[i].goroutines);
    without_lane.put(groups_[i].without_lane);
    for (size_t of = 1; of < kSliceClasses; ++of) states_[i].put(static_cast<SliceClass>(of), states);
  }
  append_columns(out, functions, goroutines, without_lane, states);
}

void GoroutineGroups::append_procs(std::string& out) const {
  Column ids, states;
  ids.put(timeline_.procs.size());
  for (size_t i = 0; i < procs_.size(); ++i) {
    ids.put(timeline_.procs[i].id);
    procs_[i].put(SliceClass::kRunning, states);
  }
  append_columns(out, ids, states);
}

}  // namespace edp::report
