#include "operator/watch/informer.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "operator/watch/store.h"
#include "operator/watch/testing/scripted_api.h"

namespace edp::watch {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::Asked;

std::string pod(const std::string& name, int version) {
  return R"({"metadata":{"name":")" + name + R"(","namespace":"shop","uid":"u-)" + name +
         R"(","resourceVersion":")" + std::to_string(version) + R"("}})";
}
std::string event(const std::string& type, const std::string& object) {
  return R"({"type":")" + type + R"(","object":)" + object + "}\n";
}
std::string added(const std::string& name, int version) { return event("ADDED", pod(name, version)); }
std::string modified(const std::string& name, int version) { return event("MODIFIED", pod(name, version)); }
std::string deleted(const std::string& name, int version) { return event("DELETED", pod(name, version)); }
std::string bookmark(int version) {
  return event("BOOKMARK", R"({"metadata":{"resourceVersion":")" + std::to_string(version) + R"("}})");
}
std::string list_end(int version) {
  return event("BOOKMARK", R"({"metadata":{"resourceVersion":")" + std::to_string(version) +
                               R"(","annotations":{"k8s.io/initial-events-end":"true"}}})");
}
std::string error(int code, const std::string& reason) {
  return event("ERROR", R"({"kind":"Status","status":"Failure","message":"told so","reason":")" + reason +
                            R"(","code":)" + std::to_string(code) + "}");
}
std::string page(int version, const std::string& next, const std::vector<std::string>& items) {
  std::string text = R"({"kind":"PodList","metadata":{"resourceVersion":")" + std::to_string(version) +
                     R"(","continue":")" + next + R"("},"items":[)";
  for (size_t i = 0; i < items.size(); ++i) text += (i == 0 ? "" : ",") + items[i];
  return text + "]}\n";
}

class InformerTest : public ::testing::Test {
 protected:
  InformerTest() {
    options_.sleep = [this](milliseconds wait, const CancelToken& cancel) {
      waits_.push_back(wait);
      return cancel.cancelled();
    };
    options_.random = [] { return 0.5; };
  }

  // Runs the script to its end; what came of it is in the members.
  void run() {
    Informer<PodRecord> informer(
        api_, resource_, read_pod, [this](Delta<PodRecord>&& delta) { take(std::move(delta)); }, options_);
    informer.start();
    ASSERT_TRUE(api_.wait_for_end());
    informer.stop();
    health_ = informer.health();
    asked_ = api_.asked();
    asked_.pop_back();  // the one beyond the script
  }

  void take(Delta<PodRecord>&& delta) {
    switch (delta.kind) {
      case DeltaKind::kSyncBegin:
        log_ += "[";
        break;
      case DeltaKind::kSyncEnd:
        log_ += "]";
        break;
      case DeltaKind::kUpsert:
        log_ += delta.object.name + std::to_string(delta.object.version) + " ";
        break;
      case DeltaKind::kDelete:
        log_ += "-" + delta.object.name + " ";
        break;
    }
    store_.apply(std::move(delta));
  }

  std::string stored() const {
    std::vector<std::string> all;
    store_.for_each([&](const PodRecord& one) { all.push_back(one.name + std::to_string(one.version)); });
    std::sort(all.begin(), all.end());
    std::string text;
    for (const auto& one : all) text += (text.empty() ? "" : " ") + one;
    return text;
  }

  // A list that most scripts begin with.
  void list(int version = 10) { api_.body(added("a", 3) + added("b", 7) + list_end(version)); }
  [[nodiscard]] bool resumed_from(size_t call, int version) const {
    return call < asked_.size() && asked_[call].has("resourceVersion=" + std::to_string(version) + "&") &&
           !asked_[call].has("sendInitialEvents");
  }

  testing::ScriptedApi api_;
  Resource resource_{"/api/v1/pods", "edp-enabled=true,x in (a,b)", ""};
  InformerOptions options_;
  Store<PodRecord> store_;
  std::string log_;                  // "[a3 b7 ]c11 -a "
  std::vector<milliseconds> waits_;  // written on the informer's thread, read after it has ended
  std::vector<Asked> asked_;
  Health health_;
};

