#include "runner/analyse/symbols.h"

#include <array>
#include <initializer_list>
#include <span>

namespace edp::analyse {
namespace {

using C = SymbolClass;
using M = MapImplementation;

enum class Match : uint8_t { kExact, kPrefix };

struct Entry {
  std::string_view name;  // without the package
  Match match;
  SymbolClass symbol_class;
  MapImplementation proves = M::kUnknown;
};

constexpr Match kIs = Match::kExact;
constexpr Match kStarts = Match::kPrefix;

// Package runtime. The first match counts, so longer names stand before the prefixes that contain them.
constexpr Entry kRuntime[] = {
    {"mapassign", kStarts, C::kMapAssign},
    {"mapaccess", kStarts, C::kMapAccess},
    {"mapdelete", kStarts, C::kMapDelete},
    {"mapiter", kStarts, C::kMapIterate},  // mapiterinit, mapiternext; in swiss builds only wrappers
    {"mapIterStart", kIs, C::kMapIterate, M::kSwiss},
    {"mapIterNext", kIs, C::kMapIterate, M::kSwiss},
    {"mapclear", kIs, C::kMapClear},
    {"makemap", kStarts, C::kMapMake},
    {"mapclone", kStarts, C::kMapMake},
    {"moveToBmap", kIs, C::kMapMake, M::kClassic},
    {"hashGrow", kIs, C::kMapGrow, M::kClassic},
    {"growWork", kStarts, C::kMapGrow, M::kClassic},
    {"evacuate", kStarts, C::kMapGrow, M::kClassic},
    {"advanceEvacuationMark", kIs, C::kMapGrow, M::kClassic},
    {"makeBucketArray", kIs, C::kMapGrow, M::kClassic},
    {"(*hmap).newoverflow", kIs, C::kMapGrow, M::kClassic},
    {"(*hmap).createOverflow", kIs, C::kMapGrow, M::kClassic},
    {"(*hmap).incrnoverflow", kIs, C::kMapGrow, M::kClassic},

    {"gcAssistAlloc", kStarts, C::kGcAssist},
    {"deductAssistCredit", kIs, C::kAlloc},
    {"gcParkAssist", kIs, C::kGcAssist},
    {"gcBgMark", kStarts, C::kGcMark},
    {"gcStart", kIs, C::kGcMark},
    {"gcMarkDone", kStarts, C::kGcMark},
    {"gcMarkTermination", kStarts, C::kGcMark},
    {"gcDrain", kIs, C::kGcMark},
    {"gcDrainMarkWorker", kStarts, C::kGcMark},
    {"gcMarkTinyAllocs", kIs, C::kGcMark},
    {"bgsweep", kIs, C::kGcSweep},
    {"sweepone", kIs, C::kGcSweep},
    {"(*sweepLocked).sweep", kStarts, C::kGcSweep},
    {"(*mspan).sweep", kStarts, C::kGcSweep},
    {"deductSweepCredit", kIs, C::kGcSweep},
    {"gcSweep", kIs, C::kGcSweep},
    {"bgscavenge", kStarts, C::kGcSweep},

    {"gcWriteBarrier", kStarts, C::kWriteBarrier},
    {"wbBufFlush", kStarts, C::kWriteBarrier},
    {"bulkBarrierPreWrite", kStarts, C::kWriteBarrier},
    {"bulkBarrierBitmap", kIs, C::kWriteBarrier},
    {"typeBitsBulkBarrier", kIs, C::kWriteBarrier},
    {"typedmemmove", kIs, C::kWriteBarrier},
    {"typedmemclr", kIs, C::kWriteBarrier},
    {"wbZero", kIs, C::kWriteBarrier},
    {"wbMove", kIs, C::kWriteBarrier},
    {"memclrHasPointers", kIs, C::kWriteBarrier},

    {"mallocgc", kStarts, C::kAlloc},
    {"newobject", kIs, C::kAlloc},
    {"newarray", kIs, C::kAlloc},
    {"growslice", kIs, C::kAlloc},
    {"makeslice", kStarts, C::kAlloc},
    {"convT", kStarts, C::kAlloc},
    {"persistentalloc", kStarts, C::kAlloc},
    {"rawstring", kStarts, C::kAlloc},
    {"rawbyteslice", kIs, C::kAlloc},

    {"lock", kIs, C::kRuntimeLock},
    {"lock2", kIs, C::kRuntimeLock},
    {"lockWithRank", kIs, C::kRuntimeLock},
    {"unlock", kIs, C::kRuntimeLock},
    {"unlock2", kStarts, C::kRuntimeLock},
    {"unlockWithRank", kIs, C::kRuntimeLock},
    {"_LostContendedRuntimeLock", kIs, C::kRuntimeLock},

    {"semacquire", kStarts, C::kSemaphore},
    {"semrelease", kStarts, C::kSemaphore},
    {"sync_runtime_Sem", kStarts, C::kSemaphore},
    {"notifyList", kStarts, C::kSemaphore},

    {"schedule", kIs, C::kScheduler},
    {"findRunnable", kIs, C::kScheduler},
    {"findrunnable", kIs, C::kScheduler},
    {"stealWork", kIs, C::kScheduler},
    {"runqsteal", kIs, C::kScheduler},
    {"runqgrab", kIs, C::kScheduler},
    {"park_m", kIs, C::kScheduler},
    {"gosched_m", kIs, C::kScheduler},
    {"goschedImpl", kIs, C::kScheduler},
    {"gopreempt_m", kIs, C::kScheduler},
    {"goexit0", kIs, C::kScheduler},
    {"startm", kIs, C::kScheduler},
    {"stopm", kIs, C::kScheduler},
    {"wakep", kIs, C::kScheduler},
    {"resetspinning", kIs, C::kScheduler},
    {"ready", kIs, C::kScheduler},
    {"goready", kStarts, C::kScheduler},
    {"sysmon", kIs, C::kScheduler},
    {"newproc", kStarts, C::kScheduler},
};

// Package internal/runtime/maps: swiss maps only. Names without a class still prove swiss.
constexpr Entry kSwissMaps[] = {
    {"(*Iter).", kStarts, C::kMapIterate},
    {"(*Map).Delete", kIs, C::kMapDelete},
    {"(*Map).deleteSmall", kIs, C::kMapDelete},
    {"(*table).Delete", kIs, C::kMapDelete},
    {"(*Map).Clear", kStarts, C::kMapClear},
    {"(*Map).clearSmall", kIs, C::kMapClear},
    {"(*table).Clear", kIs, C::kMapClear},
    {"(*Map).growTo", kStarts, C::kMapGrow},
    {"(*Map).installTableSplit", kIs, C::kMapGrow},
    {"(*Map).replaceTable", kIs, C::kMapGrow},
    {"(*table).grow", kIs, C::kMapGrow},
    {"(*table).rehash", kIs, C::kMapGrow},
    {"(*table).split", kIs, C::kMapGrow},
    {"(*table).reset", kIs, C::kMapGrow},
    {"(*table).uncheckedPutSlot", kIs, C::kMapGrow},
    {"(*table).pruneTombstones", kIs, C::kMapGrow},
    {"newTable", kIs, C::kMapGrow},
    {"newGroups", kIs, C::kMapGrow},
    {"NewMap", kIs, C::kMapMake},
    {"NewEmptyMap", kIs, C::kMapMake},
    {"(*Map).Clone", kStarts, C::kMapMake},
    {"(*Map).PutSlot", kStarts, C::kMapAssign},
    {"(*Map).putSlot", kStarts, C::kMapAssign},
    {"(*Map).Put", kIs, C::kMapAssign},
    {"(*table).PutSlot", kStarts, C::kMapAssign},
    {"(*Map).get", kStarts, C::kMapAccess},
    {"(*Map).Get", kStarts, C::kMapAccess},
    {"(*table).get", kStarts, C::kMapAccess},
    {"(*table).Get", kStarts, C::kMapAccess},
    {"runtime_mapaccess", kStarts, C::kMapAccess},
    {"runtime_mapassign", kStarts, C::kMapAssign},
    {"runtime_mapdelete", kStarts, C::kMapDelete},
    {"newarray", kIs, C::kAlloc},
    {"newobject", kIs, C::kAlloc},
    {"typedmemmove", kIs, C::kWriteBarrier},
    {"typedmemclr", kIs, C::kWriteBarrier},
};

// Methods of sync.(*Map) and of the HashTrieMap it stands on.
constexpr Entry kSyncMap[] = {
    {"Load", kIs, C::kSyncMapLoad},
    {"Store", kIs, C::kSyncMapStore},
    {"Swap", kIs, C::kSyncMapStore},
    {"LoadOrStore", kStarts, C::kSyncMapLoadOrStore},
    {"LoadAndDelete", kStarts, C::kSyncMapDelete},
    {"Delete", kIs, C::kSyncMapDelete},
    {"CompareAndDelete", kStarts, C::kSyncMapDelete},
    {"CompareAndSwap", kStarts, C::kSyncMapCompareAndSwap},
    {"Range", kStarts, C::kSyncMapRange},
    {"All", kStarts, C::kSyncMapRange},
    {"iter", kIs, C::kSyncMapRange},
    {"Clear", kStarts, C::kSyncMapClear},
    {"missLocked", kIs, C::kSyncMapMiss, M::kClassic},
    {"dirtyLocked", kIs, C::kSyncMapPromote, M::kClassic},
    {"loadReadOnly", kIs, C::kSyncMapInternal, M::kClassic},
    {"loadPresentReadOnly", kIs, C::kSyncMapInternal, M::kClassic},
    {"expand", kIs, C::kSyncMapExpand, M::kSwiss},
    {"find", kIs, C::kSyncMapInternal, M::kSwiss},
    {"init", kStarts, C::kSyncMapInternal, M::kSwiss},
    {"Swap.", kStarts, C::kSyncMapStore},  // deferred closures
};

// Packages sync and internal/sync.
constexpr Entry kSync[] = {
    {"(*Mutex).Lock", kIs, C::kMutexLock},
    {"(*Mutex).lockSlow", kIs, C::kMutexLock},
    {"(*Mutex).TryLock", kIs, C::kMutexLock},
    {"(*Mutex).Unlock", kIs, C::kMutexUnlock},
    {"(*Mutex).unlockSlow", kIs, C::kMutexUnlock},
    {"(*RWMutex).Lock", kIs, C::kRWMutexLock},
    {"(*RWMutex).TryLock", kIs, C::kRWMutexLock},
    {"(*RWMutex).Unlock", kIs, C::kRWMutexUnlock},
    {"(*RWMutex).RLock", kIs, C::kRWMutexRLock},
    {"(*RWMutex).TryRLock", kIs, C::kRWMutexRLock},
    {"(*RWMutex).RUnlock", kIs, C::kRWMutexRUnlock},
    {"(*RWMutex).rUnlockSlow", kIs, C::kRWMutexRUnlock},
    {"(*rlocker).Lock", kIs, C::kRWMutexRLock},
    {"(*rlocker).Unlock", kIs, C::kRWMutexRUnlock},
    {"runtime_Sem", kStarts, C::kSemaphore},
    {"runtime_notifyList", kStarts, C::kSemaphore},
    {"newEntry", kIs, C::kSyncMapInternal, M::kClassic},
    {"(*entry).", kStarts, C::kSyncMapInternal, M::kClassic},
};

constexpr std::string_view kSyncMapReceiver = "(*Map).";
constexpr std::string_view kTrieReceiver = "(*HashTrieMap[";
// The arguments of the HashTrieMap under sync.Map, map[any]any; any other belongs to package unique.
constexpr std::string_view kAnyToAny = "go.shape.interface {},go.shape.interface {}]";
constexpr std::string_view kAnyToAnySource = "interface {},interface {}]";
constexpr std::string_view kHidden = "...]";

const Entry* find(std::span<const Entry> table, std::string_view name) {
  for (const Entry& entry : table) {
    if (entry.match == Match::kExact ? name == entry.name : name.starts_with(entry.name)) return &entry;
  }
  return nullptr;
}

bool contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

// The text after "X[" up to its closing bracket is sync.Map's arguments, or hidden.
bool has_sync_map_arguments(std::string_view arguments) {
  return arguments.starts_with(kAnyToAny) || arguments.starts_with(kAnyToAnySource) ||
         arguments.starts_with(kHidden);
}

Symbol classify_runtime(std::string_view name, std::string_view file) {
  const Entry* entry = find(kRuntime, name);
  if (entry == nullptr) return {};
  Symbol symbol{entry->symbol_class, entry->proves};
  if (symbol.proves == M::kUnknown && kMapClasses.has(symbol.symbol_class) && !file.empty()) {
    // mapassign* and mapaccess* lie in runtime/ for classic and in internal/runtime/maps/ for swiss maps;
    // the others lie in runtime/ for both.
    if (contains(file, "internal/runtime/maps/") || file.ends_with("_swiss.go")) {
      symbol.proves = M::kSwiss;
    } else if (file.ends_with("_noswiss.go") || symbol.symbol_class == C::kMapAssign ||
               symbol.symbol_class == C::kMapAccess) {
      if (contains(file, "runtime/map")) symbol.proves = M::kClassic;
    }
  }
  return symbol;
}

Symbol classify_sync_map(std::string_view method, std::string_view file, bool is_trie) {
  const Entry* entry = find(kSyncMap, method);
  if (entry == nullptr) return {is_trie ? C::kSyncMapInternal : C::kNone, is_trie ? M::kSwiss : M::kUnknown};
  Symbol symbol{entry->symbol_class, entry->proves};
  if (is_trie || file.ends_with("sync/hashtriemap.go")) symbol.proves = M::kSwiss;
  return symbol;
}

Symbol classify_sync(std::string_view name, std::string_view file, bool internal) {
  if (!internal && name.starts_with(kSyncMapReceiver)) {
    return classify_sync_map(name.substr(kSyncMapReceiver.size()), file, false);
  }
  if (internal) {
    if (name.starts_with(kTrieReceiver)) {
      const std::string_view arguments = name.substr(kTrieReceiver.size());
      if (!has_sync_map_arguments(arguments)) return {};
      const size_t end = arguments.find("]).");
      if (end == std::string_view::npos) return {};
      return classify_sync_map(arguments.substr(end + 3), file, true);
    }
    for (const std::string_view part :
         {"(*entry[", "(*node[", "(*indirect[", "newEntryNode[", "newIndirectNode["}) {
      if (!name.starts_with(part)) continue;
      if (has_sync_map_arguments(name.substr(part.size()))) return {C::kSyncMapInternal, M::kSwiss};
      return {};
    }
  }
  const Entry* entry = find(kSync, name);
  return entry == nullptr ? Symbol{} : Symbol{entry->symbol_class, entry->proves};
}

}  // namespace

std::string_view to_string(SymbolClass symbol_class) {
  static constexpr std::array<std::string_view, kSymbolClassCount> kNames = {"none",
                                                                             "map assign",
                                                                             "map access",
                                                                             "map delete",
                                                                             "map iterate",
                                                                             "map clear",
                                                                             "map make",
                                                                             "map grow",
                                                                             "sync.Map load",
                                                                             "sync.Map store",
                                                                             "sync.Map load-or-store",
                                                                             "sync.Map delete",
                                                                             "sync.Map compare-and-swap",
                                                                             "sync.Map range",
                                                                             "sync.Map clear",
                                                                             "sync.Map miss",
                                                                             "sync.Map promote",
                                                                             "sync.Map expand",
                                                                             "sync.Map internal",
                                                                             "mutex lock",
                                                                             "mutex unlock",
                                                                             "rwmutex lock",
                                                                             "rwmutex unlock",
                                                                             "rwmutex read lock",
                                                                             "rwmutex read unlock",
                                                                             "semaphore",
                                                                             "runtime lock",
                                                                             "GC mark",
                                                                             "GC assist",
                                                                             "GC sweep",
                                                                             "write barrier",
                                                                             "allocation",
                                                                             "scheduler"};
  return kNames[static_cast<size_t>(symbol_class)];
}

Symbol classify(std::string_view function, std::string_view file) {
  const std::string_view package = package_of(function);
  if (package.empty()) {
    if (function.starts_with("gcWriteBarrier")) return {C::kWriteBarrier, M::kUnknown};
    return {};
  }
  const std::string_view name = function.substr(package.size() + 1);
  if (package == "runtime") return classify_runtime(name, file);
  if (package == "internal/runtime/maps") {
    const Entry* entry = find(kSwissMaps, name);
    return {entry == nullptr ? C::kNone : entry->symbol_class, M::kSwiss};
  }
  if (package == "sync") return classify_sync(name, file, false);
  if (package == "internal/sync") return classify_sync(name, file, true);
  if (package == "maps" && name == "clone") return {C::kMapMake, M::kUnknown};
  return {};
}

}  // namespace edp::analyse
