#include "runner/run/profile_kind.h"

namespace edp::run {
namespace {

using model::ProfileKind;

std::optional<ProfileKind> named(std::string_view collector) {
  const std::string_view base = collector.substr(0, collector.find('.'));
  for (const ProfileKind kind :
       {ProfileKind::kCpu, ProfileKind::kHeap, ProfileKind::kAllocs, ProfileKind::kGoroutine,
        ProfileKind::kMutex, ProfileKind::kBlock, ProfileKind::kThreadCreate}) {
    if (to_string(kind) == base) return kind;
  }
  return std::nullopt;
}

// A mutex profile's stacks begin where a lock is released, a block profile's where a goroutine waits.
bool is_release(std::string_view function) {
  return function.find("nlock") != std::string_view::npos;  // Unlock, RUnlock, unlock, unlock2
}

ProfileKind mutex_or_block(const model::Profile& profile) {
  size_t releases = 0;
  for (size_t i = 0; i < profile.sample_count(); ++i) {
    const model::Sample sample = profile.sample(i);
    if (sample.locations.empty()) continue;
    const auto lines = profile.lines_of(profile.locations[sample.locations.front()]);
    if (lines.empty() || lines.front().function == model::kNone) continue;
    if (is_release(profile.functions[lines.front().function].name)) ++releases;
  }
  return releases * 2 > profile.sample_count() ? ProfileKind::kMutex : ProfileKind::kBlock;
}

}  // namespace

std::optional<ProfileKind> profile_kind(const model::Profile& profile, std::string_view collector) {
  const std::optional<ProfileKind> asked = named(collector);
  const auto has = [&](std::string_view type) { return profile.type_index(type) != model::kNone; };
  if (has("cpu")) return ProfileKind::kCpu;
  if (has("inuse_space") || has("alloc_space")) {
    if (asked == ProfileKind::kHeap || asked == ProfileKind::kAllocs) return asked;
    return profile.default_sample_type == "alloc_space" ? ProfileKind::kAllocs : ProfileKind::kHeap;
  }
  if (has("contentions")) {
    if (asked == ProfileKind::kMutex || asked == ProfileKind::kBlock) return asked;
    return mutex_or_block(profile);
  }
  if (has("goroutine")) return ProfileKind::kGoroutine;
  if (has("threadcreate")) return ProfileKind::kThreadCreate;
  return std::nullopt;
}

}  // namespace edp::run
