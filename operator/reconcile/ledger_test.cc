#include "operator/reconcile/ledger.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>

namespace edp::reconcile {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr int64_t kMi = int64_t{1} << 20;

// One run with one target each.
Wish wish(const std::string& name, const std::string& ns = "shop", const std::string& priority = "Manual") {
  return {.job = "job-" + name,
          .run_ns = ns,
          .run_name = name,
          .run_uid = "run-" + name,
          .target_uid = "pod-" + name,
          .requests = {250, 256 * kMi},
          .limits = {500, 512 * kMi},
          .priority = priority,
          .since = 1000};
}

watch::QuotaRecord quota(std::map<std::string, int64_t, std::less<>> hard,
                         std::map<std::string, int64_t, std::less<>> used = {}, uint64_t version = 0) {
  return {.ns = watch::Symbol("diagnostic-system"),
          .name = "q",
          .version = version,
          .hard = std::move(hard),
          .used = std::move(used)};
}

watch::JobRecord job_of(const Wish& of, uint64_t version = 0) {
  return {.ns = watch::Symbol("diagnostic-system"),
          .name = of.job,
          .uid = "u-" + of.job,
          .version = version,
          .run_uid = of.run_uid,
          .run_namespace = of.run_ns,
          .run_name = of.run_name,
          .target_uid = of.target_uid,
          .target_node = of.node,
          .requests = of.requests,
          .limits = of.limits,
          .created = 1000};
}

watch::JobRecord done(watch::JobRecord job, uint64_t version = 0) {
  job.complete = true;
  job.finished = 1000;
  job.version = version;
  return job;
}

watch::PodRecord pod(uint64_t version, int64_t created = 1000) {
  watch::PodRecord record;
  record.ns = watch::Symbol("diagnostic-system");
  record.version = version;
  record.created = created;
  record.phase = watch::PodPhase::kRunning;
  return record;
}

void add(Ledger& ledger, const Wish& one) { ledger.wish(one.run_uid, {one}); }

std::vector<std::string> names(const std::vector<Grant>& grants) {
  std::vector<std::string> names;
  for (const Grant& grant : grants) names.push_back(grant.job.substr(4));
  return names;
}

TEST(Ledger, WithoutAnyQuotaACapHolds) {
  Ledger ledger({.cap_without_quota = 2});
  for (const char* name : {"a", "b", "c"}) add(ledger, wish(name));
  EXPECT_THAT(names(ledger.admit(1000)), ElementsAre("a", "b"));
  EXPECT_THAT(ledger.why("job-c", 1000), HasSubstr("one of 2 running"));
  ledger.job(job_of(wish("a")), 1001);
  EXPECT_THAT(ledger.admit(1001), IsEmpty());
  ledger.job(done(job_of(wish("a"))), 1002);
  EXPECT_THAT(names(ledger.admit(1002)), ElementsAre("c"));
}

struct FitCase {
  const char* name;
  std::map<std::string, int64_t, std::less<>> hard, used;
  size_t grants;  // of five wishes of 250m/256Mi, limits 500m/512Mi
};
void PrintTo(const FitCase& c, std::ostream* out) { *out << c.name; }

class LedgerFits : public ::testing::TestWithParam<FitCase> {};

TEST_P(LedgerFits, GrantsWhatFits) {
  Ledger ledger;
  ledger.quota(quota(GetParam().hard, GetParam().used), 1000);
  for (const char* name : {"a", "b", "c", "d", "e"}) add(ledger, wish(name));
  EXPECT_EQ(ledger.admit(1000).size(), GetParam().grants);
  EXPECT_THAT(ledger.admit(1000), IsEmpty());
}

INSTANTIATE_TEST_SUITE_P(
    Cases, LedgerFits,
    ::testing::Values(
        FitCase{"pods", {{"pods", 3}}, {}, 3}, FitCase{"pods_used", {{"pods", 3}}, {{"pods", 2}}, 1},
        FitCase{"count_pods", {{"count/pods", 3}}, {{"count/pods", 1}}, 2},
        FitCase{"count_jobs", {{"count/jobs.batch", 4}}, {{"count/jobs.batch", 2}}, 2},
        FitCase{"requests_cpu", {{"requests.cpu", 1000}}, {}, 4},
        FitCase{"cpu_is_requests_cpu", {{"cpu", 1000}}, {{"cpu", 500}}, 2},
        FitCase{"requests_memory", {{"requests.memory", 600 * kMi}}, {}, 2},
        FitCase{"memory_is_requests_memory", {{"memory", 600 * kMi}}, {{"memory", 100 * kMi}}, 1},
        FitCase{"limits_cpu", {{"limits.cpu", 1499}}, {}, 2},
        FitCase{"limits_memory", {{"limits.memory", 512 * kMi}}, {}, 1},
        FitCase{"the_tightest_counts", {{"limits.cpu", 2000}, {"pods", 10}, {"requests.cpu", 500}}, {}, 2},
        FitCase{"other_keys_do_not_matter", {{"services", 0}, {"count/secrets", 0}}, {}, 5},
        FitCase{"used_beyond_hard", {{"pods", 3}}, {{"pods", 5}}, 0},
        FitCase{"nothing_at_all", {{"pods", 0}}, {}, 0}),
    [](const auto& test) { return test.param.name; });

TEST(Ledger, EveryQuotaMustHaveRoom) {
  Ledger ledger;
  ledger.quota(quota({{"pods", 3}}), 1000);
  watch::QuotaRecord second = quota({{"requests.cpu", 500}});
  second.name = "r";
  ledger.quota(second, 1000);
  for (const char* name : {"a", "b", "c"}) add(ledger, wish(name));
  EXPECT_EQ(ledger.admit(1000).size(), 2U);
  EXPECT_THAT(ledger.why("job-c", 1000), HasSubstr("requests.cpu of quota r: 250m wanted, 0 of 500m free"));
  ledger.quota_gone("r");
  EXPECT_EQ(ledger.admit(1000).size(), 1U);
}

TEST(Ledger, WhatCanNeverFitIsTooLargeUntilTheLimitGrows) {
  Ledger ledger;
  ledger.quota(quota({{"limits.memory", 256 * kMi}}), 1000);
  add(ledger, wish("a"));
  EXPECT_EQ(ledger.answer("job-a", 1000), Answer::kTooLarge);
  EXPECT_EQ(ledger.figures().too_large, 1U);
  EXPECT_THAT(ledger.why("job-a", 1000), HasSubstr("512Mi wanted, the limit is 256Mi"));
  EXPECT_THAT(ledger.admit(1000), IsEmpty());
  ledger.quota(quota({{"limits.memory", 1024 * kMi}}), 1001);
  EXPECT_EQ(ledger.answer("job-a", 1001), Answer::kWaiting);
  EXPECT_EQ(ledger.admit(1001).size(), 1U);
  add(ledger, wish("b"));
  ledger.quota(quota({{"limits.memory", 1 * kMi}}), 1002);
  EXPECT_EQ(ledger.answer("job-b", 1002), Answer::kTooLarge);
  ledger.wish("run-b", {});
  EXPECT_EQ(ledger.figures().too_large, 0U);
}

TEST(Ledger, PriorityComesFirstThenTurnsOfNamespacesThenTime) {
  Ledger ledger;
  ledger.quota(quota({{"pods", 20}}), 1000);
  const auto later = [](Wish one, int64_t since) {
    one.since = since;
    return one;
  };
  add(ledger, wish("p1", "x", "Periodic"));
  add(ledger, later(wish("s2", "shop"), 1002));
  add(ledger, later(wish("s1", "shop"), 1001));
  add(ledger, later(wish("s3", "shop"), 1003));
  add(ledger, later(wish("b1", "bank"), 1009));
  add(ledger, later(wish("b2", "bank"), 1010));
  add(ledger, wish("c1", "x", "Critical"));
  EXPECT_THAT(names(ledger.admit(1000)), ElementsAre("c1", "b1", "s1", "b2", "s2", "s3", "p1"));
}

TEST(Ledger, ANamespaceThatComesLateStartsLevel) {
  Ledger ledger({.cap_without_quota = 4});
  for (int i = 0; i < 8; ++i) add(ledger, wish("a" + std::to_string(i), "a"));
  ASSERT_EQ(ledger.admit(1000).size(), 4U);
  for (int i = 0; i < 8; ++i) add(ledger, wish("b" + std::to_string(i), "b"));
  for (int i = 0; i < 4; ++i) ledger.job(done(job_of(wish("a" + std::to_string(i)))), 1100);
  int of_b = 0;
  for (const Grant& grant : ledger.admit(1100)) of_b += grant.run_ns == "b" ? 1 : 0;
  EXPECT_EQ(of_b, 2);  // not all four to make up for the past
}

TEST(Ledger, OneUnfinishedJobATargetOverAllRuns) {
  Ledger ledger;
  Wish first = wish("a"), second = wish("b");
  second.target_uid = first.target_uid;
  add(ledger, first);
  add(ledger, second);
  EXPECT_THAT(names(ledger.admit(1000)), ElementsAre("a"));
  EXPECT_THAT(ledger.why("job-b", 1000), HasSubstr("another diagnosis of this pod"));
  ledger.placing("job-a", 1000);
  ledger.job(job_of(first), 1001);
  EXPECT_THAT(ledger.admit(1001), IsEmpty());
  ledger.job(done(job_of(first)), 1002);
  EXPECT_THAT(names(ledger.admit(1002)), ElementsAre("b"));
}

TEST(Ledger, SoManyJobsANodeUnlessTheWishSaysFewerOrMore) {
  Ledger ledger({.per_node = 2});
  const auto on_node = [](const std::string& name, int32_t per_node) {
    Wish one = wish(name);
    one.node = watch::Symbol("n1");
    one.per_node = per_node;
    return one;
  };
  for (const auto& [name, limit] :
       {std::pair("a", 0), std::pair("b", 1), std::pair("c", 0), std::pair("d", 0), std::pair("e", 3)}) {
    add(ledger, on_node(name, limit));
  }
  EXPECT_THAT(names(ledger.admit(1000)), ElementsAre("a", "c", "e"));
  EXPECT_THAT(ledger.why("job-d", 1000), HasSubstr("node n1"));
  ledger.job(done(job_of(on_node("a", 0))), 1001);
  EXPECT_THAT(ledger.admit(1001), IsEmpty());  // c and e are left: no room for b or d
  ledger.job(done(job_of(on_node("c", 0))), 1001);
  EXPECT_THAT(names(ledger.admit(1001)), ElementsAre("d"));
  ledger.job(done(job_of(on_node("d", 0))), 1002);
  ledger.job(done(job_of(on_node("e", 0))), 1002);
  EXPECT_THAT(names(ledger.admit(1002)), ElementsAre("b"));
}

TEST(Ledger, MaxParallelOfARun) {
  Ledger ledger;
  std::vector<Wish> wishes;
  for (int i = 0; i < 5; ++i) {
    Wish one = wish("t" + std::to_string(i));
    one.max_parallel = 2;
    wishes.push_back(one);
  }
  ledger.wish("run-x", wishes);
  EXPECT_THAT(names(ledger.admit(1000)), ElementsAre("t0", "t1"));
  Wish first = wishes[0];
  first.run_uid = "run-x";
  ledger.job(done(job_of(first)), 1001);
  wishes.erase(wishes.begin());
  ledger.wish("run-x", wishes);
  EXPECT_THAT(names(ledger.admit(1001)), ElementsAre("t2"));
  EXPECT_EQ(ledger.answers("run-x", 1001).size(), 4U);
}

TEST(Ledger, AGrantThatIsNotWantedAnyMoreGivesTheRoomBack) {
  Ledger ledger;
  ledger.quota(quota({{"pods", 1}}), 1000);
  add(ledger, wish("a"));
  add(ledger, wish("b"));
  EXPECT_THAT(names(ledger.admit(1000)), ElementsAre("a"));
  ledger.wish("run-a", {});
  EXPECT_EQ(ledger.answer("job-a", 1000), Answer::kNone);
  EXPECT_THAT(names(ledger.admit(1000)), ElementsAre("b"));
  ledger.placing("job-b", 1000);
  ledger.wish("run-b", {});  // too late: the create is under way
  add(ledger, wish("c"));
  EXPECT_THAT(ledger.admit(1001), IsEmpty());
  ledger.not_placed("job-b");
  EXPECT_THAT(names(ledger.admit(1001)), ElementsAre("c"));
}

TEST(Ledger, ACreateWithoutAnAnswerIsSentAgainAtOnceAndKeepsItsRoom) {
  Ledger ledger({.cap_without_quota = 1});
  add(ledger, wish("a"));
  add(ledger, wish("b"));
  ASSERT_EQ(ledger.admit(1000).size(), 1U);
  ledger.placing("job-a", 1000);
  ledger.answer_lost("job-a");
  EXPECT_EQ(ledger.answer("job-a", 1001), Answer::kGranted);
  EXPECT_THAT(ledger.admit(1001), IsEmpty());
  ledger.placing("job-a", 1001);
  EXPECT_EQ(ledger.answer("job-a", 1002), Answer::kPlaced);
}

TEST(Ledger, ACreateWhoseJobNeverShowsIsSentAgainAndAtLastGivenUp) {
  Ledger ledger({.cap_without_quota = 1, .unseen_seconds = 30});
  add(ledger, wish("a"));
  add(ledger, wish("b"));
  ASSERT_EQ(ledger.admit(1000).size(), 1U);
  ledger.placing("job-a", 1000);
  EXPECT_EQ(ledger.answer("job-a", 1029), Answer::kPlaced);
  EXPECT_EQ(ledger.answer("job-a", 1030), Answer::kGranted);
  ledger.placing("job-a", 1030);
  EXPECT_EQ(ledger.answer("job-a", 1031), Answer::kPlaced);
  EXPECT_THAT(ledger.admit(2000), IsEmpty());  // still wanted
  ledger.wish("run-a", {});
  EXPECT_THAT(names(ledger.admit(2000)), ElementsAre("b"));
}

// The heart of the matter: when is a charge known to be in the quota's status?
TEST(Ledger, AChargeCountsTwiceUntilTheStatusShowsIt) {
  Ledger ledger;
  ledger.quota(quota({{"pods", 4}}, {{"pods", 0}}, 10), 1000);
  for (const char* name : {"a", "b", "c"}) add(ledger, wish(name));
  ASSERT_EQ(ledger.admit(1000).size(), 3U);
  for (const char* name : {"d", "e"}) add(ledger, wish(name));
  // A stranger's two pods, or two of ours? They are of our size, so ours: room for one.
  ledger.quota(quota({{"pods", 4}}, {{"pods", 2}}, 12), 1001);
  EXPECT_EQ(ledger.use(1001)["pods"].used, 3);
  EXPECT_THAT(names(ledger.admit(1001)), ElementsAre("d"));
  EXPECT_THAT(ledger.admit(1001), IsEmpty());
}

TEST(Ledger, ARiseThatIsNotOurSizeProvesNothing) {
  Ledger ledger;
  const std::map<std::string, int64_t, std::less<>> hard{{"pods", 4}, {"requests.cpu", 4000}};
  ledger.quota(quota(hard, {{"pods", 0}, {"requests.cpu", 0}}, 10), 1000);
  add(ledger, wish("a"));
  ASSERT_EQ(ledger.admit(1000).size(), 1U);
  ledger.quota(quota(hard, {{"pods", 1}, {"requests.cpu", 300}}, 12), 1001);
  EXPECT_EQ(ledger.use(1001)["pods"].used, 2);
  ledger.quota(quota(hard, {{"pods", 2}, {"requests.cpu", 550}}, 13), 1001);  // 250m: ours
  EXPECT_EQ(ledger.use(1001)["pods"].used, 2);
}

TEST(Ledger, AFinishedJobWhoseChargeWasNeverSeenIsStillExpected) {
  Ledger ledger;
  ledger.quota(quota({{"pods", 1}}, {{"pods", 0}}, 10), 1000);
  add(ledger, wish("a"));
  ASSERT_EQ(ledger.admit(1000).size(), 1U);
  ledger.job(done(job_of(wish("a")), 20), 1001);
  add(ledger, wish("b"));
  EXPECT_THAT(ledger.admit(1001), IsEmpty());  // the quota's watch is behind
  ledger.quota(quota({{"pods", 1}}, {{"pods", 1}}, 15), 1001);
  EXPECT_THAT(ledger.admit(1001), IsEmpty());  // seen, and not yet given back
  ledger.quota(quota({{"pods", 1}}, {{"pods", 0}}, 25), 1001);
  EXPECT_THAT(names(ledger.admit(1001)), ElementsAre("b"));  // at once, no resync
}

TEST(Ledger, TheVersionOfTheQuotaProvesThatAPodWasCharged) {
  Ledger ledger;
  ledger.quota(quota({{"pods", 2}}, {{"pods", 1}}, 10), 1000);
  add(ledger, wish("a"));
  ASSERT_EQ(ledger.admit(1000).size(), 1U);
  add(ledger, wish("b"));
  ledger.runner_pod("job-a", pod(21), 1001);
  // A stranger's pod went while ours came: the figure did not move. A pod seen at 21 was charged before 22.
  ledger.quota(quota({{"pods", 2}}, {{"pods", 1}}, 20), 1001);
  EXPECT_THAT(ledger.admit(1001), IsEmpty());
  ledger.quota(quota({{"pods", 2}}, {{"pods", 1}}, 22), 1001);
  EXPECT_THAT(names(ledger.admit(1001)), ElementsAre("b"));
}

TEST(Ledger, WhatWasSeenLongAgoIsSettled) {
  Ledger ledger({.settle_seconds = 10});
  ledger.quota(quota({{"pods", 2}}, {{"pods", 1}}), 1000);
  add(ledger, wish("a"));
  ASSERT_EQ(ledger.admit(1000).size(), 1U);
  add(ledger, wish("b"));
  EXPECT_THAT(ledger.admit(1100), IsEmpty());  // no pod yet: time proves nothing
  ledger.job(job_of(wish("a")), 1100);
  EXPECT_THAT(ledger.admit(1200), IsEmpty());
  ledger.runner_pod("job-a", pod(0, 1200), 1200);
  EXPECT_EQ(ledger.next_due(1200), 1210);
  EXPECT_THAT(ledger.admit(1209), IsEmpty());
  EXPECT_THAT(names(ledger.admit(1210)), ElementsAre("b"));
}

TEST(Ledger, AFigureWrittenTooLowDoesNotDeceive) {
  Ledger ledger;
  ledger.quota(quota({{"pods", 2}}, {{"pods", 0}}, 10), 1000);
  add(ledger, wish("a"));
  add(ledger, wish("b"));
  ASSERT_EQ(ledger.admit(1000).size(), 2U);
  for (const char* name : {"a", "b"}) ledger.job(job_of(wish(name), 11), 1001);
  ledger.quota(quota({{"pods", 2}}, {{"pods", 2}}, 20), 1001);
  ledger.quota(quota({{"pods", 2}}, {{"pods", 0}}, 21), 1001);  // from caches that lag
  add(ledger, wish("c"));
  EXPECT_THAT(ledger.admit(1001), IsEmpty());
}

TEST(Ledger, WhatEndedAfterTheStatusIsStillHeld) {
  Ledger ledger;
  ledger.quota(quota({{"pods", 2}}, {{"pods", 0}}, 10), 1000);
  add(ledger, wish("a"));
  add(ledger, wish("b"));
  ASSERT_EQ(ledger.admit(1000).size(), 2U);
  for (const char* name : {"a", "b"}) ledger.job(job_of(wish(name), 11), 1001);
  ledger.quota(quota({{"pods", 2}}, {{"pods", 2}}, 20), 1001);
  ledger.quota(quota({{"pods", 2}}, {{"pods", 0}}, 21),
               1001);  // too low; corrected at 25, which we don't see yet
  ledger.job(done(job_of(wish("a")), 30), 1002);
  add(ledger, wish("c"));
  EXPECT_THAT(ledger.admit(1002), IsEmpty());  // the server still holds a's charge, and b's
  ledger.quota(quota({{"pods", 2}}, {{"pods", 1}}, 31), 1002);
  EXPECT_THAT(names(ledger.admit(1002)), ElementsAre("c"));
}

TEST(Ledger, AfterARestartOldJobsCountOnce) {
  Ledger ledger;
  ledger.runner_pod("job-a", pod(90, 1000), 2000);  // told before its Job
  ledger.quota(quota({{"pods", 2}, {"count/jobs.batch", 5}}, {{"pods", 1}, {"count/jobs.batch", 1}}, 50),
               2000);
  ledger.job(job_of(wish("a"), 80), 2000);
  add(ledger, wish("b"));
  EXPECT_THAT(names(ledger.admit(2000)), ElementsAre("b"));
  EXPECT_EQ(ledger.figures().unfinished, 2U);
}

TEST(Ledger, AfterARestartAYoungJobCountsTwiceUntilProven) {
  Ledger ledger;
  ledger.quota(quota({{"pods", 2}}, {{"pods", 1}}, 50), 1005);
  ledger.job(job_of(wish("a"), 80), 1005);
  add(ledger, wish("b"));
  EXPECT_THAT(ledger.admit(1005), IsEmpty());
  ledger.runner_pod("job-a", pod(60), 1006);
  ledger.quota(quota({{"pods", 2}}, {{"pods", 1}}, 61), 1006);
  EXPECT_EQ(ledger.admit(1006).size(), 1U);
}

TEST(Ledger, JobsInAnotherNamespaceAreNotCharged) {
  Ledger ledger({.cap_without_quota = 2});
  ledger.quota(quota({{"pods", 0}}), 1000);
  for (const char* name : {"a", "b", "c"}) {
    Wish one = wish(name);
    one.charged = false;
    add(ledger, one);
  }
  EXPECT_THAT(names(ledger.admit(1000)), ElementsAre("a", "b"));
}

Wish large(const std::string& name, const std::string& priority = "Manual") {
  Wish one = wish(name, "shop", priority);
  one.requests.cpu = 1000;
  return one;
}

TEST(Ledger, SmallOnesPassALargeOneOnlyForAWhile) {
  Ledger ledger({.patience_seconds = 30});
  ledger.quota(quota({{"requests.cpu", 1000}}, {{"requests.cpu", 0}}, 1), 1000);
  add(ledger, wish("s0"));
  ASSERT_EQ(ledger.admit(1000).size(), 1U);
  add(ledger, large("L"));
  add(ledger, wish("s1"));
  EXPECT_THAT(names(ledger.admit(1001)), ElementsAre("s1"));  // passes: room would stand empty
  EXPECT_EQ(ledger.next_due(1001), 1031);
  add(ledger, wish("s2"));
  add(ledger, wish("c", "shop", "Critical"));
  add(ledger, wish("p", "shop", "Periodic"));
  EXPECT_THAT(names(ledger.admit(1031)), ElementsAre("c"));  // a higher class still may
  int64_t used = 750;
  uint64_t version = 2;
  ledger.quota(quota({{"requests.cpu", 1000}}, {{"requests.cpu", used}}, version), 1031);
  for (const char* name : {"s0", "s1", "c"}) {
    ledger.job(done(job_of(wish(name)), ++version), 1032);
    used -= 250;
    ledger.quota(quota({{"requests.cpu", 1000}}, {{"requests.cpu", used}}, ++version), 1032);
    if (used > 0) {
      EXPECT_THAT(ledger.admit(1032), IsEmpty()) << name;
    }
  }
  EXPECT_THAT(names(ledger.admit(1032)), ElementsAre("L"));
}

TEST(Ledger, AClaimThatStrangersMakeHopelessDoesNotStopTheRest) {
  Ledger ledger({.patience_seconds = 30});
  ledger.quota(quota({{"requests.cpu", 1000}}, {{"requests.cpu", 200}}, 1), 1000);
  add(ledger, large("L"));
  add(ledger, wish("a"));
  ASSERT_THAT(names(ledger.admit(1000)), ElementsAre("a"));
  add(ledger, wish("b"));
  EXPECT_THAT(ledger.admit(1040), IsEmpty());
  ledger.quota(quota({{"requests.cpu", 1000}}, {{"requests.cpu", 450}}, 2), 1041);
  ledger.job(done(job_of(wish("a")), 3), 1041);
  ledger.quota(quota({{"requests.cpu", 1000}}, {{"requests.cpu", 200}}, 4), 1041);
  EXPECT_THAT(ledger.admit(1041), IsEmpty());  // perhaps it comes yet
  EXPECT_EQ(ledger.next_due(1041), 1051);
  EXPECT_THAT(names(ledger.admit(1051)), ElementsAre("b"));
}

TEST(Ledger, AnswersAndFigures) {
  Ledger ledger({.cap_without_quota = 1});
  add(ledger, wish("a", "shop", "Critical"));
  add(ledger, wish("b"));
  add(ledger, wish("c", "shop", "Periodic"));
  (void)ledger.admit(1000);
  const LedgerFigures figures = ledger.figures();
  EXPECT_EQ(figures.waiting_critical, 0U);
  EXPECT_EQ(figures.waiting_manual, 1U);
  EXPECT_EQ(figures.waiting_periodic, 1U);
  EXPECT_EQ(figures.granted, 1U);
  EXPECT_EQ(figures.unfinished, 1U);
  EXPECT_EQ(figures.grants, 1U);
  EXPECT_EQ(figures.oldest_since, 1000);
  EXPECT_EQ(ledger.answer("job-a", 1000), Answer::kGranted);
  ledger.job(job_of(wish("a")), 1001);
  EXPECT_EQ(ledger.answer("job-a", 1001), Answer::kPlaced);
  EXPECT_EQ(ledger.answer("job-b", 1001), Answer::kWaiting);
  EXPECT_EQ(ledger.answer("nobody", 1001), Answer::kNone);
  ledger.job_gone("diagnostic-system", "job-a", 1002);
  EXPECT_EQ(ledger.answer("job-a", 1002), Answer::kNone);
}

TEST(Ledger, ThousandsThatWaitCostLittle) {
  Ledger ledger({.per_node = 4});
  ledger.quota(quota({{"pods", 100}}, {{"pods", 0}}, 1), 1000);
  constexpr int kWishes = 10'000;
  std::vector<Wish> all;
  for (int i = 0; i < kWishes; ++i) {
    Wish one = wish(std::to_string(i), "ns" + std::to_string(i % 50));
    one.node = watch::Symbol("node" + std::to_string(i % 300));
    all.push_back(one);
    add(ledger, one);
  }
  std::map<std::string, const Wish*> by_job;
  for (const Wish& one : all) by_job[one.job] = &one;
  const auto began = std::chrono::steady_clock::now();
  uint64_t version = 1;
  int64_t used = 0;
  int admitted = 0;
  std::vector<Grant> running;
  while (admitted < kWishes) {
    for (const Grant& grant : ledger.admit(1000)) {
      running.push_back(grant);
      ++admitted;
      ledger.quota(quota({{"pods", 100}}, {{"pods", ++used}}, ++version), 1000);
      ledger.runner_pod(grant.job, pod(++version), 1000);
    }
    ASSERT_FALSE(running.empty());
    ASSERT_LE(running.size(), 100U);
    ledger.job(done(job_of(*by_job[running.front().job]), ++version), 1000);
    ledger.quota(quota({{"pods", 100}}, {{"pods", --used}}, ++version), 1000);
    running.erase(running.begin());
  }
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
  RecordProperty("admitted_a_second", std::to_string(kWishes / seconds));
  std::printf("%.0f admitted a second\n", kWishes / seconds);
  EXPECT_LT(seconds, 30);  // a debug build with sanitizers on a busy machine
}

}  // namespace
}  // namespace edp::reconcile