TEST_F(InformerTest, ListsByStreamThenWatches) {
  list();
  api_.body(added("c", 11) + modified("a", 12) + deleted("b", 13) + bookmark(20));
  api_.body(added("d", 21));
  run();
  EXPECT_EQ(log_, "[a3 b7 ]c11 a12 -b d21 ");
  EXPECT_EQ(stored(), "a12 c11 d21");
  ASSERT_EQ(asked_.size(), 3U);
  for (const char* part :
       {"/api/v1/pods?", "watch=true", "sendInitialEvents=true", "resourceVersionMatch=NotOlderThan",
        "allowWatchBookmarks=true", "labelSelector=edp-enabled%3Dtrue%2Cx%20in%20%28a%2Cb%29"})
    EXPECT_TRUE(asked_[0].has(part)) << part;
  EXPECT_FALSE(asked_[0].has("resourceVersion="));
  EXPECT_TRUE(resumed_from(1, 10));
  EXPECT_TRUE(asked_[1].has("timeoutSeconds=360"));
  EXPECT_TRUE(asked_[1].has("labelSelector="));
  EXPECT_TRUE(resumed_from(2, 20));
  EXPECT_EQ(asked_[0].idle, options_.list_idle);
  EXPECT_EQ(asked_[1].idle, options_.idle);
  EXPECT_GE(options_.idle, seconds(90));
  EXPECT_GT(asked_[1].timeout, seconds(360));
  EXPECT_GT(asked_[1].max_bytes, uint64_t{1} << 40);
  EXPECT_TRUE(health_.synced);
  EXPECT_TRUE(health_.streaming);
  EXPECT_EQ(health_.lists, 1U);
  EXPECT_EQ(health_.watches, 4U);  // with the one beyond the script
  EXPECT_EQ(health_.restarts, 0U);
  EXPECT_EQ(health_.events, 6U);
  EXPECT_EQ(health_.bookmarks, 2U);
  EXPECT_EQ(health_.failures, 0U);
  EXPECT_NE(health_.last_heard, std::chrono::steady_clock::time_point());
  EXPECT_EQ(health_.last_error, "");
  EXPECT_TRUE(waits_.empty());
}

TEST_F(InformerTest, DrawsTheLengthOfEachWatch) {
  double next = 0;
  options_.random = [&next] { return std::exchange(next, 0.999); };
  list();
  api_.body(bookmark(11));
  api_.body(bookmark(12));
  run();
  EXPECT_TRUE(asked_[1].has("timeoutSeconds=240"));
  EXPECT_TRUE(asked_[2].has("timeoutSeconds=479"));
}

TEST_F(InformerTest, AListsStreamMayTellOfChanges) {
  api_.body(added("a", 3) + added("b", 7) + bookmark(8) + deleted("b", 9) + modified("a", 10) + list_end(10) +
            added("beyond", 11));
  api_.body(added("beyond", 11));
  run();
  EXPECT_EQ(log_, "[a3 b7 -b a10 ]beyond11 ");
  EXPECT_TRUE(resumed_from(1, 10));
}

class InformerFallback : public InformerTest, public ::testing::WithParamInterface<int> {};

TEST_P(InformerFallback, ListsInPagesWhereStreamsAreRefused) {
  api_.status(GetParam());
  api_.body(page(10, "next/page", {pod("a", 3), pod("b", 7)}));
  api_.body(page(10, "", {pod("c", 9)}));
  api_.status(410);  // of the watch
  const bool remembers = GetParam() != 403;
  if (!remembers) api_.status(GetParam());
  api_.body(page(30, "", {pod("c", 29)}));
  api_.body(bookmark(31));
  run();
  EXPECT_EQ(log_, "[[a3 b7 c9 ]" + std::string(remembers ? "" : "[") + "[c29 ]");
  EXPECT_EQ(stored(), "c29");
  EXPECT_TRUE(asked_[0].has("sendInitialEvents"));
  EXPECT_TRUE(asked_[1].has("limit=500"));
  EXPECT_FALSE(asked_[1].has("continue"));
  EXPECT_FALSE(asked_[1].has("watch"));
  EXPECT_TRUE(asked_[2].has("limit=500&continue=next%2Fpage"));
  EXPECT_TRUE(resumed_from(3, 10));
  EXPECT_EQ(asked_[4].has("sendInitialEvents"), !remembers);
  EXPECT_TRUE(resumed_from(remembers ? 5 : 6, 30));
  EXPECT_FALSE(health_.streaming);
  EXPECT_EQ(health_.restarts, 1U);
  EXPECT_EQ(health_.lists, 2U);
}
INSTANTIATE_TEST_SUITE_P(Statuses, InformerFallback, ::testing::Values(400, 403, 405, 406, 415, 422));

