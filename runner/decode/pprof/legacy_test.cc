#include "runner/decode/pprof/legacy.h"

#include <gmock/gmock.h>

#include "tests/support/files.h"
#include "tests/support/profile_text.h"

namespace edp::decode {
namespace {

using ::testing::HasSubstr;

std::string golden(const std::string& path) { return edp::testing::read_file(edp::testing::corpus() / path); }

std::string real(const std::string& path) {
  return edp::testing::read_file(std::string(EDP_SOURCE_DIR "/tests/data/go_forms/") + path);
}

// google/pprof's own golden cases, of the forms that Go writes or wrote.
TEST(PprofText, EqualsPprofsGoldens) {
  for (const char* name : {"gobench.heap", "go.godoc.thread"}) {
    const auto decoded = decode(golden(std::string("google-pprof/profile/") + name), name);
    ASSERT_TRUE(decoded) << decoded.error().to_string();
    EXPECT_EQ(edp::testing::profile_text(*decoded->profile),
              golden(std::string("google-pprof/profile/") + name + ".string"))
        << name;
  }
}

// The function, file and line of a sample's leaf.
std::string leaf(const model::Profile& profile, size_t sample) {
  const model::Location& location = profile.locations[profile.sample(sample).locations[0]];
  if (location.line_count == 0) return "?";
  const model::Line& line = profile.lines_of(location)[0];
  return std::string(profile.functions[line.function].name) + " " +
         std::string(profile.functions[line.function].file) + ":" + std::to_string(line.line);
}

TEST(PprofText, HeapGivesProfileAndMemory) {
  for (const char* version : {"go1.21.13", "go1.26.8"}) {
    const auto decoded = decode(real(std::string(version) + "/heap.debug1.txt"), "heap");
    ASSERT_TRUE(decoded) << decoded.error().to_string();
    const model::Profile& profile = *decoded->profile;
    EXPECT_EQ(profile.type_index("inuse_space"), 3u);
    EXPECT_EQ(profile.period, 4096);
    EXPECT_GT(profile.sample_count(), 5u) << version;
    EXPECT_TRUE(profile.mappings.at(0).has_functions);
    // The map's own values stand in put, and its line is that of the source.
    bool found = false;
    for (size_t i = 0; i < profile.sample_count() && !found; ++i) {
      for (const uint32_t location : profile.sample(i).locations) {
        for (const model::Line& line : profile.lines_of(profile.locations[location])) {
          found |= profile.functions[line.function].name == "main.put" && line.line == 32;
        }
      }
    }
    EXPECT_TRUE(found) << version;

    ASSERT_TRUE(decoded->memory);
    const model::MemoryStats& memory = *decoded->memory;
    EXPECT_GT(memory.heap_alloc.value_or(0), 100'000u);
    EXPECT_EQ(memory.heap_sys.value_or(0), memory.heap_idle.value_or(1) + memory.heap_inuse.value_or(1));
    EXPECT_GT(memory.mallocs.value_or(0), memory.frees.value_or(UINT64_MAX));
    EXPECT_EQ(memory.stack_inuse.value_or(1) % 4096, 0u);
    EXPECT_GE(memory.gc_count.value_or(0), 1u);
    EXPECT_GT(memory.gc_pause_total_ns.value_or(0), 1000u);
    EXPECT_GT(memory.gc_cpu_fraction.value_or(0), 0.0);
    EXPECT_LT(memory.gc_cpu_fraction.value_or(1), 1.0);
  }
}

TEST(PprofText, GoroutinesHaveStacks) {
  const auto decoded = decode(real("go1.26.8/goroutine.debug1.txt"), "goroutine");
  ASSERT_TRUE(decoded) << decoded.error().to_string();
  const model::Profile& profile = *decoded->profile;
  EXPECT_EQ(profile.sample_types.at(0).type, "goroutine");
  int64_t goroutines = 0;
  for (size_t i = 0; i < profile.sample_count(); ++i) goroutines += profile.sample(i).values[0];
  EXPECT_EQ(goroutines, 5);
}

// Unlike pprof's reader: the runtime has applied the sampling rate already.
TEST(PprofText, MutexIsScaledOnce) {
  const auto decoded = decode(
      "--- mutex:\ncycles/second=2000000000\nsampling period=5\n"
      "3000 15 @ 0x59c253 0x59c214\n#\t0x59c252\tsync.(*Mutex).Unlock+0x12\tsync/mutex.go:65\n"
      "#\t0x59c213\tmain.put+0x153\t\texample.com/shop/main.go:35\n\n",
      "mutex");
  ASSERT_TRUE(decoded) << decoded.error().to_string();
  const model::Profile& profile = *decoded->profile;
  EXPECT_EQ(profile.period, 5);
  ASSERT_EQ(profile.sample_count(), 1u);
  EXPECT_THAT(profile.sample(0).values, ::testing::ElementsAre(15, 1500));
  EXPECT_EQ(leaf(profile, 0), "sync.(*Mutex).Unlock sync/mutex.go:65");
}

TEST(PprofText, ReadsRealContention) {
  for (const char* path :
       {"go1.21.13/mutex.debug1.txt", "go1.26.8/mutex.debug1.txt", "go1.21.13/block.debug1.txt",
        "go1.26.8/block.debug1.txt", "go1.26.8/threadcreate.debug1.txt"}) {
    const auto decoded = decode(real(path), path);
    ASSERT_TRUE(decoded) << decoded.error().to_string();
    EXPECT_GT(decoded->profile->sample_count(), 0u) << path;
  }
  const auto mutex = decode(real("go1.26.8/mutex.debug1.txt"), "mutex");
  EXPECT_EQ(leaf(*mutex->profile, 0), "sync.(*Mutex).Unlock sync/mutex.go:65");
}

struct TextCase {
  const char* name;
  const char* text;
  const char* error;
};

class PprofTextRefuses : public ::testing::TestWithParam<TextCase> {};

TEST_P(PprofTextRefuses, NamingOffsetAndCause) {
  const auto decoded = decode(GetParam().text, "file");
  ASSERT_FALSE(decoded);
  EXPECT_THAT(decoded.error().to_string(), HasSubstr(GetParam().error));
}

INSTANTIATE_TEST_SUITE_P(
    Cases, PprofTextRefuses,
    ::testing::Values(
        TextCase{"heap_header", "heap profile: 1: 2 [3: @ heap/8192\n",
                 "at byte 0: the header of a heap profile"},
        TextCase{"heap_kind", "heap profile: 1: 2 [3: 4] @ growthz\n", "kind \"growthz\" is not supported"},
        TextCase{"heap_sample", "heap profile: 1: 2 [3: 4] @ heap/2\n1: 2 [x: 4] @ 0x1\n",
                 "at byte 35: a sample"},
        TextCase{"bytes_of_nothing", "heap profile: 1: 2 [3: 4] @ heap/2\n0: 2 [1: 4] @ 0x1\n",
                 "bytes, but no object"},
        TextCase{"long_address", "heap profile: 1: 2 [3: 4] @ heap/2\n1: 2 [1: 4] @ 0x11112222333344445\n",
                 "an address is too long"},
        TextCase{"too_large", "heap profile: 1: 2 [3: 4] @ heap/2\n99999999999999999999: 2 [1: 4] @ 0x1\n",
                 "a sample can't be read"},
        TextCase{"count_sample", "goroutine profile: total 2\n2 0x1\n", "at byte 27: a sample can't be read"},
        TextCase{"count_address", "goroutine profile: total 2\n2 @ 0x1 zzz\n", "addresses can't be read"},
        TextCase{"contention_key", "--- mutex:\ncolour=3\n", "at byte 11: the header has a key"},
        TextCase{"contentionz", "--- contentionz 1 ---\n",
                 "a contention profile of C++ or Java, which is not supported"},
        TextCase{"threadz", "--- threadz 1 ---\n", "a thread profile of C++, which is not supported"},
        TextCase{"heapz", "--- heapz 1 ---\n", "a heap profile of Java, which is not supported"}),
    [](const auto& test) { return test.param.name; });

}  // namespace
}  // namespace edp::decode
