#include "runner/analyse/symbols.h"

#include <gtest/gtest.h>

namespace edp::analyse {
namespace {

using C = SymbolClass;
using M = MapImplementation;

constexpr std::string_view kRoot = "/usr/local/go/src/";

struct Row {
  std::string_view function;
  std::string_view file;
  SymbolClass symbol_class;
  MapImplementation proves;
};

// Names as real binaries of Go 1.21, 1.23, 1.24 and 1.26 have them.
const Row kRows[] = {
    {"runtime.mapassign", "", C::kMapAssign, M::kUnknown},
    {"runtime.mapassign_faststr", "/usr/local/go/src/runtime/map_faststr.go", C::kMapAssign, M::kClassic},
    {"runtime.mapassign_fast64ptr", "/usr/local/go/src/internal/runtime/maps/runtime_fast64.go",
     C::kMapAssign, M::kSwiss},
    {"runtime.mapassign_fast64", "/go/src/runtime/map_fast64_noswiss.go", C::kMapAssign, M::kClassic},
    {"runtime.mapaccess1_fat", "", C::kMapAccess, M::kUnknown},
    {"runtime.mapaccess2_faststr", "runtime/map_faststr.go", C::kMapAccess, M::kClassic},
    {"runtime.mapaccessK", "", C::kMapAccess, M::kUnknown},
    // mapdelete lies in runtime/map.go in classic 1.21 and in swiss 1.26 alike.
    {"runtime.mapdelete_faststr", "/usr/local/go/src/runtime/map_faststr.go", C::kMapDelete, M::kUnknown},
    {"runtime.mapdelete", "/usr/local/go/src/runtime/map_swiss.go", C::kMapDelete, M::kSwiss},
    {"runtime.mapiterinit", "", C::kMapIterate, M::kUnknown},
    {"runtime.mapIterStart", "", C::kMapIterate, M::kSwiss},
    {"runtime.mapclear", "", C::kMapClear, M::kUnknown},
    {"runtime.makemap_small", "", C::kMapMake, M::kUnknown},
    {"runtime.hashGrow", "", C::kMapGrow, M::kClassic},
    {"runtime.growWork_fast32", "", C::kMapGrow, M::kClassic},
    {"runtime.evacuate_faststr", "", C::kMapGrow, M::kClassic},
    {"runtime.(*hmap).newoverflow", "", C::kMapGrow, M::kClassic},
    {"runtime.makeBucketArray", "", C::kMapGrow, M::kClassic},
    {"internal/runtime/maps.(*table).grow", "", C::kMapGrow, M::kSwiss},
    {"internal/runtime/maps.(*table).rehash", "", C::kMapGrow, M::kSwiss},
    {"internal/runtime/maps.(*table).pruneTombstones", "", C::kMapGrow, M::kSwiss},
    {"internal/runtime/maps.(*Map).growToTable", "", C::kMapGrow, M::kSwiss},
    {"internal/runtime/maps.(*Map).putSlotSmallFastStr", "", C::kMapAssign, M::kSwiss},
    {"internal/runtime/maps.(*Iter).Next", "", C::kMapIterate, M::kSwiss},
    {"internal/runtime/maps.(*Map).Delete", "", C::kMapDelete, M::kSwiss},
    {"internal/runtime/maps.NewMap", "", C::kMapMake, M::kSwiss},
    {"internal/runtime/maps.ctrlGroup.matchH2", "", C::kNone, M::kSwiss},

    {"sync.(*Map).Load", "", C::kSyncMapLoad, M::kUnknown},
    {"sync.(*Map).Store", "/usr/local/go/src/sync/hashtriemap.go", C::kSyncMapStore, M::kSwiss},
    {"sync.(*Map).Swap", "", C::kSyncMapStore, M::kUnknown},
    {"sync.(*Map).LoadOrStore", "", C::kSyncMapLoadOrStore, M::kUnknown},
    {"sync.(*Map).Delete", "", C::kSyncMapDelete, M::kUnknown},
    {"sync.(*Map).LoadAndDelete", "", C::kSyncMapDelete, M::kUnknown},
    {"sync.(*Map).CompareAndDelete", "", C::kSyncMapDelete, M::kUnknown},
    {"sync.(*Map).CompareAndSwap", "", C::kSyncMapCompareAndSwap, M::kUnknown},
    {"sync.(*Map).Range", "", C::kSyncMapRange, M::kUnknown},
    {"sync.(*Map).Clear", "", C::kSyncMapClear, M::kUnknown},
    {"sync.(*Map).missLocked", "", C::kSyncMapMiss, M::kClassic},
    {"sync.(*Map).dirtyLocked", "", C::kSyncMapPromote, M::kClassic},
    {"sync.(*entry).trySwap", "", C::kSyncMapInternal, M::kClassic},
    {"internal/sync.(*HashTrieMap[go.shape.interface {},go.shape.interface {}]).Swap", "", C::kSyncMapStore,
     M::kSwiss},
    {"internal/sync.(*HashTrieMap[...]).Swap", "", C::kSyncMapStore, M::kSwiss},
    {"internal/sync.(*HashTrieMap[go.shape.interface {},go.shape.interface {}]).expand", "",
     C::kSyncMapExpand, M::kSwiss},
    {"internal/sync.(*HashTrieMap[go.shape.interface {},go.shape.interface {}]).iter", "", C::kSyncMapRange,
     M::kSwiss},
    {"internal/sync.(*HashTrieMap[go.shape.interface {},go.shape.interface {}]).Swap.deferwrap1", "",
     C::kSyncMapStore, M::kSwiss},
    {"internal/sync.(*entry[go.shape.interface {},go.shape.interface {}]).loadAndDelete", "",
     C::kSyncMapInternal, M::kSwiss},
    {"internal/sync.newEntryNode[go.shape.interface {},go.shape.interface {}]", "", C::kSyncMapInternal,
     M::kSwiss},
    // Package unique's.
    {"internal/sync.(*HashTrieMap[go.shape.*uint8,go.shape.interface {}]).Load", "", C::kNone, M::kUnknown},
    {"internal/sync.(*HashTrieMap[*internal/abi.Type,interface {}]).LoadOrStore", "", C::kNone, M::kUnknown},
    {"internal/concurrent.(*HashTrieMap[go.shape.interface {},go.shape.interface {}]).Load", "", C::kNone,
     M::kUnknown},

    {"sync.(*Mutex).Lock", "", C::kMutexLock, M::kUnknown},
    {"internal/sync.(*Mutex).lockSlow", "", C::kMutexLock, M::kUnknown},
    {"sync.(*Mutex).Unlock", "", C::kMutexUnlock, M::kUnknown},
    {"sync.(*RWMutex).RLock", "", C::kRWMutexRLock, M::kUnknown},
    {"sync.(*RWMutex).rUnlockSlow", "", C::kRWMutexRUnlock, M::kUnknown},
    {"sync.runtime_SemacquireRWMutexR", "", C::kSemaphore, M::kUnknown},
    {"runtime._LostContendedRuntimeLock", "", C::kRuntimeLock, M::kUnknown},
    {"runtime.unlock", "", C::kRuntimeLock, M::kUnknown},
    {"runtime.gcBgMarkWorker.func2", "", C::kGcMark, M::kUnknown},
    {"runtime.gcDrainMarkWorkerIdle", "", C::kGcMark, M::kUnknown},
    {"runtime.gcAssistAlloc1", "", C::kGcAssist, M::kUnknown},
    {"runtime.bgsweep", "", C::kGcSweep, M::kUnknown},
    {"gcWriteBarrier", "", C::kWriteBarrier, M::kUnknown},
    {"runtime.wbBufFlush1", "", C::kWriteBarrier, M::kUnknown},
    {"runtime.mallocgcSmallScanNoHeader", "", C::kAlloc, M::kUnknown},
    {"runtime.findRunnable", "", C::kScheduler, M::kUnknown},

    // Alike by name only.
    {"main.mapassign", "", C::kNone, M::kUnknown},
    {"main.(*Map).Store", "", C::kNone, M::kUnknown},
    {"example.com/sync.(*Map).Store", "", C::kNone, M::kUnknown},
    {"runtime/pprof.(*profMap).lookup", "", C::kNone, M::kUnknown},
    {"runtime.(*traceMap).put", "", C::kNone, M::kUnknown},
    {"runtime.locked", "", C::kNone, M::kUnknown},
    {"", "", C::kNone, M::kUnknown},
    {"(*", "[", C::kNone, M::kUnknown},
};

TEST(Symbols, AreClassified) {
  for (const Row& row : kRows) {
    const Symbol symbol = classify(row.function, row.file);
    EXPECT_EQ(to_string(symbol.symbol_class), to_string(row.symbol_class)) << row.function;
    EXPECT_EQ(static_cast<int>(symbol.proves), static_cast<int>(row.proves))
        << row.function << " " << row.file;
  }
}

TEST(Symbols, EveryClassHasItsOwnName) {
  for (size_t i = 0; i < kSymbolClassCount; ++i) {
    for (size_t j = 0; j < i; ++j) {
      EXPECT_NE(to_string(static_cast<SymbolClass>(i)), to_string(static_cast<SymbolClass>(j)));
    }
  }
}

TEST(Packages, AreTakenFromFunctionNames) {
  EXPECT_EQ(package_of("main.(*Cache).Put"), "main");
  EXPECT_EQ(package_of("encoding/json.(*Decoder).Decode"), "encoding/json");
  EXPECT_EQ(package_of("github.com/a.b/c-d/v2.F"), "github.com/a.b/c-d/v2");
  EXPECT_EQ(package_of("gopkg.in/yaml%2ev3.(*Decoder).Decode"), "gopkg.in/yaml%2ev3");
  EXPECT_EQ(package_of("slices.SortFunc[go.shape.[]example.com/x/y.T,go.shape.*uint8]"), "slices");
  EXPECT_EQ(package_of("internal/sync.(*HashTrieMap[go.shape.interface {},go.shape.interface {}]).Load"),
            "internal/sync");
  EXPECT_EQ(package_of("main.glob..func1"), "main");
  EXPECT_EQ(package_of("aeshashbody"), "");
  EXPECT_EQ(package_of("type:.eq.main.key"), "");
}

TEST(Packages, ReceiversGroupTheMethodsOfAType) {
  EXPECT_EQ(receiver_of("main.(*Cache).Put"), "main.(*Cache)");
  EXPECT_EQ(receiver_of("main.(*Cache).Put.func1"), "main.(*Cache)");
  EXPECT_EQ(receiver_of("main.Cache.Get"), "main.Cache");
  EXPECT_EQ(receiver_of("main.(*Cache[go.shape.string,go.shape.struct { main.a int }]).Put"),
            "main.(*Cache[go.shape.string,go.shape.struct { main.a int }])");
  EXPECT_EQ(receiver_of("example.com/x.Cache[go.shape.string].Get"), "example.com/x.Cache[go.shape.string]");
  EXPECT_EQ(receiver_of("main.run"), "main");
  EXPECT_EQ(receiver_of("main.run.func1"), "main");
  EXPECT_EQ(receiver_of("main.run.gowrap2"), "main");
  EXPECT_EQ(receiver_of("main.glob..func1"), "main");
  EXPECT_EQ(receiver_of("memcpy"), "memcpy");
}

TEST(StandardLibrary, IsKnownByPackageAndFile) {
  const auto root = [](std::string_view path) { return std::string(kRoot) + std::string(path); };
  EXPECT_TRUE(is_standard_library("encoding/json.(*decodeState).object", root("encoding/json/decode.go")));
  EXPECT_TRUE(
      is_standard_library("encoding/json.(*decodeState).object", "encoding/json/decode.go"));  // -trimpath
  EXPECT_TRUE(is_standard_library("encoding/json.(*decodeState).object", ""));
  EXPECT_TRUE(is_standard_library("net/http.(*Server).Serve", "/root/sdk/go1.23.12/src/net/http/server.go"));
  EXPECT_TRUE(is_standard_library("vendor/golang.org/x/net/http/httpguts.ValidHeaderFieldName",
                                  root("vendor/golang.org/x/net/http/httpguts/httplex.go")));
  EXPECT_TRUE(is_standard_library("crypto/internal/fips140/aes.newBlock",
                                  root("crypto/internal/fips140/aes/aes.go")));
  EXPECT_TRUE(is_standard_library("log/slog/internal/buffer.New", ""));
  // A linkname: a function of one package in a file of another.
  EXPECT_TRUE(
      is_standard_library("runtime.mapassign_fast64", root("internal/runtime/maps/runtime_fast64_swiss.go")));
  EXPECT_TRUE(is_standard_library("sync.runtime_Semacquire", root("runtime/sema.go")));
  EXPECT_TRUE(is_standard_library("aeshashbody", root("runtime/asm_amd64.s")));
}

TEST(StandardLibrary, UsersCodeIsNotTakenForIt) {
  EXPECT_FALSE(is_standard_library("main.main", "/app/main.go"));
  EXPECT_FALSE(is_standard_library("main.main", "/go/src/app/main.go"));
  EXPECT_FALSE(is_standard_library("cache.(*LRU).Put", "/src/cache/lru.go"));  // module "cache"
  EXPECT_FALSE(is_standard_library("shop/internal/orders.Load", "/build/internal/orders/load.go"));
  EXPECT_FALSE(is_standard_library("shop/sync.(*Map).Store", "/go/src/shop/sync/map.go"));
  EXPECT_FALSE(is_standard_library("golang.org/x/net/http2.(*Framer).ReadFrame", ""));
  EXPECT_FALSE(is_standard_library("github.com/user/app/vendor/x.F", ""));
  EXPECT_FALSE(is_standard_library("log.Print", "/home/user/log/print.go"));  // a module that is called log
}

TEST(Plumbing, EndsAtTheCaller) {
  EXPECT_TRUE(is_map_plumbing("runtime.mapassign", ""));
  EXPECT_TRUE(is_map_plumbing("internal/runtime/maps.(*table).grow", ""));
  EXPECT_TRUE(is_map_plumbing("sync.(*Map).Store", "/usr/local/go/src/sync/map.go"));
  EXPECT_TRUE(is_map_plumbing("maps.Copy[go.shape.map[string]int]", "/usr/local/go/src/maps/maps.go"));
  EXPECT_TRUE(is_map_plumbing("main.(*Wrapper).Store", "<autogenerated>"));
  EXPECT_FALSE(is_map_plumbing("reflect.Value.SetMapIndex", ""));
  EXPECT_FALSE(is_map_plumbing("runtime/pprof.(*profileBuilder).build", ""));
  EXPECT_FALSE(is_map_plumbing("main.(*Cache).Put", "/app/cache.go"));
  EXPECT_FALSE(is_map_plumbing("maps.Put", "/home/user/maps/put.go"));
}

}  // namespace
}  // namespace edp::analyse