TEST_F(InformerTest, ListsInPagesWhereTheStreamHasNoEnd) {
  api_.body(added("a", 3));  // an ordinary watch, which the server ended
  api_.body(page(10, "", {pod("a", 3)}));
  api_.body(bookmark(11));
  run();
  EXPECT_EQ(log_, "[a3 [a3 ]");
  EXPECT_TRUE(asked_[1].has("limit=500"));
}

TEST_F(InformerTest, ListsInPagesAfterTwoStreamsFellSilent) {
  options_.list_idle = milliseconds(1);
  api_.black_hole(added("a", 3));
  api_.black_hole("");
  api_.body(page(10, "", {pod("a", 3)}));
  api_.status(410);
  list(20);  // streams are tried again at the next list
  run();
  EXPECT_EQ(stored(), "a3 b7");
  EXPECT_TRUE(asked_[1].has("sendInitialEvents"));
  EXPECT_TRUE(asked_[2].has("limit=500"));
  EXPECT_TRUE(asked_[4].has("sendInitialEvents"));
}

TEST_F(InformerTest, PagesAtOnceWhereAskedTo) {
  options_.streaming_list = false;
  options_.page_size = 2;
  api_.body(page(10, "n", {pod("a", 3), pod("b", 4)}), 1);
  api_.body(page(10, "", {pod("c", 5)}), 7);
  run();
  EXPECT_EQ(log_, "[a3 b4 c5 ]");
  EXPECT_TRUE(asked_[0].has("limit=2"));
}

TEST_F(InformerTest, BeginsAnewWhenPagesExpire) {
  options_.streaming_list = false;
  api_.body(page(10, "n", {pod("a", 3), pod("gone", 4)}));
  api_.status(410);
  api_.body(page(20, "m", {pod("a", 15)}));
  api_.status(410);
  api_.body(page(30, "", {pod("a", 15), pod("c", 25)}));  // the third time without pages
  api_.body(bookmark(31));
  run();
  EXPECT_EQ(log_, "[a3 gone4 [a15 [a15 c25 ]");
  EXPECT_EQ(stored(), "a15 c25");
  EXPECT_FALSE(asked_[2].has("continue"));
  EXPECT_TRUE(asked_[4].has("limit=0"));
  EXPECT_TRUE(resumed_from(5, 30));
}

TEST_F(InformerTest, AsksForAPageAgainThatFailed) {
  options_.streaming_list = false;
  api_.body(page(10, "n", {pod("a", 3)}));
  api_.status(429, seconds(3));
  api_.broken(R"({"metadata":{"resourceVersion":"10"},"items":[)" + pod("b", 4) + ",");
  api_.body(R"({"metadata":{"resourceVersion":"10"},"items":[)" + pod("b", 4) + ",");  // ends too early
  api_.body(page(10, "", {pod("b", 4), pod("c", 5)}));
  run();
  EXPECT_EQ(log_, "[a3 b4 b4 b4 c5 ]");
  for (size_t i = 1; i < 5; ++i) EXPECT_TRUE(asked_[i].has("continue=n")) << i;
  ASSERT_EQ(waits_.size(), 3U);
  EXPECT_GE(waits_[0], seconds(3));
  EXPECT_EQ(stored(), "a3 b4 c5");
}

TEST_F(InformerTest, AListThatIsNoneIsTriedAgain) {
  options_.streaming_list = false;
  for (int i = 0; i < 5; ++i) api_.body("<html>sign in</html>");
  api_.body(page(10, "", {pod("a", 3)}));
  run();
  EXPECT_EQ(log_, "[[a3 ]");
  EXPECT_EQ(health_.failures, 5U);
  EXPECT_EQ(health_.last_error, "");
}

