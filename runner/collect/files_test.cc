#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <thread>

#include "common/testing/temp_dir.h"
#include "runner/collect/collect.h"

namespace edp::collect {
namespace {

using edp::testing::TempDir;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

TargetCollection collect_path(const std::string& path, const CollectPlan& plan = {},
                              const CollectContext& context = {}) {
  const auto target = parse_target(path);
  if (!target) std::abort();
  return collect({*target}, plan, context).front();
}

std::vector<std::string> names(const TargetCollection& collection) {
  std::vector<std::string> out;
  for (const auto& artefact : collection.artefacts) out.push_back(artefact.artefact);
  return out;
}

TEST(CollectFiles, ReadsAFile) {
  const TempDir folder;
  const auto got = collect_path(folder.write("heap-delta.pb.gz", "bytes"));
  ASSERT_EQ(got.artefacts.size(), 1U);
  EXPECT_EQ(got.artefacts[0].artefact, "heap-delta.pb.gz");
  EXPECT_EQ(got.artefacts[0].collector, "heap.delta");
  EXPECT_TRUE(got.artefacts[0].is_delta);
  EXPECT_EQ(got.artefacts[0].bytes, "bytes");
  EXPECT_EQ(got.artefacts[0].target, got.target.name);
  ASSERT_EQ(got.outcomes.size(), 1U);
  EXPECT_EQ(got.outcomes[0].outcome, "ok");
  EXPECT_EQ(got.outcomes[0].bytes, 5U);
  EXPECT_FALSE(got.error);
}

TEST(CollectFiles, ReadsADirectoryInOrderOfTime) {
  const TempDir folder;
  using std::filesystem::last_write_time;
  const auto base = std::filesystem::file_time_type::clock::now();
  const auto put = [&](const char* name, int seconds) {
    last_write_time(folder.write(name, name), base + std::chrono::seconds(seconds));
  };
  put("b", 0);
  put("a", 60);
  put("c", 60);
  put(".hidden", 0);
  std::filesystem::create_directory(folder.path() / "below");
  const auto got = collect_path(folder.path().string());
  EXPECT_THAT(names(got), ElementsAre("b", "a", "c"));
  EXPECT_EQ(got.artefacts[0].ended_at, 0);
  EXPECT_NEAR(got.artefacts[1].ended_at, 60, 0.001);
  EXPECT_EQ(got.artefacts[1].collector, "file");
}

TEST(CollectFiles, OneBadFileCostsOnlyItself) {
  const TempDir folder;
  folder.write("empty", "");
  folder.write("good", "good");
  folder.write("big", std::string(1001, 'x'));
  std::filesystem::create_symlink("nowhere", folder.path() / "dangling");
  std::filesystem::create_symlink("/dev/zero", folder.path() / "endless");
  CollectPlan plan;
  plan.max_bytes = 1000;
  const auto got = collect_path(folder.path().string(), plan);
  EXPECT_THAT(names(got), ElementsAre("good"));
  EXPECT_FALSE(got.error);
  std::map<std::string, std::string> messages;
  for (const auto& outcome : got.outcomes)
    messages[outcome.collector] = outcome.outcome + ": " + outcome.message;
  EXPECT_EQ(messages["empty"], "failed: empty");
  EXPECT_EQ(messages["big"], "failed: larger than the limit of 1000 bytes");
  EXPECT_EQ(messages["dangling"], "failed: No such file or directory");
  EXPECT_EQ(messages["endless"], "failed: neither a file nor a pipe");
  EXPECT_EQ(messages["good"], "ok: ");
}

TEST(CollectFiles, HoldsToTheTotal) {
  const TempDir folder;
  folder.write("a", std::string(600, 'x'));
  folder.write("b", std::string(600, 'x'));
  CollectPlan plan;
  plan.max_total_bytes = 1000;
  const auto got = collect_path(folder.path().string(), plan);
  EXPECT_EQ(got.artefacts.size(), 1U);
  EXPECT_THAT(got.outcomes[1].message,
              HasSubstr("all files together are larger than the limit of 1000 bytes"));
}

TEST(CollectFiles, SaysWhyThereIsNothing) {
  const TempDir folder;
  EXPECT_EQ(collect_path(folder.path().string()).error->to_string(),
            folder.path().string() + ": no files in it");
  const std::string empty = folder.write("empty", "");
  EXPECT_EQ(collect_path(empty).error->to_string(), empty + ": empty");
}

TEST(CollectFiles, ReadsAPipeToItsEnd) {
  const TempDir folder;
  const std::string pipe = (folder.path() / "pipe").string();
  ASSERT_EQ(mkfifo(pipe.c_str(), 0600), 0);
  std::thread writer([&] {
    std::ofstream out(pipe);
    for (int i = 0; i < 1000; ++i) out << "0123456789" << std::flush;
  });
  const auto got = collect_path(pipe);
  writer.join();
  ASSERT_EQ(got.artefacts.size(), 1U);
  EXPECT_EQ(got.artefacts[0].bytes.size(), 10'000U);
}

TEST(CollectFiles, APipeThatNobodyWritesToEndsWithCancelOrTimeout) {
  const TempDir folder;
  const std::string pipe = (folder.path() / "pipe").string();
  ASSERT_EQ(mkfifo(pipe.c_str(), 0600), 0);
  CollectContext context;
  std::thread canceller([&] {
    (void)CancelToken().sleep_for(std::chrono::milliseconds(100));
    context.cancel.cancel();
  });
  const auto cancelled = collect_path(pipe, {}, context);
  canceller.join();
  EXPECT_EQ(cancelled.outcomes[0].outcome, "cancelled");
  EXPECT_TRUE(cancelled.cancelled);

  CollectPlan plan;
  plan.timeout_seconds = 0.1;
  EXPECT_EQ(collect_path(pipe, plan).outcomes[0].outcome, "timeout");
}

TEST(CollectFiles, GivesEachArtefactItsOwnName) {
  const TempDir one, two;
  const auto a = parse_target(one.write("cpu.pb.gz", "1"));
  const auto b = parse_target(two.write("cpu.pb.gz", "2"));
  const auto got = collect({*a, *b, *a}, {}, {});
  EXPECT_EQ(got[0].artefacts[0].artefact, "cpu.pb.gz");
  EXPECT_EQ(got[1].artefacts[0].artefact, "2.cpu.pb.gz");
  EXPECT_EQ(got[2].artefacts[0].artefact, "3.cpu.pb.gz");
}

TEST(CollectFiles, ReadsStandardInput) {
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  const int saved = dup(STDIN_FILENO);
  ASSERT_GE(dup2(ends[0], STDIN_FILENO), 0);
  ASSERT_EQ(write(ends[1], "piped", 5), 5);
  close(ends[0]);
  close(ends[1]);
  const auto got = collect_path("-");
  dup2(saved, STDIN_FILENO);
  close(saved);
  ASSERT_EQ(got.artefacts.size(), 1U);
  EXPECT_EQ(got.artefacts[0].bytes, "piped");
  EXPECT_EQ(got.artefacts[0].artefact, "stdin");
  EXPECT_EQ(got.target.name, "-");
}

}  // namespace
}  // namespace edp::collect
