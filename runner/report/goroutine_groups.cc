#include "runner/report/goroutine_groups.h"

#include <algorithm>
#include <unordered_map>

namespace edp::report {
namespace {

constexpr size_t kIdsKept = 5;

// What makes two goroutines alike; arguments are left out, they differ by nature.
struct Key {
  const model::Goroutine* goroutine;
};

bool same_place(const model::GoroutineFrame& a, const model::GoroutineFrame& b) {
  return a.line == b.line && a.function == b.function && a.file == b.file;
}

struct SameKey {
  bool operator()(const Key& a, const Key& b) const {
    return a.goroutine->state == b.goroutine->state &&
           same_place(a.goroutine->created_by, b.goroutine->created_by) &&
           std::ranges::equal(a.goroutine->frames, b.goroutine->frames, same_place);
  }
};

struct HashKey {
  size_t operator()(const Key& key) const {
    const std::hash<std::string_view> hash;
    size_t value = hash(key.goroutine->state);
    const auto mix = [&](size_t more) {
      value ^= more + 0x9e3779b97f4a7c15U + (value << 6U) + (value >> 2U);
    };
    for (const model::GoroutineFrame& frame : key.goroutine->frames) {
      mix(hash(frame.function));
      mix(static_cast<size_t>(frame.line));
    }
    mix(hash(key.goroutine->created_by.function));
    return value;
  }
};

}  // namespace

std::vector<GoroutineGroup> goroutine_groups(const model::Goroutines& goroutines) {
  std::vector<GoroutineGroup> groups;
  std::unordered_map<Key, size_t, HashKey, SameKey> index;
  for (const model::Goroutine& goroutine : goroutines.list) {
    const auto [found, is_new] = index.try_emplace(Key{&goroutine}, groups.size());
    if (is_new) groups.push_back({.sample = &goroutine});
    GoroutineGroup& group = groups[found->second];
    ++group.count;
    group.longest_wait_minutes = std::max(group.longest_wait_minutes, goroutine.wait_minutes);
    if (goroutine.wait_minutes > 0) ++group.waiting_a_minute;
    if (group.ids.size() < kIdsKept) group.ids.push_back(goroutine.id);
  }
  std::ranges::sort(groups, [](const GoroutineGroup& a, const GoroutineGroup& b) {
    if (a.count != b.count) return a.count > b.count;
    if (a.longest_wait_minutes != b.longest_wait_minutes)
      return a.longest_wait_minutes > b.longest_wait_minutes;
    return a.sample < b.sample;  // both lie in the dump's list
  });
  return groups;
}

std::vector<StateCount> goroutine_states(const model::Goroutines& goroutines) {
  std::vector<StateCount> states;
  std::unordered_map<std::string_view, size_t> index;
  for (const model::Goroutine& goroutine : goroutines.list) {
    const auto [found, is_new] = index.try_emplace(goroutine.state, states.size());
    if (is_new) states.push_back({.state = goroutine.state});
    ++states[found->second].count;
  }
  std::ranges::sort(states, [](const StateCount& a, const StateCount& b) {
    return a.count != b.count ? a.count > b.count : a.state < b.state;
  });
  return states;
}

}  // namespace edp::report