TEST_F(InformerTest, ResumesAHundredTimesWithoutAList) {
  list();
  int version = 10;
  for (int i = 0; i < 100; ++i) {
    switch (i % 4) {
      case 0:
        api_.body(added("n" + std::to_string(i), ++version));
        break;
      case 1:
        api_.broken(added("n" + std::to_string(i), ++version) + R"({"type":"ADDED","obj)");
        break;
      case 2:
        api_.refused();
        break;
      default:
        api_.body("");  // ends at once
        break;
    }
  }
  run();
  EXPECT_EQ(health_.lists, 1U);
  EXPECT_EQ(health_.restarts, 0U);
  EXPECT_EQ(store_.size(), 52U);
  for (size_t i = 1; i < asked_.size(); ++i) EXPECT_FALSE(asked_[i].has("sendInitialEvents"));
  EXPECT_TRUE(resumed_from(100, version));
}

TEST_F(InformerTest, A410IsALostVersion) {
  list();
  api_.status(410);
  api_.body(added("b", 25) + list_end(30));
  api_.body(added("c", 31));
  run();
  EXPECT_EQ(log_, "[a3 b7 ][b25 ]c31 ");
  EXPECT_EQ(stored(), "b25 c31");
  EXPECT_EQ(health_.restarts, 1U);
  EXPECT_EQ(health_.lists, 2U);
  EXPECT_TRUE(waits_.empty());
}

TEST_F(InformerTest, AnErrorEvent410IsALostVersion) {
  list();
  api_.body(modified("a", 11) + error(410, "Expired") + added("never", 12));
  api_.body(added("b", 25) + list_end(30));
  run();
  EXPECT_EQ(log_, "[a3 b7 ]a11 [b25 ]");
  EXPECT_EQ(health_.restarts, 1U);
  EXPECT_TRUE(asked_[2].has("sendInitialEvents"));
}

TEST_F(InformerTest, DoesNotSpinWhereVersionsAreAlwaysGone) {
  for (int i = 0; i < 6; ++i) {
    list();
    api_.body(error(410, "Expired"));
  }
  run();
  ASSERT_EQ(waits_.size(), 5U);  // the first time without
  EXPECT_GE(waits_.back(), seconds(2));
}

TEST_F(InformerTest, AnotherErrorEventIsWaitedOut) {
  list();
  api_.body(modified("a", 11) + error(500, "InternalError"));
  api_.body(modified("a", 12));
  run();
  EXPECT_EQ(log_, "[a3 b7 ]a11 a12 ");
  EXPECT_TRUE(resumed_from(2, 11));
  EXPECT_EQ(waits_.size(), 1U);
  EXPECT_EQ(health_.failures, 1U);
  EXPECT_EQ(health_.restarts, 0U);
}

TEST_F(InformerTest, ListsAfterManyErrorEventsInARow) {
  list();
  for (int i = 0; i < 5; ++i) api_.body(error(504, "Timeout"));  // "too large resource version"
  list(4);
  api_.body(bookmark(5));
  run();
  EXPECT_TRUE(resumed_from(5, 10));
  EXPECT_TRUE(asked_[6].has("sendInitialEvents"));
  EXPECT_TRUE(resumed_from(7, 4));
  EXPECT_EQ(health_.lists, 2U);
}

