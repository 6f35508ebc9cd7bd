// Readings that rules share: where a profile's value goes by class of symbol, and which lines of the user's
// code call maps. Made when first asked for, kept for the other rules. Not for use by several threads at
// once.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <typeindex>
#include <utility>
#include <vector>

#include "runner/analyse/symbols.h"
#include "runner/model/facts.h"
#include "runner/model/finding.h"

namespace edp::analyse {

// What a set of samples adds up to.
struct Figure {
  int64_t value = 0;  // in the unit of the sample type that was read
  int64_t count = 0;  // the count type beside it: CPU ticks, contentions, objects; see ProfileReading
  uint64_t rows = 0;  // samples (distinct stacks) of the profile
  // Sums saturate: figures of a profile are not to be trusted.
  void add(int64_t v, int64_t c);
  void add(const Figure& other);
};

int64_t saturating_add(int64_t a, int64_t b);

enum class MapFamily : uint8_t { kMap, kSyncMap };

// A line of code that calls map operations: the direct caller, the first frame above the operation that is
// not is_map_plumbing().
struct MapSite {
  MapFamily family = MapFamily::kMap;
  std::string_view function;  // "main.(*Cache).Put"; empty where the stack ends in the runtime
  std::string_view file;
  int64_t line = 0;
  // The caller is the standard library's (encoding/json, reflect, net/http, ...): not the user's map.
  bool standard_library = false;

  Figure total;  // samples whose innermost map operation is called here
  // By operation. Built-in maps: the innermost class, so growth within an assignment counts as kMapGrow, not
  // as kMapAssign. sync.Map: what was asked for; the built-in maps inside a classic sync.Map count for it.
  std::array<Figure, kSymbolClassCount> by_class{};
  // Value of those samples that also have this class on the stack at or below the operation: kSyncMapPromote,
  // kAlloc, kGcAssist, kWriteBarrier, kMutexLock, kMapGrow, ...
  std::array<int64_t, kSymbolClassCount> with{};
  // sync.Map.Range only: everything under its Ranges, callbacks and the map operations in them included; and
  // the part of it in callbacks.
  Figure range_cumulative;
  Figure range_callback;

  [[nodiscard]] const Figure& at(SymbolClass c) const { return by_class[static_cast<size_t>(c)]; }
  [[nodiscard]] int64_t with_class(SymbolClass c) const { return with[static_cast<size_t>(c)]; }
  [[nodiscard]] Figure at(ClassSet classes) const;
  [[nodiscard]] model::SourceLocation location(std::string role = "map operation") const;
};

// One sample type of one profile, read once.
struct ProfileReading {
  const model::ProfileFact* fact = nullptr;
  uint32_t value_index = 0;
  uint32_t count_index =
      0;  // the type of unit "count" that belongs to the value's; value_index itself if none
  double window_seconds = 0;  // of the fact, else the profile's own duration; 0 where unknown
  Figure total;               // all samples
  std::array<Figure, kSymbolClassCount> cumulative{};  // samples with the class anywhere on the stack
  // Samples by innermost map operation (as MapSite::by_class), of user and of standard library callers alike.
  std::array<Figure, kSymbolClassCount> innermost{};
  std::vector<MapSite> sites;  // heaviest first

  [[nodiscard]] const Figure& cum(SymbolClass c) const { return cumulative[static_cast<size_t>(c)]; }
  [[nodiscard]] const Figure& at(SymbolClass c) const { return innermost[static_cast<size_t>(c)]; }
  [[nodiscard]] Figure at(ClassSet classes) const;
  [[nodiscard]] double percent(int64_t value) const;  // of total; 0 where total is 0
  // value / window, in the type's unit a second; nanoseconds become seconds a second. Unset without a window.
  [[nodiscard]] std::optional<double> per_second(int64_t value) const;
  [[nodiscard]] std::string_view artefact() const { return fact->artefact; }
};

// Sites of one family whose callers share a receiver (or, without one, a package and file): likely, not
// surely, the same map. Say "sites in main.(*Cache)", no more.
struct SiteGroup {
  MapFamily family = MapFamily::kMap;
  std::string place;                  // "main.(*Cache)"
  std::vector<const MapSite*> sites;  // heaviest first
  Figure total;
  [[nodiscard]] Figure at(SymbolClass c) const;
  [[nodiscard]] Figure at(ClassSet classes) const;
  [[nodiscard]] int64_t with_class(SymbolClass c) const;
};

class Readings {
 public:
  explicit Readings(const model::Facts& facts) : facts_(facts) {}

  // The last profile of that kind, delta or not, read by the sample type with this name. nullptr where the
  // profile or the type is not there. The pointer stays valid.
  const ProfileReading* read(model::ProfileKind kind, std::string_view type, bool delta = false);
  const ProfileReading& read(const model::ProfileFact& fact, uint32_t value_index);

  // CPU time; nullptr without a CPU profile or where it is empty of samples.
  const ProfileReading* cpu() { return read(model::ProfileKind::kCpu, "cpu"); }

  // What the symbols of all profiles prove; kUnknown where no map operation was seen, or nothing told.
  MapImplementation map_implementation();
  MapImplementation sync_map_implementation();

  // A reading that some of the rules share, made by T(facts) when first asked for.
  template <typename T>
  const T& own() {
    std::shared_ptr<void>& slot = own_[std::type_index(typeid(T))];
    if (slot == nullptr) slot = std::make_shared<T>(facts_);
    return *static_cast<const T*>(slot.get());
  }

  [[nodiscard]] const model::Facts& facts() const { return facts_; }

 private:
  void find_implementations();

  const model::Facts& facts_;
  std::map<std::type_index, std::shared_ptr<void>> own_;
  std::map<std::pair<const model::ProfileFact*, uint32_t>, std::unique_ptr<ProfileReading>> readings_;
  bool implementations_known_ = false;
  MapImplementation map_ = MapImplementation::kUnknown;
  MapImplementation sync_map_ = MapImplementation::kUnknown;
};

// Groups of the user's sites (not the standard library's) of a family, heaviest first.
std::vector<SiteGroup> group_sites(const ProfileReading& reading, MapFamily family);

// The group in another profile (mutex, block, allocs) that has the same place; nullptr where there is none.
const SiteGroup* same_place(const std::vector<SiteGroup>& groups, std::string_view place);

}  // namespace edp::analyse
