#include "common/audit/log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <fstream>
#include <sstream>
#include <thread>

#include "common/audit/journal.h"
#include "common/audit/verify.h"
#include "common/files.h"
#include "common/testing/small_volume.h"
#include "common/testing/temp_dir.h"

namespace edp::audit {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using Json = nlohmann::json;

Act act(const std::string& name) { return {.what = name, .actor = {.name = "tester", .known = "test"}}; }

class AuditLog : public ::testing::Test {
 protected:
  edp::testing::TempDir dir;
  const std::string path = dir.path() / "a.jsonl";
  std::chrono::system_clock::time_point now{std::chrono::sys_days(std::chrono::year(2026) / 3 / 1) +
                                            std::chrono::hours(12)};

  std::unique_ptr<Log> open(LogOptions options = {}) {
    options.path = path;
    options.now = [this] { return now; };
    return std::move(*Log::open(std::move(options)));
  }
  static std::vector<Json> read(const std::string& file) {
    std::vector<Json> lines;
    std::ifstream in(file);
    for (std::string line; std::getline(in, line);) lines.push_back(Json::parse(line));
    return lines;
  }
  std::vector<std::string> acts() const {
    std::vector<std::string> names;
    for (const Json& line : read(path)) names.push_back(line["act"]);
    return names;
  }
  // "kind seq" of each problem.
  std::vector<std::string> problems(std::vector<std::string> keys = {}) const {
    std::vector<std::string> found;
    const auto verdict =
        verify(dir.path(),
               {.key_files = std::move(keys), .on_problem = [&](const Problem& problem) {
                  found.push_back(std::string(to_string(problem.kind)) + " " + std::to_string(problem.seq));
                }});
    if (!verdict) found.push_back(verdict.error().to_string());
    return found;
  }
  std::string key(const std::string& name) const {
    const auto made = ed25519::PrivateKey::generate();
    (void)dir.write(name + ".pub", made->public_key().pem());
    return dir.write(name, made->pem());
  }
};

TEST_F(AuditLog, ChainsLinesAndSealsThem) {
  const std::string sealing = key("key");
  {
    const auto log = open({.key_file = sealing});
    EXPECT_EQ(log->write(act("one")).value(), 2U);
    EXPECT_EQ(log->write(std::vector<Act>{act("two"), act("three")}).value(), (std::vector<uint64_t>{3, 4}));
  }
  EXPECT_THAT(acts(), ElementsAre("audit.open", "one", "two", "three", "audit.seal"));
  EXPECT_THAT(problems({sealing + ".pub"}), ElementsAre());
  struct stat status{};
  ASSERT_EQ(::stat(path.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0600U);
}

TEST_F(AuditLog, TakesUpTheChainOfAnEarlierLife) {
  (void)open()->write(act("one"));
  (void)open()->write(act("two"));
  EXPECT_THAT(acts(), ElementsAre("audit.open", "one", "audit.seal", "audit.open", "two", "audit.seal"));
  EXPECT_THAT(problems(), ElementsAre());
}

TEST_F(AuditLog, TextFromOutsideNeitherBreaksNorForgesALine) {
  Act hostile = act("one\n{\"act\":\"forged\"}");
  hostile.target.url = std::string("http://x/\x00\x1b[2J\xff\r\n\xe2\x80\xa8", 20) + "\"}";
  hostile.reason = "card 6222021234567890123 of a@example.com";
  hostile.actor = {.kind = ActorKind::kUser, .name = "alice@example.com", .known = "token"};
  (void)open()->write(hostile);
  const std::string text = *read_file(path, 1 << 20);
  EXPECT_EQ(std::ranges::count(text, '\n'), 3);
  EXPECT_TRUE(std::ranges::all_of(text, [](char c) { return c == '\n' || (c >= ' ' && c < 0x7f); }));
  const Json line = read(path)[1];
  EXPECT_EQ(line["actor"]["name"], "alice@example.com");  // who acted is told in full
  EXPECT_THAT(line["reason"].get<std::string>(), ::testing::Not(HasSubstr("a@example.com")));
  EXPECT_THAT(problems(), ElementsAre());
}

TEST_F(AuditLog, LongTextIsCutAndALineStaysReadable) {
  Act large = act("one");
  large.reason = std::string(100'000, 'x');
  large.target.url = std::string(100'000, '\x01');
  (void)open()->write(large);
  EXPECT_EQ(read(path)[1]["reason"].get<std::string>().size(), 1003U);
  EXPECT_THAT(problems(), ElementsAre());
}

TEST_F(AuditLog, ATornTailIsCutOffAndRecorded) {
  (void)open()->write(act("one"));
  std::ofstream(path, std::ios::app) << R"({"act":"tw)";
  EXPECT_THAT(problems(), ElementsAre("truncated-tail 4"));
  (void)open()->write(act("three"));
  EXPECT_EQ(read(path)[3]["torn"]["bytes"], 10);
  EXPECT_THAT(problems(), ElementsAre());
}

TEST_F(AuditLog, AFileThatIsNoneIsLeftAlone) {
  (void)dir.write("a.jsonl", "my notes\n");
  const auto written = open()->write(act("one"));
  ASSERT_FALSE(written);
  EXPECT_THAT(written.error().to_string(),
              HasSubstr("at byte 0: the last line is none of an audit stream: no JSON object"));
  EXPECT_EQ(*read_file(path, 100), "my notes\n");
}

TEST_F(AuditLog, DaysAndFullSegmentsAreClosed) {
  {
    const auto log = open({.max_bytes = 900});
    (void)log->write({act("one"), act("two"), act("three")});
    (void)log->write(act("four"));
    now += std::chrono::hours(13);
    (void)log->write(act("five"));
  }
  EXPECT_THAT(closed_segments(path),
              ElementsAre(path + ".000000000001-20260301", path + ".000000000006-20260301"));
  EXPECT_THAT(acts(), ElementsAre("audit.rotate", "five", "audit.seal"));
  EXPECT_EQ(base_of(closed_segments(path).front()), path);
  EXPECT_THAT(problems(), ElementsAre());
}

TEST_F(AuditLog, AKillBetweenTwoSegmentsCostsNothing) {
  (void)open()->write(act("one"));
  ASSERT_EQ(std::rename(path.c_str(), (path + ".000000000001-20260301").c_str()), 0);
  std::ofstream(path).close();  // made, and not yet written
  (void)open()->write(act("two"));
  EXPECT_EQ(read(path)[0]["seq"], 4);
  EXPECT_THAT(problems(), ElementsAre());
}

TEST_F(AuditLog, OldSegmentsGoAndLeaveAnAnchor) {
  (void)dir.write("gone.jsonl", "");
  {
    LogOptions other{.path = dir.path() / "gone.jsonl", .now = [this] { return now; }};
    (void)Log::open(std::move(other)).value()->write(act("elsewhere"));
  }
  const auto log = open({.keep = std::chrono::hours(48)});
  for (int day = 0; day < 4; ++day) {
    (void)log->write(act("day"));
    now += std::chrono::hours(24);
    ASSERT_TRUE(log->keep_house());
  }
  EXPECT_EQ(closed_segments(path).size(), 3U);                    // of four days, those that are not yet old
  EXPECT_FALSE(std::ifstream(dir.path() / "gone.jsonl").good());  // a replica's that is gone
  EXPECT_THAT(problems(), ElementsAre());
  // Without the record it is a hole.
  for (const std::string& segment : closed_segments(path)) ASSERT_EQ(::unlink(segment.c_str()), 0);
  EXPECT_THAT(problems(), ::testing::Contains(HasSubstr("missing")));
}

TEST_F(AuditLog, ADailyHeadIsWrittenWithoutActs) {
  const auto log = open();
  (void)log->write(act("one"));
  ASSERT_TRUE(log->keep_house());
  ASSERT_TRUE(log->keep_house());
  EXPECT_THAT(acts(), ElementsAre("audit.open", "one", "audit.head"));
  now += std::chrono::hours(24);
  ASSERT_TRUE(log->keep_house());
  EXPECT_THAT(acts(), ElementsAre("audit.rotate", "audit.head"));
}

// --- disks that fail ---

struct Disk {
  int write_error = 0, sync_error = 0;
  size_t write_before_error = 0;
  FileCalls calls() {
    return {.write =
                [this](int fd, std::string_view bytes) {
                  if (write_error == 0) return write_all(fd, bytes);
                  (void)write_all(fd, bytes.substr(0, write_before_error));
                  return write_error;
                },
            .sync = [this](int fd) { return sync_error != 0 ? sync_error : sync_file(fd); }};
  }
};

struct Fault {
  const char* name;
  int write_error, sync_error;
  const char* said;
};
class FailingDisk : public AuditLog, public ::testing::WithParamInterface<Fault> {};

TEST_P(FailingDisk, RefusesAndRecovers) {
  Disk disk;
  std::vector<std::string> told;
  size_t lines = 0;
  const auto log = open({.calls = disk.calls(),
                         .on_lines = [&](size_t count) { lines += count; },
                         .on_failure = [&](const Error& error) { told.push_back(error.to_string()); }});
  ASSERT_TRUE(log->write(act("one")));
  disk.write_error = GetParam().write_error;
  disk.sync_error = GetParam().sync_error;
  disk.write_before_error = 50;
  for (int i = 0; i < 3; ++i) {
    const auto written = log->write(act("refused"));
    ASSERT_FALSE(written);
    EXPECT_THAT(written.error().to_string(), HasSubstr(GetParam().said));
  }
  EXPECT_EQ(told.size(), 3U);
  disk = {};
  EXPECT_EQ(log->write(act("two")).value(), 3U);
  EXPECT_EQ(lines, 3U);
  EXPECT_THAT(acts(), ElementsAre("audit.open", "one", "two"));
  log->close();
  EXPECT_THAT(problems(), ElementsAre());
}

INSTANTIATE_TEST_SUITE_P(Faults, FailingDisk,
                         ::testing::Values(Fault{"Full", ENOSPC, 0, "No space left on device"},
                                           Fault{"Broken", EIO, 0, "Input/output error"},
                                           Fault{"ReadOnly", EROFS, 0, "Read-only file system"},
                                           Fault{"SyncFails", 0, EIO, "Input/output error"}),
                         [](const auto& tested) { return tested.param.name; });

// The system may have dropped what it could not sync: the last good line must be read back.
TEST_F(AuditLog, AFileThatLostItsLinesIsNotGoneOnWith) {
  Disk disk;
  const auto log = open({.calls = disk.calls()});
  ASSERT_TRUE(log->write(act("one")));
  disk.sync_error = EIO;
  ASSERT_FALSE(log->write(act("two")));
  std::string text = *read_file(path, 1 << 20);
  text.replace(text.find("\"one\""), 5, "\"eno\"");
  (void)dir.write("a.jsonl", text);
  disk = {};
  const auto written = log->write(act("three"));
  ASSERT_FALSE(written);
  EXPECT_THAT(written.error().to_string(), HasSubstr("its last good line is not there any more"));
}

TEST_F(AuditLog, AReallyFullVolume) {
  const std::string said = edp::testing::in_small_volume(dir.path(), "128k", [this]() -> std::string {
    const auto log = open();
    size_t good = 0;
    while (log->write(act("fill"))) ++good;
    if (good < 20) return "refused too early";
    if (log->write(act("full"))) return "written to a full disk";
    if (!problems().empty()) return "not whole: " + problems().front();
    return "";
  });
  EXPECT_EQ(said, "");
}

TEST_F(AuditLog, WithoutAFileTheCopyIsAllThereIs) {
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  {
    const auto log = Log::open({.copy_to = ends[1]}).value();
    ASSERT_TRUE(log->write(act("one")));
  }
  ::close(ends[1]);
  std::string text(10'000, '\0');
  text.resize(static_cast<size_t>(::read(ends[0], text.data(), text.size())));
  EXPECT_TRUE(text.starts_with("EDP-AUDIT {\"act\":\"audit.open\""));
  ::close(ends[0]);
  const auto refused = Log::open({.copy_to = ends[1]}).value()->write(act("one"));
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().to_string(), HasSubstr("cannot be written"));
}

TEST_F(AuditLog, ThreadsShareAnFsync) {
  std::atomic<int> syncs{0};
  FileCalls calls;
  calls.sync = [&](int fd) {
    ++syncs;
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
    return sync_file(fd);
  };
  const auto log = open({.calls = calls});
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&] {
      for (int k = 0; k < 25; ++k) ASSERT_TRUE(log->write(act("x")));
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_LT(syncs, 100);
  EXPECT_EQ(acts().size(), 201U);
  EXPECT_THAT(problems(), ElementsAre());
}

TEST_F(AuditLog, OutcomesThatCouldNotBeWrittenAreOwed) {
  Disk disk;
  const auto log = open({.calls = disk.calls()});
  Journal journal(*log);
  const auto intent = journal.intend(act("job"));
  ASSERT_TRUE(intent);
  Act outcome = act("job");
  outcome.intent = *intent;
  outcome.outcome = Outcome::kDone;
  disk.write_error = ENOSPC;
  journal.finish({outcome});
  EXPECT_FALSE(journal.intend(act("next")));
  disk = {};
  EXPECT_EQ(journal.intend(act("next")).value(), 4U);
  const auto lines = read(path);
  ASSERT_EQ(lines.size(), 4U);
  EXPECT_EQ(lines[2]["intent"], *intent);
  EXPECT_EQ(lines[3]["act"], "next");
}

}  // namespace
}  // namespace edp::audit
