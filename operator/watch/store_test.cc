#include "operator/watch/store.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace edp::watch {
namespace {

class StoreTest : public ::testing::Test {
 protected:
  static PodRecord pod(const char* name, uint64_t version, const char* uid = "u") {
    PodRecord made;
    made.ns = Symbol("shop");
    made.name = name;
    made.uid = std::string(uid) + "-" + name;
    made.version = version;
    return made;
  }
  void begin() { store_.apply({DeltaKind::kSyncBegin, {}}); }
  void end() { store_.apply({DeltaKind::kSyncEnd, {}}); }
  void put(PodRecord one) { store_.apply({DeltaKind::kUpsert, std::move(one)}); }
  void gone(PodRecord one) { store_.apply({DeltaKind::kDelete, std::move(one)}); }
  // What was reported since the last time.
  std::vector<std::string> changes() { return std::exchange(changes_, {}); }

  static std::string text(const PodRecord* one) {
    return one == nullptr ? "-" : one->name + "@" + std::to_string(one->version);
  }
  std::vector<std::string> changes_;
  Store<PodRecord> store_{[this](const PodRecord* old, const PodRecord* now) {
    changes_.push_back(text(old) + ">" + text(now));
  }};
};
using Changes = std::vector<std::string>;

TEST_F(StoreTest, KeepsWhatIsThere) {
  begin();
  put(pod("a", 1));
  put(pod("b", 2));
  EXPECT_FALSE(store_.synced());
  end();
  EXPECT_TRUE(store_.synced());
  put(pod("a", 3));
  gone(pod("b", 4));
  EXPECT_EQ(changes(), (Changes{"->a@1", "->b@2", "a@1>a@3", "b@2>-"}));
  EXPECT_EQ(store_.size(), 1U);
  ASSERT_NE(store_.find("shop", "a"), nullptr);
  EXPECT_EQ(store_.find(Symbol("shop"), "a")->version, 3U);
  EXPECT_EQ(store_.find("shop", "b"), nullptr);
  EXPECT_EQ(store_.find("cart", "a"), nullptr);
}

TEST_F(StoreTest, PointersStayWhileTheObjectDoes) {
  put(pod("a", 1));
  const PodRecord* const a = store_.find("shop", "a");
  for (int i = 0; i < 1000; ++i) put(pod(("other-" + std::to_string(i)).c_str(), 5));
  put(pod("a", 7));
  EXPECT_EQ(store_.find("shop", "a"), a);
  EXPECT_EQ(a->version, 7U);
}

TEST_F(StoreTest, IgnoresAnOlderObject) {
  put(pod("a", 10));
  put(pod("a", 9));
  EXPECT_EQ(changes(), Changes{"->a@10"});
  put(pod("a", 10));  // again: told, harmless
  put(pod("a", 0));   // no number: can't be judged, so it is taken
  EXPECT_EQ(changes(), (Changes{"a@10>a@10", "a@10>a@0"}));
}

TEST_F(StoreTest, DropsWhatAListDidNotBring) {
  begin();
  put(pod("a", 1));
  put(pod("b", 2));
  end();
  changes();
  begin();
  put(pod("a", 1));
  end();
  EXPECT_EQ(changes(), (Changes{"a@1>a@1", "b@2>-"}));
}

TEST_F(StoreTest, AListThatBeginsAnewCountsAlone) {
  begin();
  put(pod("a", 1));
  put(pod("b", 2));
  put(pod("c", 3));
  end();
  changes();
  begin();
  put(pod("a", 4));  // this list breaks off
  begin();
  put(pod("b", 5));
  end();
  EXPECT_EQ(store_.size(), 1U);
  EXPECT_NE(store_.find("shop", "b"), nullptr);
}

TEST_F(StoreTest, NothingIsDroppedBeforeAListEnds) {
  begin();
  put(pod("a", 1));
  end();
  begin();
  EXPECT_EQ(store_.size(), 1U);
  begin();
  EXPECT_EQ(store_.size(), 1U);
}

TEST_F(StoreTest, AListIsRightAboutAHistorySetBack) {
  begin();
  put(pod("a", 1000));
  end();
  changes();
  begin();
  put(pod("a", 10));
  put(pod("a", 9));  // but within the list older ones are older
  end();
  EXPECT_EQ(changes(), Changes{"a@1000>a@10"});
}

TEST_F(StoreTest, TellsANewObjectOfTheSameNameFromTheOld) {
  put(pod("a", 1, "old"));
  put(pod("a", 5, "new"));
  EXPECT_EQ(changes(), (Changes{"->a@1", "a@1>-", "->a@5"}));
  gone(pod("a", 4, "old"));  // late news of the old one
  EXPECT_EQ(store_.size(), 1U);
  put(pod("a", 3, "old"));
  EXPECT_EQ(changes(), Changes{});
  EXPECT_EQ(store_.find("shop", "a")->uid, "new-a");
}

TEST_F(StoreTest, ADeletedObjectDoesNotComeBackByOldNews) {
  put(pod("a", 1));
  gone(pod("a", 3));
  put(pod("a", 2));
  EXPECT_EQ(store_.size(), 0U);
  EXPECT_EQ(changes(), (Changes{"->a@1", "a@1>-"}));
  begin();  // but by a list it does
  put(pod("a", 2));
  end();
  EXPECT_EQ(store_.size(), 1U);
}

TEST_F(StoreTest, DeletingTwiceOrTheUnknownIsNothing) {
  gone(pod("x", 1));
  put(pod("a", 1));
  gone(pod("a", 2));
  gone(pod("a", 2));
  EXPECT_EQ(changes(), (Changes{"->a@1", "a@1>-"}));
}

TEST(StoreOfClusterObjects, FindsByNameAlone) {
  Store<ProfileRecord> store;
  ProfileRecord profile;
  profile.name = "prod-k8s";
  store.apply({DeltaKind::kUpsert, profile});
  EXPECT_NE(store.find("prod-k8s"), nullptr);
  EXPECT_EQ(store.find("light"), nullptr);
  int seen = 0;
  store.for_each([&](const ProfileRecord& one) { seen += one.name == "prod-k8s" ? 1 : 0; });
  EXPECT_EQ(seen, 1);
}

}  // namespace
}  // namespace edp::watch
