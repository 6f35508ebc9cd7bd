#include "runner/decode/go_vars/go_vars.h"

#include <gmock/gmock.h>

#include "tests/support/files.h"

namespace edp::decode {
namespace {

using ::testing::HasSubstr;

TEST(GoVars, ReadsMemstats) {
  const auto decoded =
      decode(edp::testing::read_file(EDP_SOURCE_DIR "/tests/data/go_forms/go1.26.8/vars.json"), "vars");
  ASSERT_TRUE(decoded) << decoded.error().to_string();
  EXPECT_EQ(decoded->format, "go_vars");
  const model::MemoryStats& memory = decoded->memory.value();
  EXPECT_EQ(memory.heap_sys.value(), memory.heap_idle.value() + memory.heap_inuse.value());
  EXPECT_GT(memory.mallocs.value(), memory.frees.value());
  EXPECT_EQ(memory.mallocs.value() - memory.frees.value(), memory.heap_objects.value());
  EXPECT_GE(memory.gc_count.value(), 1u);
  EXPECT_GT(memory.gc_pause_total_ns.value(), 1000u);
  EXPECT_GT(memory.gc_cpu_fraction.value(), 0.0);
  EXPECT_EQ(memory.goroutines.value(), 4u);
  EXPECT_FALSE(memory.gomaxprocs);
}

TEST(GoVars, LeavesOddFiguresUnset) {
  const auto decoded = decode(
      R"({"memstats":{"Alloc":-1,"Sys":"many","Mallocs":1e300,"Frees":12.0,"HeapSys":18446744073709551615},)"
      R"("goversion":"go1.23.12"})",
      "vars");
  ASSERT_TRUE(decoded) << decoded.error().to_string();
  const model::MemoryStats& memory = decoded->memory.value();
  EXPECT_FALSE(memory.alloc);
  EXPECT_FALSE(memory.sys);
  EXPECT_FALSE(memory.mallocs);
  EXPECT_EQ(memory.frees, 12u);
  EXPECT_EQ(memory.heap_sys, UINT64_MAX);
  EXPECT_EQ(memory.go_version, "go1.23.12");
}

TEST(GoVars, RefusesWhatIsBroken) {
  const auto cut = decode(R"({"memstats": {"Alloc": 12)", "vars");
  ASSERT_FALSE(cut);
  EXPECT_THAT(cut.error().to_string(), HasSubstr("vars: at byte 26: the JSON can't be read"));
  const auto deep = decode(R"({"memstats":)" + std::string(100'000, '['), "vars");
  ASSERT_FALSE(deep);
  EXPECT_THAT(deep.error().to_string(), HasSubstr("JSON nested more than 64 deep"));
  const auto other = decode(R"({"memstats":[]})", "vars");
  ASSERT_FALSE(other);
  EXPECT_THAT(other.error().to_string(), HasSubstr("has no object \"memstats\""));
  EXPECT_FALSE(decode(R"({"memstats":{"Alloc":1e999}})", "vars"));
  const auto large = go_vars::decode_vars(R"({"memstats":{}})", {.max_model_bytes = 100});
  ASSERT_FALSE(large);
  EXPECT_THAT(large.error().to_string(), HasSubstr("more than the limit of 100 bytes"));
}

}  // namespace
}  // namespace edp::decode