TEST_F(InformerTest, HonoursRetryAfter) {
  list();
  api_.status(429, seconds(7));
  api_.status(503, seconds(2));
  api_.status(429, seconds(100'000));
  api_.body(added("c", 11));
  run();
  ASSERT_EQ(waits_.size(), 3U);
  EXPECT_GE(waits_[0], seconds(7));
  EXPECT_LT(waits_[0], seconds(9));
  EXPECT_GE(waits_[1], seconds(2));
  EXPECT_LE(waits_[2], seconds(121));
  EXPECT_EQ(health_.lists, 1U);
}

TEST_F(InformerTest, BacksOffAndRecovers) {
  list();
  for (int i = 0; i < 10; ++i) api_.status(500);
  api_.body(added("c", 11));
  api_.status(500);
  run();
  ASSERT_EQ(waits_.size(), 11U);
  EXPECT_GE(waits_[0], milliseconds(200));
  EXPECT_LE(waits_[0], milliseconds(400));
  for (size_t i = 1; i < 10; ++i) {
    EXPECT_GE(waits_[i], waits_[i - 1]);
    EXPECT_LE(waits_[i], seconds(15));
  }
  EXPECT_GE(waits_[9], milliseconds(7'500));
  EXPECT_LE(waits_[10], milliseconds(400));  // after a success from the start
  EXPECT_EQ(health_.lists, 1U);
  EXPECT_EQ(health_.failures, 11U);
}

TEST_F(InformerTest, IsSoonBackAfterAnOutage) {
  list();
  for (int i = 0; i < 20; ++i) api_.refused();
  api_.status(503);  // the server starts
  api_.body(added("c", 11));
  run();
  ASSERT_EQ(waits_.size(), 21U);
  EXPECT_GE(waits_[19], milliseconds(1'500));
  EXPECT_LE(*std::ranges::max_element(waits_), seconds(3));
  EXPECT_LE(waits_[20], milliseconds(400));
  EXPECT_EQ(health_.lists, 1U);
}

TEST_F(InformerTest, AsksSeldomForWhatIsNotThere) {
  for (int i = 0; i < 8; ++i) {
    const int status = i % 2 == 0 ? 404 : 403;
    api_.status(status);
    if (status == 403) api_.status(status);  // in pages neither
  }
  list();
  api_.body(bookmark(11));
  run();
  ASSERT_EQ(waits_.size(), 8U);
  EXPECT_LE(waits_[0], seconds(1));  // a server that has just started may not know it yet
  EXPECT_GE(waits_[7], seconds(15));
  EXPECT_EQ(stored(), "a3 b7");
}

TEST_F(InformerTest, NamesWhatIsNotThere) {
  api_.status(404);
  options_.sleep = [&](milliseconds /*wait*/, const CancelToken& cancel) { return cancel.cancelled(); };
  Informer<PodRecord> informer(
      api_, {"/apis/edp.dev/v1alpha1/diagnosticruns", "", ""}, read_pod, [](Delta<PodRecord>&&) {}, options_);
  informer.start();
  ASSERT_TRUE(api_.wait_for_end());
  EXPECT_NE(informer.health().last_error.find("/apis/edp.dev/v1alpha1/diagnosticruns: 404"),
            std::string::npos)
      << informer.health().last_error;
  EXPECT_FALSE(informer.health().synced);
}

TEST_F(InformerTest, ListsAgainAfterTheResourceWentAway) {
  list();
  api_.status(404);
  api_.body(list_end(40));
  api_.body(bookmark(41));
  run();
  EXPECT_EQ(stored(), "");
  EXPECT_EQ(waits_.size(), 1U);
}

TEST_F(InformerTest, ResumesWhenAConnectionFallsSilent) {
  options_.idle = milliseconds(20);
  list();
  api_.black_hole(modified("a", 11));
  api_.black_hole("");
  api_.body(modified("a", 12));
  run();
  EXPECT_EQ(log_, "[a3 b7 ]a11 a12 ");
  EXPECT_TRUE(resumed_from(2, 11));
  EXPECT_TRUE(resumed_from(3, 11));
  EXPECT_EQ(health_.lists, 1U);
}

TEST_F(InformerTest, OneBadEventCostsOnlyItself) {
  options_.max_object = 300;
  const std::string long_pod =
      R"({"metadata":{"name":"long","resourceVersion":"12"},"spec":")" + std::string(300, 'x') + "\"}";
  list();
  api_.body("\n\n" + added("c", 11) + "not JSON\n" + event("SURPRISE", pod("d", 12)) + event("ADDED", "{}") +
            event("ADDED", R"({"metadata":{"resourceVersion":"13"}})") + event("ADDED", long_pod) + "\r\n" +
            event("BOOKMARK", "{}") + modified("a", 14));
  api_.body(bookmark(15));
  run();
  EXPECT_EQ(log_, "[a3 b7 ]c11 a14 ");
  EXPECT_TRUE(resumed_from(2, 14));
  EXPECT_EQ(health_.skipped, 6U);
  EXPECT_EQ(health_.failures, 0U);
}

TEST_F(InformerTest, OneBadObjectOfAListCostsOnlyItself) {
  options_.streaming_list = false;
  options_.max_object = 200;
  api_.body(page(10, "",
                 {pod("a", 3), "{\"metadata\":{}}",
                  R"({"metadata":{"name":"l)" + std::string(300, 'x') + "\"}}", pod("b", 4)}));
  run();
  EXPECT_EQ(log_, "[a3 b4 ]");
  EXPECT_EQ(health_.skipped, 2U);
  EXPECT_NE(health_.last_error, "");
}

TEST_F(InformerTest, ResumesPastAnObjectThatCannotBeRead) {
  list();
  api_.body(event("MODIFIED", R"({"metadata":{"resourceVersion":"19"}})"));
  api_.body(bookmark(20));
  run();
  EXPECT_TRUE(resumed_from(2, 19));
}

TEST_F(InformerTest, AsksForProtobufAndTakesEither) {
  std::ifstream file(EDP_SOURCE_DIR "/tests/data/kube/pods.watch.pb", std::ios::binary);
  const std::string stream(std::istreambuf_iterator<char>(file), {});
  api_.body(stream, 100);
  api_.body(modified("c", 10500));
  resource_.protobuf = true;
  run();
  EXPECT_EQ(
      log_,
      "[edp-018a1fd9c1b6-1-wm7bc10031 edp-019b6e7016c3-1-nmrhr10035 checkout-010037 rich10040 ]c10500 ");
  for (const Asked& one : asked_)
    EXPECT_EQ(one.accept, "application/vnd.kubernetes.protobuf;stream=watch, application/json");
  EXPECT_TRUE(resumed_from(1, 10489));
  EXPECT_EQ(health_.skipped, 0U);
}

TEST_F(InformerTest, DuplicatesAndReorderedEventsDoNoHarm) {
  list();
  api_.body(modified("a", 12) + modified("a", 11) + modified("a", 12) + deleted("b", 14) + modified("b", 13) +
            deleted("b", 14) + added("c", 15) + added("c", 15));
  run();
  EXPECT_EQ(stored(), "a12 c15");
}

TEST_F(InformerTest, TakesChunksThatEndAnywhere) {
  const std::string listed = added("a", 3) + added("b", 7) + list_end(10);
  const std::string watched = added("c", 11) + "\n" + modified("a", 12) + deleted("b", 13) + bookmark(20);
  std::mt19937 random(7);  // NOLINT: the same cuts each time
  for (size_t chunk = 1; chunk < 60; ++chunk)
    api_.body(listed, chunk), api_.body(watched + error(410, "Gone"), chunk + random() % 5);
  run();
  std::string expected;
  for (size_t chunk = 1; chunk < 60; ++chunk) expected += "[a3 b7 ]c11 a12 -b ";
  EXPECT_EQ(log_, expected + "[");  // the list beyond the script
}

TEST_F(InformerTest, StopsAtOnceAndTellsItsHealthToAllThreads) {
  options_.sleep = nullptr;  // the real one
  options_.refused_first = seconds(30);
  list();
  for (int i = 0; i < 50; ++i) api_.body(modified("a", 11 + i));
  api_.status(403);
  api_.status(403);
  Informer<PodRecord> informer(
      api_, {"/api/v1/pods", "", ""}, read_pod, [this](Delta<PodRecord>&& d) { take(std::move(d)); },
      options_);
  std::atomic<bool> done{false};
  std::vector<std::thread> readers;
  for (int i = 0; i < 3; ++i) {
    readers.emplace_back([&] {
      uint64_t last = 0;
      while (!done) {
        const Health health = informer.health();
        EXPECT_GE(health.events, last);
        last = health.events;
        std::this_thread::yield();
      }
    });
  }
  informer.start();
  while (informer.health().failures == 0) std::this_thread::yield();  // it waits for half a minute now
  const auto begun = std::chrono::steady_clock::now();
  informer.stop();
  EXPECT_LT(std::chrono::steady_clock::now() - begun, seconds(5));
  done = true;
  for (auto& reader : readers) reader.join();
  informer.stop();
  EXPECT_EQ(stored(), "a60 b7");
}

TEST(Informer, MayBeDroppedWithoutAStart) {
  testing::ScriptedApi api;
  const Informer<QuotaRecord> informer(api, {"/x", "", ""}, read_quota, [](Delta<QuotaRecord>&&) {});
  EXPECT_FALSE(informer.health().synced);
}

}  // namespace
}  // namespace edp::watch
