#include "runner/analyse/sites.h"

#include <algorithm>
#include <limits>

#include "runner/analyse/stack_walk.h"

namespace edp::analyse {
namespace {

template <typename Get>
Figure sum_classes(ClassSet classes, Get get) {
  Figure sum;
  for (size_t i = 0; i < kSymbolClassCount; ++i) {
    if (classes.has(static_cast<SymbolClass>(i))) sum.add(get(i));
  }
  return sum;
}

uint32_t count_index_of(const model::Profile& profile, uint32_t value_index) {
  for (uint32_t i = value_index + 1; i-- > 0;) {
    if (profile.sample_types[i].unit == "count") return i;
  }
  return value_index;
}

double window_of(const model::ProfileFact& fact) {
  if (fact.window_seconds > 0) return fact.window_seconds;
  // Only these say a window; other profiles count since the process began.
  if (fact.kind != model::ProfileKind::kCpu && !fact.is_delta) return 0;
  return fact.profile.duration_nanos > 0 ? static_cast<double>(fact.profile.duration_nanos) / 1e9 : 0;
}

}  // namespace

int64_t saturating_add(int64_t a, int64_t b) {
  int64_t sum = 0;
  if (!__builtin_add_overflow(a, b, &sum)) return sum;
  return b > 0 ? std::numeric_limits<int64_t>::max() : std::numeric_limits<int64_t>::min();
}

void Figure::add(int64_t v, int64_t c) {
  value = saturating_add(value, v);
  count = saturating_add(count, c);
  ++rows;
}

void Figure::add(const Figure& other) {
  value = saturating_add(value, other.value);
  count = saturating_add(count, other.count);
  rows += other.rows;
}

Figure MapSite::at(ClassSet classes) const {
  return sum_classes(classes, [&](size_t i) { return by_class[i]; });
}

model::SourceLocation MapSite::location(std::string role) const {
  return {
      .function = std::string(function), .file = std::string(file), .line = line, .role = std::move(role)};
}

Figure ProfileReading::at(ClassSet classes) const {
  return sum_classes(classes, [&](size_t i) { return innermost[i]; });
}

double ProfileReading::percent(int64_t value) const {
  return total.value == 0 ? 0 : 100.0 * static_cast<double>(value) / static_cast<double>(total.value);
}

std::optional<double> ProfileReading::per_second(int64_t value) const {
  if (window_seconds <= 0) return std::nullopt;
  const bool nanoseconds = fact->profile.sample_types[value_index].unit == "nanoseconds";
  return static_cast<double>(value) / window_seconds / (nanoseconds ? 1e9 : 1);
}

Figure SiteGroup::at(SymbolClass c) const {
  Figure sum;
  for (const MapSite* site : sites) sum.add(site->at(c));
  return sum;
}

Figure SiteGroup::at(ClassSet classes) const {
  Figure sum;
  for (const MapSite* site : sites) sum.add(site->at(classes));
  return sum;
}

int64_t SiteGroup::with_class(SymbolClass c) const {
  int64_t sum = 0;
  for (const MapSite* site : sites) sum = saturating_add(sum, site->with_class(c));
  return sum;
}

const ProfileReading* Readings::read(model::ProfileKind kind, std::string_view type, bool delta) {
  const model::ProfileFact* fact = facts_.last(kind, delta);
  if (fact == nullptr) return nullptr;
  const uint32_t index = fact->profile.type_index(type);
  if (index == model::kNone) return nullptr;
  return &read(*fact, index);
}

const ProfileReading& Readings::read(const model::ProfileFact& fact, uint32_t value_index) {
  std::unique_ptr<ProfileReading>& slot = readings_[{&fact, value_index}];
  if (slot) return *slot;
  slot = std::make_unique<ProfileReading>();
  slot->fact = &fact;
  slot->value_index = value_index;
  slot->count_index = count_index_of(fact.profile, value_index);
  slot->window_seconds = window_of(fact);
  StackWalk(fact.profile).read_into(*slot);
  return *slot;
}

void Readings::find_implementations() {
  if (implementations_known_) return;
  implementations_known_ = true;
  for (const model::ProfileFact& fact : facts_.profiles) {
    for (const model::Function& function : fact.profile.functions) {
      const Symbol symbol = classify(function.name, function.file);
      if (symbol.proves == MapImplementation::kUnknown) continue;
      const bool is_sync =
          kSyncMapClasses.has(symbol.symbol_class) || kSyncMapInternalClasses.has(symbol.symbol_class);
      (is_sync ? sync_map_ : map_) = symbol.proves;
    }
  }
}

MapImplementation Readings::map_implementation() {
  find_implementations();
  return map_;
}

MapImplementation Readings::sync_map_implementation() {
  find_implementations();
  return sync_map_;
}

std::vector<SiteGroup> group_sites(const ProfileReading& reading, MapFamily family) {
  std::vector<SiteGroup> groups;
  std::map<std::string, size_t, std::less<>> by_place;
  for (const MapSite& site : reading.sites) {
    if (site.family != family || site.standard_library || site.function.empty()) continue;
    // Without a receiver a whole package would be one group; its files keep maps of a package apart somewhat.
    std::string place(receiver_of(site.function));
    if (place == package_of(site.function)) {
      place += " (" + std::string(site.file.substr(site.file.rfind('/') + 1)) + ")";
    }
    const auto [found, is_new] = by_place.try_emplace(place, groups.size());
    if (is_new) groups.push_back({.family = family, .place = place});
    groups[found->second].sites.push_back(&site);
    groups[found->second].total.add(site.total);
  }
  std::ranges::stable_sort(
      groups, [](const SiteGroup& a, const SiteGroup& b) { return a.total.value > b.total.value; });
  return groups;
}

const SiteGroup* same_place(const std::vector<SiteGroup>& groups, std::string_view place) {
  const auto found = std::ranges::find(groups, place, &SiteGroup::place);
  return found == groups.end() ? nullptr : &*found;
}

}  // namespace edp::analyse
