#include "operator/leader/election.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "operator/leader/testing/world.h"

namespace edp::leader {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using namespace edp::leader::testing;  // NOLINT(google-build-using-namespace)

TEST(Election, OptionsThatCannotWork) {
  ElectionOptions options = candidate("a");
  EXPECT_TRUE(options.check());
  options.identity = "";
  EXPECT_FALSE(options.check());
  options = candidate("a");
  options.renew_deadline = options.lease_duration;
  EXPECT_FALSE(options.check());
  options = candidate("a");
  options.retry_period = milliseconds(9'000);
  EXPECT_FALSE(options.check());
  options.retry_period = milliseconds(0);
  EXPECT_FALSE(options.check());
}

TEST(Election, CreatesTheLeaseAndRenewsIt) {
  World world;
  Candidate& a = world.add(candidate("a"));
  world.pass(milliseconds(100));
  ASSERT_TRUE(a.last.leading);
  const auto spec = (*world.server.object)["spec"];
  EXPECT_EQ(spec["holderIdentity"], "a");
  EXPECT_EQ(spec["leaseDurationSeconds"], 15);
  EXPECT_EQ(spec["leaseTransitions"], 0);
  EXPECT_THAT(spec["renewTime"].get<std::string>(),
              ::testing::MatchesRegex("2026-.*T.*[.][0-9][0-9][0-9][0-9][0-9][0-9]Z"));
  EXPECT_EQ((*world.server.object)["metadata"]["namespace"], "diagnostic-system");
  world.pass(seconds(60));
  EXPECT_TRUE(a.held());
  const auto later = (*world.server.object)["spec"];
  EXPECT_EQ(later["acquireTime"], spec["acquireTime"]);
  EXPECT_NE(later["renewTime"], spec["renewTime"]);
  EXPECT_NEAR(world.server.writes, 31, 1);  // every two seconds, without a read in between
}

TEST(Election, TheSecondWaitsAndTakesOverWhenTheFirstIsGone) {
  World world;
  Candidate& a = world.add(candidate("a"));
  world.pass(milliseconds(100));
  Candidate& b = world.add(candidate("b"));
  world.pass(seconds(300));
  EXPECT_TRUE(a.held());
  EXPECT_EQ(b.starts, 0);
  EXPECT_EQ(b.election.holder(), "a");
  a.process.stopped = true;  // kill -9
  const Duration died = world.sim.now();
  while (!b.held() && world.sim.now() < died + seconds(60)) world.pass(milliseconds(50));
  EXPECT_GE(world.sim.now() - died, seconds(12));
  EXPECT_LE(world.sim.now() - died, seconds(18));
  EXPECT_EQ((*world.server.object)["spec"]["leaseTransitions"], 1);
}

TEST(Election, ReleaseHandsOverWithinARetryPeriod) {
  World world;
  Candidate& a = world.add(candidate("a"));
  world.pass(milliseconds(100));
  Candidate& b = world.add(candidate("b"));
  world.pass(seconds(10));
  a.leave = true;
  while (!world.server.holder().empty()) world.pass(milliseconds(50));
  EXPECT_FALSE(a.held());
  EXPECT_EQ((*world.server.object)["spec"]["leaseDurationSeconds"], 1);
  world.pass(milliseconds(2'500));
  EXPECT_TRUE(b.held());
  EXPECT_EQ((*world.server.object)["spec"]["leaseTransitions"], 1);
}

TEST(Election, ReleaseOfWhatIsNotHeldTouchesNothing) {
  World world;
  world.server.put("somebody", 15);
  Candidate& b = world.add(candidate("b"));
  world.pass(seconds(3));
  const int version = world.server.version;
  b.leave = true;
  world.pass(seconds(5));
  EXPECT_EQ(world.server.version, version);
  EXPECT_EQ(world.server.holder(), "somebody");
}

TEST(Election, NoReleaseWhileAWriteIsUnderWay) {
  World world;
  Candidate& a = world.add(candidate("a"));
  world.pass(milliseconds(100));
  {
    const Tenure::Write write(a.tenure);
    a.leave = true;
    world.pass(seconds(6));
  }
  EXPECT_FALSE(a.held());
  EXPECT_EQ(world.server.holder(), "a") << "it must run out by itself";
}

TEST(Election, ReleaseAfterALostAnswerLooksFirst) {
  World world;
  Candidate& a = world.add(candidate("a"));
  world.pass(milliseconds(100));
  a.network.fate = [] { return Fate{.lose_answer = true}; };
  world.pass(seconds(3));
  a.network.fate = [] { return Fate{}; };
  a.leave = true;
  world.pass(seconds(8));
  EXPECT_EQ(world.server.holder(), "");
}

TEST(Election, ClocksDecideNothing) {
  // The holder's clock is a day behind, the other's a day ahead: its record looks long expired.
  World world;
  Candidate& a = world.add(candidate("a"), -seconds(500), -std::chrono::hours(24));
  world.pass(milliseconds(100));
  Candidate& b = world.add(candidate("b"), seconds(12345), std::chrono::hours(24));
  world.pass(seconds(120));
  EXPECT_TRUE(a.held());
  EXPECT_EQ(b.starts, 0);
}

TEST(Election, AnUnchangedRecordRunsOutFromWhenItWasFirstSeen) {
  World world;
  world.server.put("gone", 15, "2099-01-01T00:00:00.000000Z");
  Candidate& b = world.add(candidate("b"));
  world.pass(seconds(14));
  EXPECT_EQ(b.starts, 0);
  world.pass(seconds(2));
  EXPECT_TRUE(b.held());
}

TEST(Election, AnothersLongerTermIsRespected) {
  World world;
  world.server.put("gone", 60);
  Candidate& b = world.add(candidate("b"));
  world.pass(seconds(59));
  EXPECT_EQ(b.starts, 0);
  world.pass(seconds(3));
  EXPECT_TRUE(b.held());
}

TEST(Election, OwnLeaseAfterARestartIsTakenAtOnce) {
  World world;
  world.server.put("a", 15);
  Candidate& a = world.add(candidate("a"));
  world.pass(milliseconds(100));
  EXPECT_TRUE(a.held());
}

TEST(Election, LostAnswerIsNoLoss) {
  World world;
  Candidate& a = world.add(candidate("a"));
  world.pass(milliseconds(100));
  int calls = 0;
  a.network.fate = [&] { return Fate{.lose_answer = ++calls == 1}; };
  world.pass(seconds(8));
  EXPECT_TRUE(a.held());
  EXPECT_EQ(a.ends, 0);
}

TEST(Election, ConflictIsReadAgainInTheSameStep) {
  World world;
  Candidate& a = world.add(candidate("a"));
  world.pass(milliseconds(100));
  (*world.server.object)["metadata"]["labels"] = {{"touched", "by-hand"}};
  (*world.server.object)["metadata"]["resourceVersion"] = std::to_string(++world.server.version);
  world.pass(milliseconds(2'050));
  EXPECT_TRUE(a.last.leading);
  EXPECT_EQ(a.last.note, "");
  EXPECT_EQ((*world.server.object)["metadata"]["labels"]["touched"], "by-hand");
}

TEST(Election, TakenByAnotherEndsTheTenureAtOnce) {
  World world;
  Candidate& a = world.add(candidate("a"));
  world.pass(milliseconds(100));
  world.server.put("thief", 15);
  world.pass(milliseconds(2'050));
  EXPECT_FALSE(a.last.leading);
  EXPECT_FALSE(a.held());
  EXPECT_EQ(a.ends, 1);
}

TEST(Election, AServerThatIsDownEndsLeadingAtTheRenewDeadline) {
  World world;
  Candidate& a = world.add(candidate("a"));
  world.pass(milliseconds(100));
  world.server.down = true;
  world.pass(seconds(9));
  EXPECT_TRUE(a.last.leading);
  world.pass(milliseconds(1'500));
  EXPECT_FALSE(a.last.leading);
  EXPECT_FALSE(a.held());
  EXPECT_THAT(a.last.note, HasSubstr("503"));
  world.server.down = false;
  world.pass(seconds(3));
  EXPECT_TRUE(a.held()) << "its own record is still there";
}

TEST(Election, ADeletedLeaseIsMadeAgain) {
  World world;
  Candidate& a = world.add(candidate("a"));
  world.pass(milliseconds(100));
  world.server.object.reset();
  world.pass(milliseconds(2'100));
  EXPECT_TRUE(a.held());
  EXPECT_EQ(world.server.holder(), "a");
}

TEST(Election, StoppedForLongerThanTheLeaseHearsOfTheLossBeforeItStandsAgain) {
  World world;
  Candidate& a = world.add(candidate("a"));
  world.pass(milliseconds(100));
  a.process.stopped = true;  // SIGSTOP
  world.pass(seconds(30));
  EXPECT_FALSE(a.held());
  a.process.stopped = false;
  world.pass(milliseconds(500));
  EXPECT_EQ(a.ends, 1);
  EXPECT_EQ(a.starts, 2) << "nobody else wanted it";
}

TEST(Election, StoppedBeforeTheRequestWasSent) {
  World world;
  Candidate& a = world.add(candidate("a"));
  world.pass(milliseconds(100));
  bool once = false;
  a.network.fate = [&] { return Fate{.stop_before = std::exchange(once, true) ? Duration{} : seconds(30)}; };
  bool held_late = false;
  world.after_step = [&] {
    held_late = held_late || (a.starts == 1 && world.sim.now() > seconds(3620) && a.held());
  };
  world.pass(seconds(40));
  EXPECT_FALSE(held_late) << "a tenure counts from before the request was sent";
  EXPECT_EQ(a.ends, 1);
}

struct Garbage {
  const char* name;
  const char* body;
};
class ElectionGarbage : public ::testing::TestWithParam<Garbage> {};
TEST_P(ElectionGarbage, IsNeverTakenForAFreeLease) {
  World world;
  Candidate& a = world.add(candidate("a"));
  int writes = 0;
  a.network.server = [&](const kube::Call& what) {
    if (what.writes()) ++writes;
    kube::Answer answer;
    answer.status = 200;
    answer.body = GetParam().body;
    return answer;
  };
  world.pass(seconds(30));
  EXPECT_EQ(writes, 0);
  EXPECT_FALSE(a.last.leading);
  EXPECT_NE(a.last.note, "");
}
INSTANTIATE_TEST_SUITE_P(Bodies, ElectionGarbage,
                         ::testing::Values(Garbage{"Empty", ""}, Garbage{"Html", "<html>"},
                                           Garbage{"Array", "[]"}, Garbage{"NoMetadata", R"({"spec":{}})"},
                                           Garbage{"NoVersion", R"({"metadata":{"name":"x"},"spec":{}})"},
                                           Garbage{"Cut",
                                                   R"({"metadata":{"resourceVersion":"1"},"spec":{"holder)"}),
                         [](const auto& of) { return std::string(of.param.name); });

// Three candidates, a network that loses, delays and reorders, processes that are stopped anywhere, a server
// that goes down, and workers who write through their fences all the time, leader or not. Never may a write
// arrive when another than its sender holds the lease; it may arrive 200 ms after its timeout, for closing a
// socket does not call back what is on the wire.
class ElectionChaos : public ::testing::TestWithParam<uint32_t> {};
TEST_P(ElectionChaos, NoTwoLeadersAndNoLateWrite) {
  World world;
  std::mt19937 engine(GetParam());
  const auto roll = [&](int64_t n) { return static_cast<int64_t>(engine() % static_cast<uint64_t>(n)); };
  const auto ms = [&](int64_t upto) { return milliseconds(roll(upto) + 1); };
  world.chance = [&] { return static_cast<double>(roll(1000)) / 1000; };
  const auto fate = [&] {
    Fate fate_of_this;
    fate_of_this.up = ms(roll(10) == 0 ? 10'000 : 20);
    fate_of_this.down = ms(roll(10) == 0 ? 6'000 : 20);
    fate_of_this.lose_request = roll(12) == 0;
    fate_of_this.lose_answer = roll(12) == 0;
    if (roll(100) == 0) fate_of_this.stop_before = ms(30'000);
    return fate_of_this;
  };
  int two = 0, late = 0, writes = 0, refused = 0;
  world.after_step = [&] {
    if (world.holders().size() > 1) ++two;
  };
  std::vector<std::unique_ptr<Network>> stores;
  std::vector<std::unique_ptr<Fence>> fences;
  for (const char* name : {"a", "b", "c"}) {
    Candidate& c = world.add(candidate(name), seconds(roll(100'000)), seconds(roll(100'000) - 50'000));
    c.network.fate = fate;
    auto store = std::make_unique<Network>(c.process);
    store->fate = fate;
    store->latest = milliseconds(200);
    kube::Call write;
    write.method = "PUT";
    store->server = [&, name](const kube::Call&) {
      for (const auto& holder : world.holders()) late += holder != name ? 1 : 0;
      ++writes;
      kube::Answer answer;
      answer.status = 200;
      return answer;
    };
    auto fence = std::make_unique<Fence>(*store, c.tenure, c.clock);
    world.sim.start([&world, &c, &ms, &refused, write, to = fence.get()] {
      while (!world.sim.finished()) {
        refused += Fence::refused(to->call(write, {})) ? 1 : 0;
        c.process.wait(ms(500));
      }
    });
    stores.push_back(std::move(store));
    fences.push_back(std::move(fence));
  }
  for (int i = 0; i < 600; ++i) {
    world.pass(ms(2'000));
    Candidate& c = *world.candidates[static_cast<size_t>(roll(3))];
    if (roll(20) == 0) c.process.stopped_until = world.sim.now() + ms(40'000);
    if (roll(c.leave ? 4 : 30) == 0) c.leave = !c.leave;
    if (roll(world.server.down ? 10 : 60) == 0) world.server.down = !world.server.down;
  }
  world.sim.finish();
  EXPECT_EQ(two, 0);
  EXPECT_EQ(late, 0);
  EXPECT_GT(writes, 50);
  EXPECT_GT(refused, 50);
  int starts = 0;
  for (const auto& c : world.candidates) starts += c->starts;
  EXPECT_GT(starts, 5);
}
INSTANTIATE_TEST_SUITE_P(Seeds, ElectionChaos, ::testing::Range(1U, 31U));

}  // namespace
}  // namespace edp::leader
