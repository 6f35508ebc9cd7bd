#include "runner/analyse/rules/go/lock_sites.h"

#include <algorithm>
#include <charconv>
#include <numeric>

#include "runner/analyse/sites.h"

namespace edp::analyse::go {
namespace {

constexpr ClassSet kWaitClasses{SymbolClass::kMutexLock, SymbolClass::kRWMutexLock,
                                SymbolClass::kRWMutexRLock};
constexpr ClassSet kReleaseClasses{SymbolClass::kMutexUnlock, SymbolClass::kRWMutexUnlock,
                                   SymbolClass::kRWMutexRUnlock};

std::vector<LockSite> sites_of(const model::ProfileFact& fact, ClassSet wanted) {
  std::vector<LockSite> sites;
  const model::Profile& profile = fact.profile;
  const uint32_t contentions = profile.type_index("contentions");
  const uint32_t delay = profile.type_index("delay");
  if (contentions == model::kNone || delay == model::kNone) return sites;
  std::map<std::tuple<std::string_view, int64_t, SymbolClass, std::string_view, int64_t>, size_t> index;
  for (size_t i = 0; i < profile.sample_count(); ++i) {
    const model::Sample sample = profile.sample(i);
    if (sample.values[contentions] <= 0 && sample.values[delay] <= 0) continue;
    const std::vector<model::GoroutineFrame> frames = expand(profile, sample);
    const LockCall call = find_lock_call(frames);
    if (!call.found() || call.inside_sync_map || !wanted.has(call.operation)) continue;
    const model::GoroutineFrame& owner = frames[call.owner];
    const model::GoroutineFrame& user = frames[user_frame(frames, call.owner)];
    const auto [at, is_new] = index.try_emplace(
        {owner.function, owner.line, call.operation, user.function, user.line}, sites.size());
    if (is_new) sites.push_back({.owner = owner, .user = user, .operation = call.operation});
    LockSite& site = sites[at->second];
    site.contentions = saturating_add(site.contentions, std::max<int64_t>(0, sample.values[contentions]));
    site.delay = saturating_add(site.delay, std::max<int64_t>(0, sample.values[delay]));
  }
  std::ranges::stable_sort(sites, std::ranges::greater{}, &LockSite::delay);
  return sites;
}

}  // namespace

double Waiters::top_share() const {
  int64_t known = 0;
  int64_t top = 0;
  for (const auto& [address, waiting] : by_lock) {
    known += waiting;
    top = std::max(top, waiting);
  }
  return known == 0 ? 1.0 : static_cast<double>(top) / static_cast<double>(known);
}

ContentionProfile contention_profile(const model::Facts& facts, model::ProfileKind kind) {
  ContentionProfile result;
  const model::ProfileFact* delta = facts.last(kind, true);
  const model::ProfileFact* total = facts.last(kind, false);
  result.fact = delta != nullptr ? delta : total;
  for (const model::ProfileFact* fact : {delta, total}) {
    if (fact != nullptr && fact->profile.sample_count() > 0) result.is_empty = false;
  }
  if (delta != nullptr) {
    result.window_seconds = delta->window_seconds > 0
                                ? delta->window_seconds
                                : static_cast<double>(delta->profile.duration_nanos) / 1e9;
  }
  return result;
}

std::vector<LockPlace> lock_places(const ContentionProfile& block, const ContentionProfile& mutex,
                                   const std::vector<Snapshot>& all) {
  std::map<std::string, LockPlace, std::less<>> places;
  const auto place = [&](const model::GoroutineFrame& owner) -> LockPlace& {
    const std::string_view name = place_of(owner.function);
    auto found = places.find(name);
    if (found == places.end()) found = places.emplace(name, LockPlace{.place = std::string(name)}).first;
    return found->second;
  };
  if (block.fact != nullptr) {
    for (const LockSite& site : sites_of(*block.fact, kWaitClasses)) {
      LockPlace& at = place(site.owner);
      at.waits.push_back(site);
      at.wait_contentions = saturating_add(at.wait_contentions, site.contentions);
      at.wait_delay = saturating_add(at.wait_delay, site.delay);
    }
  }
  if (mutex.fact != nullptr) {
    for (const LockSite& site : sites_of(*mutex.fact, kReleaseClasses)) {
      LockPlace& at = place(site.owner);
      at.releases.push_back(site);
      at.release_contentions = saturating_add(at.release_contentions, site.contentions);
      at.release_delay = saturating_add(at.release_delay, site.delay);
    }
  }
  for (const Snapshot& snapshot : all) {
    for (const Stack& stack : snapshot.stacks) {
      if (stack.wait != Wait::kLock) continue;
      std::vector<Waiters>& waiters = place(stack.frames[stack.lock.owner]).waiters;
      if (waiters.empty() || waiters.back().snapshot != &snapshot) waiters.push_back({.snapshot = &snapshot});
      Waiters& now = waiters.back();
      now.count = saturating_add(now.count, stack.count);
      now.minutes = std::max(now.minutes, stack.wait_minutes);
      now.stacks.push_back(&stack);
      // RLock hides the lock's address; the receiver of its caller stands for it.
      const uint64_t address = stack.lock.address != 0
                                   ? stack.lock.address
                                   : first_pointer(stack.frames[stack.lock.owner].arguments);
      if (address != 0) now.by_lock[address] += stack.count;
    }
  }
  std::vector<LockPlace> result;
  result.reserve(places.size());
  for (auto& [name, found] : places) result.push_back(std::move(found));
  return result;
}

std::optional<double> waiting_in_snapshots(const LockPlace& place, const std::vector<Snapshot>& all) {
  if (all.empty()) return std::nullopt;
  const double sum = std::accumulate(
      place.waiters.begin(), place.waiters.end(), 0.0,
      [](double so_far, const Waiters& w) { return so_far + static_cast<double>(w.count) * w.top_share(); });
  return sum / static_cast<double>(all.size());
}

std::optional<bool> mutex_delay_counts_all_waiters(const model::Facts& facts) {
  const std::string_view version = facts.go_version;
  const size_t at = version.find("go1.");
  if (at == std::string_view::npos) return std::nullopt;
  int minor = 0;
  const char* begin = version.data() + at + 4;
  const auto [end, error] = std::from_chars(begin, version.data() + version.size(), minor);
  if (error != std::errc{} || end == begin) return std::nullopt;
  return minor >= 22;
}

std::string how_to_profile_locks(const model::Facts& facts) {
  std::string text;
  const auto note = [&](model::ProfileKind kind, std::string_view name, bool off, std::string_view how) {
    if (!text.empty()) text += "; ";
    if (facts.last(kind, true) == nullptr && facts.last(kind, false) == nullptr) {
      text += "no " + std::string(name) + " profile (" + facts.why_missing(name) + ")";
    } else {
      text += "the " + std::string(name) + " profile is empty" + (off ? ", its rate is 0" : "");
    }
    text += ": " + std::string(how);
  };
  note(model::ProfileKind::kMutex, "mutex", facts.rates.mutex_fraction == 0,
       "switch it on in the target by runtime.SetMutexProfileFraction(100)");
  note(model::ProfileKind::kBlock, "block", false,
       "switch it on by runtime.SetBlockProfileRate(10000), in production rather 1000000 (1 ms)");
  return text;
}

}  // namespace edp::analyse::go
