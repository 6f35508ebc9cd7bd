#include "runner/run/profile_kind.h"

#include <gtest/gtest.h>

namespace edp::run {
namespace {

using model::ProfileKind;

model::Profile with_types(std::vector<model::ValueType> types) {
  model::Profile profile;
  profile.sample_types = std::move(types);
  return profile;
}

// One sample a leaf function.
model::Profile contentions(const std::vector<std::string_view>& leaves) {
  model::Profile profile = with_types({{"contentions", "count"}, {"delay", "nanoseconds"}});
  for (const std::string_view leaf : leaves) {
    const auto index = static_cast<uint32_t>(profile.functions.size());
    profile.functions.push_back({.name = leaf});
    profile.lines.push_back({.function = index});
    profile.locations.push_back({.first_line = index, .line_count = 1});
    profile.sample_locations.push_back(index);
    profile.location_ends.push_back(profile.sample_locations.size());
    profile.values.insert(profile.values.end(), {1, 1});
  }
  return profile;
}

TEST(ProfileKind, SampleTypesDecide) {
  EXPECT_EQ(profile_kind(with_types({{"samples", "count"}, {"cpu", "nanoseconds"}}), "heap"),
            ProfileKind::kCpu);
  EXPECT_EQ(profile_kind(with_types({{"goroutine", "count"}}), ""), ProfileKind::kGoroutine);
  EXPECT_EQ(profile_kind(with_types({{"threadcreate", "count"}}), "file"), ProfileKind::kThreadCreate);
  EXPECT_EQ(profile_kind(with_types({{"wall", "nanoseconds"}}), "cpu"), std::nullopt);
  EXPECT_EQ(profile_kind(with_types({}), "cpu"), std::nullopt);
}

TEST(ProfileKind, TheNameOrTheDefaultTypeTellsHeapFromAllocs) {
  model::Profile profile = with_types({{"alloc_space", "bytes"}, {"inuse_space", "bytes"}});
  EXPECT_EQ(profile_kind(profile, "heap.delta"), ProfileKind::kHeap);
  EXPECT_EQ(profile_kind(profile, "allocs"), ProfileKind::kAllocs);
  EXPECT_EQ(profile_kind(profile, "file"), ProfileKind::kHeap);
  profile.default_sample_type = "alloc_space";
  EXPECT_EQ(profile_kind(profile, "file"), ProfileKind::kAllocs);
}

TEST(ProfileKind, LeavesTellMutexFromBlock) {
  const auto mutex = contentions({"sync.(*Mutex).Unlock", "runtime.unlock"});
  const auto block = contentions({"sync.(*Mutex).Lock", "runtime.chanrecv1"});
  EXPECT_EQ(profile_kind(mutex, "file"), ProfileKind::kMutex);
  EXPECT_EQ(profile_kind(block, "file"), ProfileKind::kBlock);
  EXPECT_EQ(profile_kind(block, "mutex"), ProfileKind::kMutex);
  EXPECT_EQ(profile_kind(contentions({}), "block.delta"), ProfileKind::kBlock);
}

}  // namespace
}  // namespace edp::run
