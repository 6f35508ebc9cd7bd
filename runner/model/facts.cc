#include "runner/model/facts.h"

#include <algorithm>

namespace edp::model {

std::string_view to_string(ProfileKind kind) {
  switch (kind) {
    case ProfileKind::kCpu:
      return "cpu";
    case ProfileKind::kHeap:
      return "heap";
    case ProfileKind::kAllocs:
      return "allocs";
    case ProfileKind::kGoroutine:
      return "goroutine";
    case ProfileKind::kMutex:
      return "mutex";
    case ProfileKind::kBlock:
      return "block";
    case ProfileKind::kThreadCreate:
      return "threadcreate";
  }
  return "";
}

const ProfileFact* Facts::first(ProfileKind kind, bool delta) const {
  const auto found = std::ranges::find_if(
      profiles, [&](const ProfileFact& fact) { return fact.kind == kind && fact.is_delta == delta; });
  return found == profiles.end() ? nullptr : &*found;
}

const ProfileFact* Facts::last(ProfileKind kind, bool delta) const {
  const auto found = std::find_if(profiles.rbegin(), profiles.rend(), [&](const ProfileFact& fact) {
    return fact.kind == kind && fact.is_delta == delta;
  });
  return found == profiles.rend() ? nullptr : &*found;
}

std::string Facts::why_missing(std::string_view collector) const {
  for (const MissingFact& fact : missing) {
    if (fact.collector == collector) return fact.reason;
  }
  return "not collected";
}

}  // namespace edp::model
