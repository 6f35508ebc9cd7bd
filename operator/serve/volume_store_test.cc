#include "operator/serve/volume_store.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <map>
#include <random>
#include <thread>

#include "common/files.h"
#include "common/testing/small_volume.h"
#include "common/testing/temp_dir.h"
#include "operator/serve/testing/keys.h"

namespace edp::serve {
namespace {

using edp::testing::TempDir;
using testing::get;
using testing::key;
using testing::put;
using testing::uid;
namespace fs = std::filesystem;

constexpr int64_t kDay = 86'400;

size_t files_below(const fs::path& folder) {
  size_t count = 0;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) count += entry.is_regular_file() ? 1 : 0;
  return count;
}

class Volume : public ::testing::Test {
 protected:
  std::unique_ptr<ReportStore> open(uint64_t reserve = 0) const {
    auto store = open_volume_store({root, reserve});
    EXPECT_TRUE(store) << (store ? "" : store.error().to_string());
    return store ? std::move(*store) : nullptr;
  }
  TempDir dir;
  const std::string root = dir.path().string() + "/reports";
};

TEST_F(Volume, KeepsWhatItWasGiven) {
  const std::string text(300'000, 'x');
  {
    const auto store = open();
    const auto ref = put(*store, key(1), text);
    ASSERT_TRUE(ref);
    EXPECT_EQ(ref->digest, "sha256:" + sha256_hex(text));
    EXPECT_EQ(ref->bytes, text.size());
    EXPECT_EQ(get(*store, key(1)), text);
    EXPECT_EQ(get(*store, key(2)), "");
    EXPECT_EQ(store->find(key(2)).error().kind, StoreErrorKind::kNotFound);
    EXPECT_EQ(get(*store, key(1, ReportFile::kHtml)), "");
  }
  const auto again = open();
  EXPECT_EQ(get(*again, key(1)), text);
  EXPECT_EQ(again->usage().reports, 1U);
  EXPECT_EQ(again->usage().bytes, 300'000U);
  EXPECT_GT(again->usage().free_bytes, 0U);
  EXPECT_EQ(again->trouble(), "");
  // Nobody else on the node may read them.
  EXPECT_EQ(fs::status(root + "/runs").permissions() & fs::perms::others_all, fs::perms::none);
}

TEST_F(Volume, TakesTheSameAgainAndOtherContentOnlyFromTheSameOrALaterAttempt) {
  const auto store = open();
  ASSERT_TRUE(put(*store, key(1), "first", 1, 100));
  const auto same = put(*store, key(1), "first", 1, 200);
  ASSERT_TRUE(same);
  EXPECT_EQ(same->stored, 100);  // it was stored then
  ASSERT_TRUE(put(*store, key(1), "second thoughts", 1, 300));
  EXPECT_EQ(get(*store, key(1)), "second thoughts");
  ASSERT_TRUE(put(*store, key(1), "later", 2, 400));
  const auto late = put(*store, key(1), "straggler", 1, 500);
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().kind, StoreErrorKind::kSuperseded);
  EXPECT_EQ(get(*store, key(1)), "later");
  EXPECT_EQ(store->usage().reports, 1U);
  EXPECT_EQ(store->usage().bytes, 5U);
}

TEST_F(Volume, LeavesNothingOfAnUploadThatWasGivenUp) {
  const auto store = open();
  {
    auto writer = store->begin(0);
    ASSERT_TRUE(writer);
    ASSERT_TRUE((*writer)->write(std::string(100'000, 'x')));
    EXPECT_EQ(files_below(root), 1U);
  }
  EXPECT_EQ(files_below(root), 0U);
}

TEST_F(Volume, CleansUpAfterTheDeadButNotTheLiving) {
  const auto store = open();
  auto writer = store->begin(0);
  ASSERT_TRUE((*writer)->write("half"));
  std::ofstream(root + "/incoming/4711-1.part") << "of a dead process";
  std::ofstream(root + "/incoming/keep") << "not ours";
  const auto other = open();  // as the next leader would, while this process still writes
  EXPECT_FALSE(fs::exists(root + "/incoming/4711-1.part"));
  EXPECT_TRUE(fs::exists(root + "/incoming/keep"));
  ASSERT_TRUE((*writer)->write(" done"));
  ASSERT_TRUE((*writer)->commit(key(1), 1, 1));
  EXPECT_EQ(get(*other, key(1)), "half done");
}

TEST_F(Volume, NoticesWhatHasRotted) {
  const auto store = open();
  const auto ref = put(*store, key(1), "what was stored");
  ASSERT_TRUE(ref);
  const std::string blob = root + "/blobs/sha256/" + ref->digest.substr(7, 2) + "/" + ref->digest.substr(7);
  std::ofstream(blob) << "what was st0red";
  EXPECT_EQ(store->open(key(1), *ref).error().kind, StoreErrorKind::kCorrupt);
  // Stored again, it is whole again, though the name is the same.
  ASSERT_TRUE(put(*store, key(2), "what was stored"));
  EXPECT_EQ(get(*store, key(1)), "what was stored");
  fs::remove(blob);
  EXPECT_EQ(store->open(key(1), *ref).error().kind, StoreErrorKind::kCorrupt);

  const std::string file = root + "/runs/shop/why-slow/" + uid(1) + "/" + uid(1001) + "/report.json.ref";
  for (const std::string text :
       {"", "{", "[]", "{\"digest\":\"sha256:..\",\"bytes\":1,\"attempt\":1,\"stored\":1}",
        "{\"digest\":1,\"bytes\":1,\"attempt\":1,\"stored\":1}"}) {
    std::ofstream(file, std::ios::trunc) << text;
    EXPECT_EQ(store->find(key(1)).error().kind, StoreErrorKind::kCorrupt) << text;
  }
  ASSERT_TRUE(put(*store, key(1), "anew"));  // a broken ref does not block the way
  EXPECT_EQ(get(*store, key(1)), "anew");
}

TEST_F(Volume, ListsTheReportsOfAName) {
  const auto store = open();
  ASSERT_TRUE(put(*store, key(1), "a"));
  ASSERT_TRUE(put(*store, key(1, ReportFile::kHtml), "b"));
  ASSERT_TRUE(put(*store, key(2, ReportFile::kJson, 2), "c"));
  ASSERT_TRUE(put(*store, key(2, ReportFile::kJson, 2, "other"), "d"));
  const auto list = store->index("shop", "why-slow");
  ASSERT_TRUE(list);
  EXPECT_EQ(list->size(), 3U);
  EXPECT_EQ(store->index("shop", "nothing")->size(), 0U);
  EXPECT_EQ(store->index("none", "why-slow")->size(), 0U);
}

TEST_F(Volume, ForgetsWhatIsOldAndKeepsWhatIsNeeded) {
  const auto store = open();
  const int64_t now = std::time(nullptr);
  const auto keep = std::chrono::seconds(90 * kDay);
  ASSERT_TRUE(put(*store, key(1), "old and alone", 1, now - 91 * kDay));
  ASSERT_TRUE(put(*store, key(2), "shared", 1, now - 91 * kDay));
  ASSERT_TRUE(put(*store, key(3, ReportFile::kJson, 2), "shared", 1, now - 89 * kDay));
  ASSERT_TRUE(put(*store, key(4, ReportFile::kJson, 2), "young", 1, now));
  auto under_way = store->begin(0);
  ASSERT_TRUE((*under_way)->write("under way"));

  // Blobs of the last hour are left alone, whoever needs them.
  auto swept = store->sweep(now, keep, {});
  ASSERT_TRUE(swept);
  EXPECT_EQ(swept->reports_removed, 2U);
  EXPECT_EQ(swept->bytes_removed, 0U);
  EXPECT_EQ(swept->kept, 2U);
  swept = store->sweep(now + 7200, keep, {});
  ASSERT_TRUE(swept);
  EXPECT_EQ(swept->bytes_removed, 13U);
  EXPECT_EQ(swept->leftovers_removed, 0U);

  EXPECT_EQ(store->find(key(1)).error().kind, StoreErrorKind::kNotFound);
  EXPECT_EQ(get(*store, key(3, ReportFile::kJson, 2)), "shared");
  EXPECT_EQ(get(*store, key(4, ReportFile::kJson, 2)), "young");
  EXPECT_FALSE(fs::exists(root + "/runs/shop/why-slow/" + uid(1))) << "empty folders stay";
  EXPECT_TRUE(fs::exists(root + "/runs/shop/why-slow/" + uid(2)));
  EXPECT_EQ(store->usage().reports, 2U);
  ASSERT_TRUE((*under_way)->commit(key(5), 1, now));
  EXPECT_EQ(get(*store, key(5)), "under way");

  const CancelToken cancelled;
  cancelled.cancel();
  ASSERT_TRUE(store->sweep(now + 1000 * kDay, keep, cancelled));
  EXPECT_EQ(get(*store, key(5)).empty() + get(*store, key(4, ReportFile::kJson, 2)).empty() +
                get(*store, key(3, ReportFile::kJson, 2)).empty(),
            1);  // it stopped after the first
}

TEST_F(Volume, HasNoRoomBeyondItsReserve) {
  const auto store = open(uint64_t{1} << 60U);
  const auto writer = store->begin(1);
  ASSERT_FALSE(writer);
  EXPECT_EQ(writer.error().kind, StoreErrorKind::kDiskFull);
  EXPECT_THAT(store->trouble(), ::testing::HasSubstr("is full"));
}

TEST_F(Volume, SaysWhatIsWrongWithItsFolder) {
  const std::string file = dir.write("file", "");
  EXPECT_FALSE(open_volume_store({file, 0}));
  EXPECT_FALSE(open_volume_store({"/proc/nowhere/reports", 0}));
}

TEST_F(Volume, SurvivesAFullDisk) {
  fs::create_directory(root);
  const std::string said = edp::testing::in_small_volume(root, "4m", [this]() -> std::string {
    auto opened = open_volume_store({root, 0});
    if (!opened) return opened.error().to_string();
    ReportStore& store = **opened;
    const std::string large(1'500'000, 'x');
    if (!put(store, key(1), large + "1")) return "the first did not fit";
    if (!put(store, key(2), large + "2")) return "the second did not fit";
    // Announced: refused before a byte is taken.
    if (const auto writer = store.begin(1'500'000);
        writer || writer.error().kind != StoreErrorKind::kDiskFull) {
      return "what can't fit was begun";
    }
    // Not announced: found out by the system's word, in the middle.
    for (int i = 0; i < 20; ++i) {
      auto writer = store.begin(0);
      if (!writer) return "nothing could be begun: " + writer.error().error.to_string();
      StoreResult<void> written;
      for (int piece = 0; piece < 100 && written; ++piece)
        written = (*writer)->write(std::string(50'000, 'y'));
      if (written || written.error().kind != StoreErrorKind::kDiskFull) return "a full disk was not told";
    }
    // Full to the last page: then a ref can't be written either. Acknowledged is what can be read again.
    int stored = 0;
    for (int i = 0; i < 400; ++i) {
      const std::string small = std::string(4000, 'z') + std::to_string(i);
      const auto ref = put(store, key(100 + i), small);
      if (ref) {
        ++stored;
        if (get(store, key(100 + i)) != small) return "an acknowledged report can't be read";
      } else if (ref.error().kind != StoreErrorKind::kDiskFull) {
        return "another error: " + ref.error().error.to_string();
      }
    }
    if (stored == 0 || stored == 400)
      return "the disk did not fill up while small ones came: " + std::to_string(stored);
    if (get(store, key(1)) != large + "1" || get(store, key(2)) != large + "2")
      return "an old report is gone";
    if (files_below(root + "/incoming") != 0) return "leftovers";
    // A sweep makes room again, on a full disk too.
    const int64_t now = std::time(nullptr) + 7200;
    const auto swept = store.sweep(now, std::chrono::seconds(1), {});
    if (!swept || swept->reports_removed < 2) return "the sweep failed";
    if (!put(store, key(3), large + "3")) return "no room after the sweep";
    return "";
  });
  EXPECT_EQ(said, "");
}

TEST_F(Volume, HoldsUnderManyWritersAndASweepBesideThem) {
  const auto store = open();
  std::atomic<bool> done{false};
  std::atomic<int> failed{0};
  std::thread sweeper([&] {
    // Two hours ahead: what nobody refers to goes at once.
    while (!done) {
      if (!store->sweep(std::time(nullptr) + 7200, std::chrono::hours(24), {})) ++failed;
    }
  });
  std::vector<std::thread> writers;
  for (int w = 0; w < 6; ++w) {
    writers.emplace_back([&, w] {
      for (int i = 0; i < 60; ++i) {
        // The same content under many keys, and other content under the same key.
        const std::string text = "content " + std::to_string(i % 7);
        const ReportKey to = key(w * 3 + i % 3);
        if (!put(*store, to, text, 1, std::time(nullptr)) || get(*store, to) != text) ++failed;
      }
    });
  }
  for (auto& writer : writers) writer.join();
  done = true;
  sweeper.join();
  EXPECT_EQ(failed, 0);
  const auto list = store->index("shop", "why-slow");
  ASSERT_TRUE(list);
  EXPECT_EQ(list->size(), 18U);
  for (const auto& entry : *list) EXPECT_NE(get(*store, entry.key), "");
  EXPECT_EQ(files_below(root + "/incoming"), 0U);
  ASSERT_TRUE(store->sweep(std::time(nullptr) + 7200, std::chrono::hours(24), {}));
  EXPECT_LE(files_below(root + "/blobs"), 7U);
}

// Stores as fast as it can, from four threads, and says what was acknowledged: "<pod> <text>\n".
[[noreturn]] void store_for_ever(const std::string& root, int out, int round) {
  auto store = open_volume_store({root, 0});
  if (!store) ::_exit(1);
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0;; ++i) {
        const int pod = round * 100'000 + t * 10'000 + i % 50;
        const std::string text =
            "r" + std::to_string(round) + "." + std::to_string(t) + "." + std::to_string(i);
        if (!put(**store, key(pod), text + std::string(20'000, '.'))) ::_exit(1);
        const std::string line = std::to_string(pod) + " " + text + "\n";
        if (::write(out, line.data(), line.size()) != static_cast<ssize_t>(line.size())) ::_exit(1);
      }
    });
  }
  for (;;) ::pause();
}

TEST_F(Volume, LosesNothingAcknowledgedWhenKilled) {
  std::mt19937 random(42);
  std::map<int, std::string> acknowledged;
  const int rounds = 12;
  size_t acks = 0;
  for (int round = 0; round < rounds; ++round) {
    int fds[2];
    ASSERT_EQ(::pipe(fds), 0);
    const pid_t child = ::fork();
    if (child == 0) {
      ::close(fds[0]);
      store_for_ever(root, fds[1], round);
    }
    ::close(fds[1]);
    std::thread killer([child, wait = 40 + random() % 120] {
      std::this_thread::sleep_for(std::chrono::milliseconds(wait));
      ::kill(child, SIGKILL);
    });
    std::string all;
    char bytes[65536];
    ssize_t count = 0;
    while ((count = ::read(fds[0], bytes, sizeof bytes)) > 0) all.append(bytes, static_cast<size_t>(count));
    ::close(fds[0]);
    killer.join();
    int status = 0;
    ::waitpid(child, &status, 0);
    ASSERT_TRUE(WIFSIGNALED(status)) << "it failed before it was killed";
    for (size_t at = 0; at < all.size();) {
      const size_t end = all.find('\n', at);
      if (end == std::string::npos) break;
      const size_t space = all.find(' ', at);
      acknowledged[std::stoi(all.substr(at, space - at))] = all.substr(space + 1, end - space - 1);
      at = end + 1;
      ++acks;
    }
    const auto store = open();
    EXPECT_EQ(files_below(root + "/incoming"), 0U);
    // The last one of a key may have been stored and not acknowledged: then it is there instead, and whole.
    for (const auto& [pod, text] : acknowledged) {
      const std::string stored = get(*store, key(pod));
      const std::string found = stored.substr(0, stored.size() >= 20'000 ? stored.size() - 20'000 : 0);
      ASSERT_FALSE(found.empty()) << "pod " << pod << " was acknowledged and is gone";
      const auto number = [](const std::string& of) { return std::stoi(of.substr(of.rfind('.') + 1)); };
      ASSERT_EQ(found.substr(0, found.rfind('.')), text.substr(0, text.rfind('.')));
      ASSERT_GE(number(found), number(text)) << "pod " << pod << " has an older report than was acknowledged";
    }
    const auto list = store->index("shop", "why-slow");
    ASSERT_TRUE(list);
    for (const auto& entry : *list) ASSERT_NE(get(*store, entry.key), "") << "a ref without its report";
  }
  EXPECT_GT(acks, 100U);
  std::printf("%zu acknowledged over %d kills\n", acks, rounds);
  const auto store = open();
  ASSERT_TRUE(store->sweep(std::time(nullptr) + 7200, std::chrono::hours(24 * 365 * 100), {}));
  const size_t reports = store->index("shop", "why-slow")->size();
  EXPECT_EQ(files_below(root + "/blobs"), reports)
      << "every report has content of its own, and nothing else is left";
}

}  // namespace
}  // namespace edp::serve
