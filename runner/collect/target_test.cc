#include "runner/collect/target.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/testing/temp_dir.h"
#include "runner/collect/collect.h"
#include "runner/collect/discover.h"

namespace edp::collect {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(ParseTarget, KnowsUrls) {
  const auto target = parse_target("http://me:s3cret@pod:6060/base/?token=s3cret");
  ASSERT_TRUE(target);
  EXPECT_EQ(target->kind, TargetKind::kUrl);
  EXPECT_EQ(target->name, "http://pod:6060/base");
  EXPECT_EQ(target->url, "http://pod:6060/base");
  EXPECT_EQ(target->user, "me");
  EXPECT_EQ(target->password, "s3cret");
}

TEST(ParseTarget, KnowsFiles) {
  const edp::testing::TempDir folder;
  const std::string file = folder.write("cpu.pb.gz", "x");
  EXPECT_EQ(parse_target(file)->kind, TargetKind::kFile);
  EXPECT_EQ(parse_target(file)->path, file);
  EXPECT_EQ(parse_target(folder.path().string())->kind, TargetKind::kDirectory);
  EXPECT_EQ(parse_target("-")->kind, TargetKind::kStdin);
  EXPECT_EQ(parse_target("/dev/null")->kind, TargetKind::kFile);
}

TEST(ParseTarget, SaysWhatIsWrong) {
  struct Case {
    const char* text;
    const char* message;
  };
  const Case cases[] = {
      {"", "an empty target"},
      {"pid:12", "pid:12: diagnosing processes is not supported yet"},
      {"pod:ns/web-1", "pod:ns/web-1: a pod is diagnosed in its cluster, not from here"},
      {"core:/tmp/core,/bin/x", "diagnosing core files is not supported yet"},
      {"localhost:6060", "localhost:6060: No such file or directory; a URL begins with http:// or https://"},
      {"no/such/file", "no/such/file: No such file or directory"},
      {"ftp://u:s3cret@h/x", "ftp://h/x: not a usable URL: it must begin with http:// or https://"},
      {"u:s3cret@host:6060", "host:6060: No such file or directory; a URL"},
  };
  for (const auto& c : cases) {
    const auto target = parse_target(c.text);
    ASSERT_FALSE(target) << c.text;
    EXPECT_THAT(target.error().to_string(), HasSubstr(c.message));
    EXPECT_THAT(target.error().to_string(), Not(HasSubstr("s3cret")));
  }
}

TEST(MutexPeriod, ReadsWhatGoWrites) {
  EXPECT_EQ(parse_mutex_period("--- mutex:\ncycles/second=2596161293\nsampling period=0\n"), 0);
  EXPECT_EQ(parse_mutex_period("--- mutex:\ncycles/second=2596161293\nsampling period=100\n52562979 1 @ 0x4"),
            100);
  for (const char* text :
       {"", "--- mutex:\n", "--- mutex:\ncycles/second=1\nsampling period=10", "sampling period=1\n",
        "--- mutex:\nsampling period=\n", "--- mutex:\nsampling period=-1\n",
        "--- mutex:\nsampling period=1x\n", "--- mutex:\nsampling period=99999999999999999999\n",
        "--- contention:\ncycles/second=2596161293\n", "<html>sampling period=5\n"}) {
    EXPECT_EQ(parse_mutex_period(text), std::nullopt) << text;
  }
}

TEST(CollectorFromFileName, Guesses) {
  struct Case {
    const char* name;
    const char* collector;
  };
  const Case cases[] = {
      {"cpu.pb.gz", "cpu"},
      {"/tmp/pprof.myserver.samples.cpu.001.pb.gz", "cpu"},
      {"profile", "cpu"},
      {"heap.profile", "heap"},
      {"Heap-Delta.pb.gz", "heap.delta"},
      {"heap.delta.pb.gz", "heap.delta"},
      {"pprof.alloc_objects.alloc_space.inuse_objects.inuse_space.002.pb.gz", "heap"},
      {"goroutine.debug2.txt", "goroutine.debug2"},
      {"goroutine.1.pb.gz", "goroutine"},
      {"mutex.rate.txt", "mutex.rate"},
      {"memstats.2.txt", "memstats"},
      {"vars.json", "vars"},
      {"trace.1.out", "trace"},
      {"threadcreate.delta", "threadcreate"},
      {"encpud.bin", ""},
      {"", ""},
  };
  for (const auto& c : cases) EXPECT_EQ(collector_from_file_name(c.name), c.collector) << c.name;
}

TEST(Collectors, HaveDistinctNames) {
  EXPECT_EQ(all_collectors().size(), 18U);
  for (const auto& info : all_collectors()) EXPECT_EQ(find_collector(info.name), &info) << info.name;
  EXPECT_EQ(find_collector("heapp"), nullptr);
}

TEST(PprofIndex, CountsGoroutines) {
  EXPECT_EQ(goroutines_on_index("<tr><td>1</td><td><a href='allocs?debug=1'>allocs</a></td></tr>\n"
                                "<tr><td>4711</td><td><a href='goroutine?debug=1'>goroutine</a></td></tr>"),
            4711U);
  for (const char* page :
       {"", "goroutine?debug=1", "<td>5</td>goroutine?debug=1", "<tr><td>x</td>goroutine?debug=1",
        "<tr><td>5 goroutine?debug=1", "<tr><td>99999999999999999999999</td>goroutine?debug=1"}) {
    EXPECT_EQ(goroutines_on_index(page), std::nullopt) << page;
  }
}

}  // namespace
}  // namespace edp::collect
