#include "runner/analyse/sites.h"

#include <gtest/gtest.h>

#include <limits>

#include "runner/analyse/testing/case_file.h"

namespace edp::analyse {
namespace {

using C = SymbolClass;
using model::ProfileKind;

model::Facts facts_of(const std::string& profiles) {
  Result<testing::Case> golden = testing::parse_case(profiles + "\nexpect\n  clean GO-NONE\n", "case");
  EXPECT_TRUE(golden) << (golden ? "" : golden.error().to_string());
  return golden ? std::move(golden->facts) : model::Facts{};
}

const MapSite* site_at(const ProfileReading& reading, std::string_view function) {
  for (const MapSite& site : reading.sites) {
    if (site.function == function) return &site;
  }
  return nullptr;
}

struct ProfileCount {
  explicit ProfileCount(const model::Facts& facts) : profiles(facts.profiles.size()) { ++made; }
  size_t profiles;
  static inline int made = 0;
};

TEST(Readings, MakeARulesOwnReadingOnce) {
  const model::Facts facts = facts_of("profile cpu window=10\n  1 10 | main.main@main.go:1");
  Readings readings(facts);
  EXPECT_EQ(readings.own<ProfileCount>().profiles, 1U);
  EXPECT_EQ(&readings.own<ProfileCount>(), &readings.own<ProfileCount>());
  EXPECT_EQ(ProfileCount::made, 1);
}

TEST(Sites, NameTheDirectCallerOfAnInlinedClassicStore) {
  const model::Facts facts = facts_of(R"(
profile cpu window=10
  60 600 | main.main@/app/m.go:9 > main.(*Cache).Put@/app/c.go:42 > ~sync.(*Map).Store@/go/src/sync/map.go:155 > sync.(*Map).Swap@/go/src/sync/map.go:371 > sync.(*Map).dirtyLocked@/go/src/sync/map.go:497 > runtime.mapassign@/go/src/runtime/map.go:600
  30 300 | main.main@/app/m.go:9 > main.(*Cache).Get@/app/c.go:50 > sync.(*Map).Load@/go/src/sync/map.go:130 > runtime.mapaccess2@/go/src/runtime/map.go:480
  10 100 | main.main@/app/m.go:10 > main.work@/app/m.go:20
)");
  Readings readings(facts);
  const ProfileReading* cpu = readings.cpu();
  ASSERT_NE(cpu, nullptr);
  EXPECT_EQ(cpu->total.value, 1000);
  EXPECT_EQ(cpu->total.count, 100);
  ASSERT_EQ(cpu->sites.size(), 2U);
  const MapSite& put = cpu->sites[0];
  EXPECT_EQ(put.function, "main.(*Cache).Put");
  EXPECT_EQ(put.line, 42);
  EXPECT_EQ(put.family, MapFamily::kSyncMap);
  EXPECT_FALSE(put.standard_library);
  EXPECT_EQ(put.at(C::kSyncMapStore).value, 600);
  EXPECT_EQ(put.at(C::kMapAssign).value, 0);  // the map inside is the sync.Map's own
  EXPECT_EQ(put.with_class(C::kSyncMapPromote), 600);
  EXPECT_EQ(cpu->at(C::kSyncMapStore).count, 60);
  EXPECT_EQ(cpu->at(kMapClasses).value, 0);
  EXPECT_EQ(cpu->cum(C::kMapAssign).value, 600);
  EXPECT_DOUBLE_EQ(cpu->percent(put.total.value), 60);
  EXPECT_EQ(readings.map_implementation(), MapImplementation::kClassic);
  EXPECT_EQ(readings.sync_map_implementation(), MapImplementation::kClassic);

  const std::vector<SiteGroup> groups = group_sites(*cpu, MapFamily::kSyncMap);
  ASSERT_EQ(groups.size(), 1U);
  EXPECT_EQ(groups[0].place, "main.(*Cache)");
  EXPECT_EQ(groups[0].total.value, 900);
  EXPECT_EQ(groups[0].at(C::kSyncMapLoad).value, 300);
  EXPECT_TRUE(group_sites(*cpu, MapFamily::kMap).empty());
}

TEST(Sites, ReadSwissSyncMapsAndLeaveUniqueAlone) {
  const model::Facts facts = facts_of(R"(
profile cpu window=10
  5 50 | main.Put@/app/c.go:42 > ~sync.(*Map).Store@/go/src/sync/hashtriemap.go:55 > ~internal/sync.(*HashTrieMap[go.shape.interface {},go.shape.interface {}]).Store@/go/src/internal/sync/hashtriemap.go:200 > internal/sync.(*HashTrieMap[go.shape.interface {},go.shape.interface {}]).Swap@/go/src/internal/sync/hashtriemap.go:210 > runtime.mallocgc@/go/src/runtime/malloc.go:1
  3 30 | main.Get@/app/c.go:50 > sync.(*Map).Load@/go/src/sync/hashtriemap.go:50 > internal/sync.(*HashTrieMap[...]).Load@/go/src/internal/sync/hashtriemap.go:70
  2 20 | main.Intern@/app/c.go:60 > unique.Make[go.shape.string]@/go/src/unique/handle.go:30 > internal/sync.(*HashTrieMap[...]).Load@/go/src/internal/sync/hashtriemap.go:70
)");
  Readings readings(facts);
  const ProfileReading* cpu = readings.cpu();
  ASSERT_NE(cpu, nullptr);
  ASSERT_EQ(cpu->sites.size(), 2U);
  EXPECT_EQ(cpu->sites[0].function, "main.Put");
  EXPECT_EQ(cpu->sites[0].at(C::kSyncMapStore).value, 50);
  EXPECT_EQ(cpu->sites[0].with_class(C::kAlloc), 50);
  EXPECT_EQ(cpu->sites[1].at(C::kSyncMapLoad).value, 30);
  EXPECT_EQ(readings.sync_map_implementation(), MapImplementation::kSwiss);
  EXPECT_EQ(readings.map_implementation(), MapImplementation::kUnknown);
}

TEST(Sites, TellGrowthFromAssignmentAndMakingFromGrowth) {
  const model::Facts facts = facts_of(R"(
profile cpu
  1 10 | main.fill@/app/f.go:7 > runtime.mapassign_faststr@/go/src/runtime/map_faststr.go:205
  2 20 | main.fill@/app/f.go:7 > runtime.mapassign_faststr@/go/src/runtime/map_faststr.go:210 > runtime.hashGrow@/go/src/runtime/map.go:1070 > runtime.makeBucketArray@/go/src/runtime/map.go:370 > runtime.mallocgc@/go/src/runtime/malloc.go:9 > runtime.gcAssistAlloc@/go/src/runtime/mgcmark.go:9
  4 40 | main.make@/app/f.go:9 > runtime.makemap@/go/src/runtime/map.go:320 > runtime.makeBucketArray@/go/src/runtime/map.go:370
  8 80 | main.drop@/app/f.go:11 > runtime.mapdelete_faststr@/go/src/runtime/map_faststr.go:305 > runtime.growWork_faststr@/go/src/runtime/map_faststr.go:400
  16 160 | main.each@/app/f.go:13 > runtime.mapiternext@/go/src/runtime/map.go:900 > runtime.mapaccessK@/go/src/runtime/map.go:530
)");
  Readings readings(facts);
  const ProfileReading* cpu = readings.cpu();
  ASSERT_NE(cpu, nullptr);
  const MapSite* fill = site_at(*cpu, "main.fill");
  ASSERT_NE(fill, nullptr);
  EXPECT_EQ(fill->at(C::kMapAssign).value, 10);
  EXPECT_EQ(fill->at(C::kMapGrow).value, 20);
  EXPECT_EQ(fill->with_class(C::kGcAssist), 20);
  EXPECT_EQ(cpu->at(C::kMapMake).value, 40);
  EXPECT_EQ(cpu->at(C::kMapGrow).value, 100);
  EXPECT_EQ(cpu->at(C::kMapIterate).value, 160);
  EXPECT_EQ(cpu->at(C::kMapAccess).value, 0);
}

TEST(Sites, MarkTheStandardLibrarysOwnMaps) {
  const model::Facts facts = facts_of(R"(
profile cpu
  5 50 | main.Decode@/app/c.go:42 > encoding/json.Unmarshal@/go/src/encoding/json/decode.go:100 > sync.(*Map).Load@/go/src/sync/map.go:130
  6 60 | main.Decode@/app/c.go:42 > encoding/json.(*decodeState).object@/go/src/encoding/json/decode.go:700 > reflect.Value.SetMapIndex@/go/src/reflect/value.go:2100 > runtime.mapassign@/go/src/runtime/map.go:600
  7 70 | main.Merge@/app/c.go:50 > maps.Copy[go.shape.map[string]int]@/go/src/maps/maps.go:60 > runtime.mapassign_faststr@/go/src/runtime/map_faststr.go:205
)");
  Readings readings(facts);
  const ProfileReading* cpu = readings.cpu();
  ASSERT_NE(cpu, nullptr);
  const MapSite* json = site_at(*cpu, "encoding/json.Unmarshal");
  ASSERT_NE(json, nullptr);
  EXPECT_TRUE(json->standard_library);
  const MapSite* reflect = site_at(*cpu, "reflect.Value.SetMapIndex");
  ASSERT_NE(reflect, nullptr);
  EXPECT_TRUE(reflect->standard_library);
  const MapSite* merge = site_at(*cpu, "main.Merge");  // package maps works on its caller's map
  ASSERT_NE(merge, nullptr);
  EXPECT_FALSE(merge->standard_library);
  EXPECT_TRUE(group_sites(*cpu, MapFamily::kSyncMap).empty());
  EXPECT_EQ(group_sites(*cpu, MapFamily::kMap).size(), 1U);
}

TEST(Sites, SplitARangeIntoItsWalkAndItsCallback) {
  const model::Facts facts = facts_of(R"(
profile cpu
  1 10 | main.sum@/app/r.go:5 > sync.(*Map).Range@/go/src/sync/map.go:460 > runtime.mapiternext@/go/src/runtime/map.go:900
  2 20 | main.sum@/app/r.go:5 > sync.(*Map).Range@/go/src/sync/map.go:475 > main.sum.func1@/app/r.go:6
  4 40 | main.sum@/app/r.go:5 > sync.(*Map).Range@/go/src/sync/map.go:475 > main.sum.func1@/app/r.go:7 > runtime.mapassign@/go/src/runtime/map.go:600
)");
  Readings readings(facts);
  const ProfileReading* cpu = readings.cpu();
  ASSERT_NE(cpu, nullptr);
  const MapSite* range = site_at(*cpu, "main.sum");
  ASSERT_NE(range, nullptr);
  EXPECT_EQ(range->range_cumulative.value, 70);
  EXPECT_EQ(range->range_callback.value, 60);
  EXPECT_EQ(range->at(C::kSyncMapRange).value, 30);
  const MapSite* assign = site_at(*cpu, "main.sum.func1");
  ASSERT_NE(assign, nullptr);
  EXPECT_EQ(assign->family, MapFamily::kMap);
  EXPECT_EQ(assign->at(C::kMapAssign).value, 40);
}

TEST(Sites, CountContentionsBesideDelayAndRatesOnlyOverAWindow) {
  const model::Facts facts = facts_of(R"(
profile mutex
  7 2000000000 | main.(*Cache).Put@/app/c.go:42 > sync.(*Map).Swap@/go/src/sync/map.go:371 > sync.(*Mutex).Unlock@/go/src/sync/mutex.go:200
profile mutex delta window=4
  3 2000000000 | main.(*Cache).Put@/app/c.go:42 > sync.(*Map).Swap@/go/src/sync/map.go:371 > sync.(*Mutex).Unlock@/go/src/sync/mutex.go:200
)");
  Readings readings(facts);
  const ProfileReading* since_start = readings.read(ProfileKind::kMutex, "delay");
  const ProfileReading* delta = readings.read(ProfileKind::kMutex, "delay", true);
  ASSERT_NE(since_start, nullptr);
  ASSERT_NE(delta, nullptr);
  EXPECT_EQ(since_start->total.count, 7);
  EXPECT_FALSE(since_start->per_second(1));
  EXPECT_EQ(delta->total.count, 3);
  EXPECT_DOUBLE_EQ(delta->per_second(delta->total.value).value_or(0), 0.5);
  EXPECT_EQ(readings.read(ProfileKind::kMutex, "delay"), since_start);
  EXPECT_EQ(readings.read(ProfileKind::kMutex, "no such"), nullptr);
  EXPECT_EQ(readings.cpu(), nullptr);
}

TEST(Sites, BearFiguresThatOverflowAndStacksWithoutCallers) {
  const model::Facts facts = facts_of(R"(
profile cpu
  9223372036854775807 9223372036854775807 | runtime.goexit@ > runtime.mapassign@
  9223372036854775807 9223372036854775807 | runtime.main@ > runtime.mapassign@
  1 1 | runtime._ExternalCode@
)");
  Readings readings(facts);
  const ProfileReading* cpu = readings.cpu();
  ASSERT_NE(cpu, nullptr);
  EXPECT_EQ(cpu->total.value, std::numeric_limits<int64_t>::max());
  ASSERT_EQ(cpu->sites.size(), 1U);
  EXPECT_TRUE(cpu->sites[0].function.empty());
  EXPECT_TRUE(cpu->sites[0].standard_library);
}

}  // namespace
}  // namespace edp::analyse
