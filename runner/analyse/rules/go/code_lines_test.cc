#include "runner/analyse/rules/go/code_lines.h"

#include <gtest/gtest.h>

#include <string>

#include "runner/analyse/testing/case_file.h"

namespace edp::analyse::go {
namespace {

model::Facts facts_of(const std::string& profiles) {
  Result<testing::Case> golden = testing::parse_case(profiles + "\nexpect\n  clean GO-NONE\n", "case");
  EXPECT_TRUE(golden) << (golden ? "" : golden.error().to_string());
  return golden ? std::move(golden->facts) : model::Facts{};
}

CpuLine line_of(const CpuReading& cpu, std::string_view function) {
  for (const CpuLine& line : cpu.lines) {
    if (line.caller.place.function == function) return line;
  }
  ADD_FAILURE() << "no line of " << function;
  return {};
}

TEST(CodeLines, TellMakingAMapFromGrowingIt) {
  const model::Facts facts = facts_of(R"(
profile cpu window=10
  1 10 | main.make@a.go:1 > runtime.makemap@runtime/map.go > runtime.makeBucketArray@runtime/map.go > runtime.mallocgc@runtime/malloc.go
  2 20 | main.grow@a.go:2 > runtime.mapassign@runtime/map.go > runtime.hashGrow@runtime/map.go > runtime.makeBucketArray@runtime/map.go > runtime.mallocgc@runtime/malloc.go
  4 40 | main.first@a.go:3 > runtime.mapassign_fast64@internal/runtime/maps/runtime_fast64.go > internal/runtime/maps.(*Map).growToSmall@internal/runtime/maps/map.go
  8 80 | main.overflow@a.go:4 > runtime.mapassign@runtime/map.go > runtime.(*hmap).newoverflow@runtime/map.go > runtime.mallocgc@runtime/malloc.go)");
  const CodeLines lines(facts);
  ASSERT_TRUE(lines.cpu);
  EXPECT_EQ(line_of(*lines.cpu, "main.make").growth.value, 0);
  EXPECT_EQ(line_of(*lines.cpu, "main.make").allocating[static_cast<size_t>(AllocKind::kMap)], 10);
  EXPECT_EQ(line_of(*lines.cpu, "main.grow").growth.value, 20);
  EXPECT_EQ(line_of(*lines.cpu, "main.grow").growth_allocating, 20);
  EXPECT_EQ(line_of(*lines.cpu, "main.grow").allocating_total(), 0);
  EXPECT_EQ(line_of(*lines.cpu, "main.first").assign.value, 40);
  EXPECT_EQ(line_of(*lines.cpu, "main.overflow").assign.value, 80);
  EXPECT_EQ(line_of(*lines.cpu, "main.overflow").assign_allocating, 80);
}

TEST(CodeLines, LeaveIdleMarkingOutAndCountAssists) {
  const model::Facts facts = facts_of(R"(
profile cpu window=10
  1 10 | runtime.gcBgMarkWorker@runtime/mgc.go > runtime.gcDrainMarkWorkerIdle@runtime/mgcmark.go > runtime.gcDrain@runtime/mgcmark.go
  1 20 | runtime.gcBgMarkWorker@runtime/mgc.go > runtime.gcDrainMarkWorkerDedicated@runtime/mgcmark.go > runtime.gcDrain@runtime/mgcmark.go
  1 40 | main.make@a.go:1 > runtime.mallocgc@runtime/malloc.go > runtime.gcAssistAlloc@runtime/mgcmark.go
  1 80 | runtime.bgsweep@runtime/mgcsweep.go
  1 160 | main.put@a.go:2 > gcWriteBarrier@runtime/asm_amd64.s > runtime.wbBufFlush@runtime/mwbbuf.go
  1 320 | runtime.gcBgMarkWorker@runtime/mgc.go > runtime.gcMarkDone@runtime/mgc.go)");
  const CpuReading cpu = read_cpu(facts.profiles[0]);
  EXPECT_EQ(cpu.busy.value, 620);
  EXPECT_EQ(cpu.gc_idle, 10);
  EXPECT_EQ(cpu.gc_background, 340);
  EXPECT_EQ(cpu.gc_assist, 40);
  EXPECT_EQ(cpu.gc_sweep, 80);
  EXPECT_EQ(cpu.gc_barrier, 160);
  EXPECT_TRUE(cpu.gc_idle_told);
}

TEST(CodeLines, SayWhereIdleMarkingIsNotTold) {
  const model::Facts facts = facts_of(R"(
profile cpu window=10
  1 10 | runtime.gcBgMarkWorker@runtime/mgc.go > runtime.gcBgMarkWorker.func2@runtime/mgc.go > runtime.gcDrain@runtime/mgcmark.go)");
  EXPECT_FALSE(read_cpu(facts.profiles[0]).gc_idle_told);
}

TEST(CodeLines, NameTheLibraryThatTheUserCalled) {
  const model::Facts facts = facts_of(R"(
profile cpu window=10
  1 10 | main.load@a.go:7 > encoding/json.Unmarshal@encoding/json/decode.go:108 > reflect.mapassign@runtime/map.go:1 > runtime.mapassign@runtime/map.go)");
  const CpuReading cpu = read_cpu(facts.profiles[0]);
  ASSERT_EQ(cpu.lines.size(), 1U);
  EXPECT_TRUE(cpu.lines[0].caller.in_library());
  EXPECT_EQ(cpu.lines[0].caller.library, "encoding/json");
  EXPECT_EQ(cpu.lines[0].caller.user.function, "main.load");
}

TEST(CodeLines, AddUpSizesAndInlinedCallersOfALine) {
  const model::Facts facts = facts_of(R"(
profile heap period=524288
  2 256 1 128 | main.put@a.go:9 > ~main.newValue@a.go:4
  1 128 1 128 | main.put@a.go:9 > ~main.newValue@a.go:4
  3 96 0 0 | main.other@a.go:20 > ~main.newValue@a.go:4)");
  const HeapReading heap = read_heap(facts.profiles[0]);
  ASSERT_EQ(heap.lines.size(), 1U);
  const HeapLine& line = heap.lines[0];
  EXPECT_EQ(line.caller.place.line, 4);
  EXPECT_EQ(line.total.alloc_bytes, 480);
  ASSERT_EQ(line.sizes.size(), 2U);
  EXPECT_EQ(line.sizes[0].size, 32);
  EXPECT_EQ(line.sizes[1].size, 128);
  EXPECT_EQ(line.sizes[1].alloc_objects, 3);
  EXPECT_EQ(line.inlined_into.size(), 2U);
}

TEST(CodeLines, SampledIsTheInverseOfGosScaling) {
  HeapReading heap;
  heap.rate = 524288;
  EXPECT_NEAR(heap.sampled({.size = 524288, .alloc_objects = 1000}), 632.1, 0.1);
  EXPECT_NEAR(heap.sampled({.size = 128, .alloc_objects = 40960000}), 9998.8, 0.1);
  heap.rate = 1;
  EXPECT_EQ(heap.sampled({.size = 8, .alloc_objects = 7}), 7);
}

}  // namespace
}  // namespace edp::analyse::go
