// What a Go function is to a diagnosis: one table for every Go version, for classic maps (Go up to 1.23, or
// built with GOEXPERIMENT=noswissmap) and swiss maps (Go 1.24 and later).
//
// Names are taken as Go's tools print them: with full shape arguments as in pprof
// ("internal/sync.(*HashTrieMap[go.shape.interface {},go.shape.interface {}]).Swap"), with "[...]" as in
// traces and goroutine dumps. Source: the Go source tree (runtime, internal/runtime/maps, internal/sync,
// sync), checked against the symbols of real programs of 1.19 to 1.26.
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string_view>

namespace edp::analyse {

enum class SymbolClass : uint8_t {
  kNone,
  // Built-in maps.
  kMapAssign,
  kMapAccess,
  kMapDelete,
  kMapIterate,
  kMapClear,
  kMapMake,  // make(map), map literals, maps.Clone
  kMapGrow,  // classic: hashGrow, growWork, evacuate, overflow buckets; swiss: grow, rehash, split,
             // tombstones
  // sync.Map, by what the caller asked for.
  kSyncMapLoad,
  kSyncMapStore,        // Store and Swap
  kSyncMapLoadOrStore,  // stores only where the key was absent
  kSyncMapDelete,       // Delete, LoadAndDelete, CompareAndDelete
  kSyncMapCompareAndSwap,
  kSyncMapRange,
  kSyncMapClear,
  // sync.Map, what it does inside.
  kSyncMapMiss,      // missLocked: a Load did not find its key in the read map [classic]
  kSyncMapPromote,   // dirtyLocked: the read map is copied into a new dirty map [classic]
  kSyncMapExpand,    // the trie grows a level [swiss]
  kSyncMapInternal,  // entries and nodes
  // Locks.
  kMutexLock,
  kMutexUnlock,
  kRWMutexLock,
  kRWMutexUnlock,
  kRWMutexRLock,
  kRWMutexRUnlock,
  kSemaphore,    // what sync's locks, WaitGroup and Cond wait and wake by
  kRuntimeLock,  // the runtime's own locks (heap, scheduler, channels); contended where it costs
  // The runtime at work.
  kGcMark,    // background mark workers, and starting and ending a cycle
  kGcAssist,  // marking that an allocating goroutine has to do itself
  kGcSweep,
  kWriteBarrier,
  kAlloc,
  kScheduler,
  kCount,
};

inline constexpr size_t kSymbolClassCount = static_cast<size_t>(SymbolClass::kCount);
static_assert(kSymbolClassCount <= 64, "classes are kept in a 64-bit set");

std::string_view to_string(SymbolClass symbol_class);  // "map assign", "sync.Map store", "GC mark", ...

// A set of classes.
class ClassSet {
 public:
  constexpr ClassSet() = default;
  constexpr ClassSet(std::initializer_list<SymbolClass> list) {
    for (const SymbolClass c : list) add(c);
  }
  constexpr void add(SymbolClass c) {
    if (c != SymbolClass::kNone) bits_ |= uint64_t{1} << static_cast<unsigned>(c);
  }
  constexpr void add(ClassSet other) { bits_ |= other.bits_; }
  [[nodiscard]] constexpr bool has(SymbolClass c) const { return (bits_ >> static_cast<unsigned>(c)) & 1; }
  [[nodiscard]] constexpr bool intersects(ClassSet other) const { return (bits_ & other.bits_) != 0; }
  [[nodiscard]] constexpr bool empty() const { return bits_ == 0; }
  [[nodiscard]] constexpr uint64_t bits() const { return bits_; }

 private:
  uint64_t bits_ = 0;
};

// Operations on built-in maps.
inline constexpr ClassSet kMapClasses{
    SymbolClass::kMapAssign, SymbolClass::kMapAccess, SymbolClass::kMapDelete, SymbolClass::kMapIterate,
    SymbolClass::kMapClear,  SymbolClass::kMapMake,   SymbolClass::kMapGrow};
// Operations that a program asks a sync.Map for.
inline constexpr ClassSet kSyncMapClasses{SymbolClass::kSyncMapLoad,           SymbolClass::kSyncMapStore,
                                          SymbolClass::kSyncMapLoadOrStore,    SymbolClass::kSyncMapDelete,
                                          SymbolClass::kSyncMapCompareAndSwap, SymbolClass::kSyncMapRange,
                                          SymbolClass::kSyncMapClear};
// What a sync.Map does inside on behalf of an operation.
inline constexpr ClassSet kSyncMapInternalClasses{SymbolClass::kSyncMapMiss, SymbolClass::kSyncMapPromote,
                                                  SymbolClass::kSyncMapExpand, SymbolClass::kSyncMapInternal};
inline constexpr ClassSet kGcClasses{SymbolClass::kGcMark, SymbolClass::kGcAssist, SymbolClass::kGcSweep};

enum class MapImplementation : uint8_t {
  kUnknown,  // the name is the same in both
  kClassic,
  kSwiss,
};

struct Symbol {
  SymbolClass symbol_class = SymbolClass::kNone;
  // What the symbol proves, about built-in maps for the kMap classes and about sync.Map for the kSyncMap
  // ones: a program may be built with one of each (GOEXPERIMENT). Never to be guessed from the Go version.
  MapImplementation proves = MapImplementation::kUnknown;
};

// `file` may be empty; it adds to what a symbol proves. HashTrieMaps of package unique are kNone. A
// HashTrieMap whose arguments are hidden ("[...]") is taken for sync.Map's: the frame above it, sync.(*Map).X
// or unique.X, tells them apart.
Symbol classify(std::string_view function, std::string_view file = {});

// "encoding/json" of "encoding/json.(*Decoder).Decode"; empty for functions that belong to no Go package (C,
// assembly such as "aeshashbody").
std::string_view package_of(std::string_view function);

// "(*Cache)" of "main.(*Cache).Put", "Cache" of "main.Cache.Get"; with the package: "main.(*Cache)". Without
// a receiver the package. Closures belong to their function: "main.(*Cache).Put.func1" -> "main.(*Cache)".
std::string_view receiver_of(std::string_view function);

// The Go standard library, its vendored packages and the runtime; functions of no Go package count as the
// runtime's. `main` and modules whose name has no dot are not taken for it: the package must be one of the
// library's, and `file`, where there is one, must not contradict.
bool is_standard_library(std::string_view function, std::string_view file);

// Frames that a map operation consists of or is reached through: runtime, internal/runtime, internal/sync,
// sync, internal/abi and the like, the generic helpers of package maps (they work on their caller's map), and
// <autogenerated> wrappers. The first other frame is the operation's caller.
bool is_map_plumbing(std::string_view function, std::string_view file);

}  // namespace edp::analyse
