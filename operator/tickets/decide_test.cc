#include "operator/tickets/decide.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

namespace edp::tickets {
namespace {

using ::testing::HasSubstr;

const Rules kRules{.update_interval = 3600, .settle = 60};

Found found(int run, int64_t time) {
  return {.ns = "shop",
          .kind = "Deployment",
          .workload = "checkout",
          .finding = {.rule = "GO-SYNCMAP-WRITE-HEAVY",
                      .severity = "CRITICAL",
                      .title = "writes",
                      .summary = "much",
                      .advice = "shard",
                      .fingerprint = "f1",
                      .function = "main.Put",
                      .location = "main.Put cache.go:7",
                      .evidence = {"CPU: 52 percent"}},
          .run = "run-" + std::to_string(run),
          .run_uid = "uid-" + std::to_string(run),
          .pod = "checkout-0",
          .report_url = "https://reports/" + std::to_string(run),
          .digest = "sha256:ab",
          .time = time,
          .alerts = {"a1b2"},
          .checks = {.profile = "light"},
          .load = {.cpu = 0.5, .cpu_samples = 500}};
}

Ticket open_ticket() {
  Ticket ticket = new_ticket(found(1, 1000), kRules);
  EXPECT_TRUE(apply_found(ticket, found(1, 1000)));
  apply_issue(ticket, {.key = "EDP-1", .id = "10", .url = "u"});
  ticket.status.told_at = 1000;
  ticket.status.linked_url = ticket.status.report_url;
  return ticket;
}

validation::Statement statement(const Ticket& ticket, int64_t began) {
  return {.ticket = ticket.full_name(),
          .fingerprint = ticket.spec.fingerprint,
          .workload = ticket.workload(),
          .run = "val-" + std::to_string(began),
          .verdict = "Gone",
          .message = "load comparable",
          .began = began,
          .time = began + 30};
}

TEST(Tickets, AreSearchedBeforeTheyAreCreated) {
  Ticket ticket = new_ticket(found(1, 1000), kRules);
  EXPECT_EQ(next(ticket, 1000, kRules).what, Do::kNothing) << "nothing was found yet";
  apply_found(ticket, found(1, 1000));
  EXPECT_EQ(next(ticket, 1000, kRules).what, Do::kFind);
  apply_not_found(ticket, 1000, kRules);
  EXPECT_EQ(next(ticket, 1001, kRules).what, Do::kCreate);
}

TEST(Tickets, AfterALostAnswerTheSearchMustBeSilentUntilItCannotLag) {
  Ticket ticket = new_ticket(found(1, 1000), kRules);
  apply_found(ticket, found(1, 1000));
  apply_not_found(ticket, 1000, kRules);
  ticket.status.create_tried = 1000;
  apply_trouble(ticket, Do::kCreate, {.message = "reset", .maybe_done = true}, 1000, kRules, 0.5);
  EXPECT_EQ(ticket.status.create_tried, 1000);
  int64_t now = 1000;
  for (; now < 1060; ++now) {
    const Next what = next(ticket, now, kRules);
    ASSERT_NE(what.what, Do::kCreate) << now;
    if (what.what == Do::kFind) apply_not_found(ticket, now, kRules);
  }
  EXPECT_EQ(next(ticket, 1060, kRules).what, Do::kFind) << "a second look";
  apply_not_found(ticket, 1060, kRules);
  EXPECT_EQ(next(ticket, 1060, kRules).what, Do::kCreate);
}

TEST(Tickets, ACreateThatSurelyDidNotHappenIsRepeatedSoon) {
  Ticket ticket = new_ticket(found(1, 1000), kRules);
  apply_found(ticket, found(1, 1000));
  ticket.status.create_tried = 1000;
  apply_trouble(ticket, Do::kCreate, {.message = "refused"}, 1000, kRules, 0.5);
  EXPECT_EQ(ticket.status.create_tried, 0);
  EXPECT_LE(ticket.status.next_attempt, 1004);
}

TEST(Tickets, CountARunOnce) {
  Ticket ticket = open_ticket();
  EXPECT_FALSE(apply_found(ticket, found(1, 1000)));
  EXPECT_TRUE(apply_found(ticket, found(2, 1100)));
  EXPECT_FALSE(apply_found(ticket, found(2, 1100)));
  EXPECT_EQ(ticket.status.count, 2);
  EXPECT_EQ(ticket.status.first_seen, 1000);
  EXPECT_EQ(ticket.status.last_seen, 1100);
}

TEST(Tickets, CountManyRunsOnceAlthoughTheyAreHandedInAgain) {
  Ticket ticket = open_ticket();
  for (int i = 2; i <= 100; ++i) apply_found(ticket, found(i, 1000 + i));
  EXPECT_EQ(ticket.status.count, 100);
  for (int i = 1; i <= 100; ++i) EXPECT_FALSE(apply_found(ticket, found(i, 1000 + i))) << i;
  EXPECT_TRUE(apply_found(ticket, found(101, 1101)));
}

TEST(Tickets, TellRepeatsOnceAnInterval) {
  Ticket ticket = open_ticket();
  for (int i = 2; i < 30; ++i) apply_found(ticket, found(i, 1000 + i));
  EXPECT_EQ(next(ticket, 1100, kRules).due, 1000 + 3600);
  EXPECT_EQ(next(ticket, 4600, kRules).what, Do::kComment);
  ASSERT_EQ(ticket.status.say.size(), 1u);
  EXPECT_THAT(ticket.status.say[0].text, HasSubstr("29 times"));
  apply_done(ticket, Do::kComment, 4600);
  EXPECT_EQ(next(ticket, 4601, kRules).what, Do::kLink);
  apply_done(ticket, Do::kLink, 4601);
  EXPECT_EQ(next(ticket, 4602, kRules).what, Do::kNothing);
}

TEST(Tickets, ClosedByHandAreReopenedWithAComment) {
  Ticket ticket = open_ticket();
  EXPECT_TRUE(apply_seen(ticket, {.done = true}, 2000));
  EXPECT_EQ(ticket.status.state, State::kReopened);
  EXPECT_EQ(next(ticket, 2000, kRules).what, Do::kReopen);
  apply_done(ticket, Do::kReopen, 2000);
  EXPECT_EQ(next(ticket, 2000, kRules).what, Do::kComment);
  EXPECT_THAT(ticket.status.say[0].text, HasSubstr("without a validation"));
  EXPECT_FALSE(apply_seen(ticket, {.done = false}, 2001));
  EXPECT_TRUE(apply_seen(ticket, {.done = true}, 3000)) << "and again";
  EXPECT_EQ(ticket.status.reopened, 2);
}

TEST(Tickets, CloseOnAStatementOnly) {
  Ticket ticket = open_ticket();
  const auto proof = statement(ticket, 5000);
  ASSERT_EQ(refusal(ticket, proof), "");
  accept(ticket, proof, "{}");
  EXPECT_EQ(ticket.status.recovery_seconds, 4030);
  EXPECT_EQ(next(ticket, 5031, kRules).what, Do::kClose);
  apply_done(ticket, Do::kClose, 5031);
  EXPECT_EQ(ticket.status.state, State::kClosed);
  EXPECT_EQ(next(ticket, 5031, kRules).what, Do::kComment);
  EXPECT_FALSE(apply_seen(ticket, {.done = true}, 6000)) << "closed with proof";
}

TEST(Tickets, RefuseStatementsWithAReason) {
  Ticket ticket = open_ticket();
  auto other = statement(ticket, 5000);
  other.ticket = "shop/else-1";
  EXPECT_THAT(refusal(ticket, other), HasSubstr("about ticket shop/else-1"));
  other = statement(ticket, 5000);
  other.workload = "shop/Deployment/cart";
  EXPECT_THAT(refusal(ticket, other), HasSubstr("about workload shop/Deployment/cart"));
  other = statement(ticket, 5000);
  other.fingerprint = "f2";
  EXPECT_THAT(refusal(ticket, other), HasSubstr("another finding"));
  EXPECT_THAT(refusal(ticket, statement(ticket, 999)), HasSubstr("older than the last finding"));
  const auto proof = statement(ticket, 5000);
  accept(ticket, proof, "{}");
  apply_done(ticket, Do::kClose, 5031);
  apply_found(ticket, found(9, 4999));
  EXPECT_THAT(refusal(ticket, proof), HasSubstr("used before"));
}

TEST(Tickets, AFindingAfterTheProofReopens) {
  Ticket ticket = open_ticket();
  accept(ticket, statement(ticket, 5000), "{}");
  apply_done(ticket, Do::kClose, 5031);
  apply_found(ticket, found(7, 9000));
  EXPECT_EQ(ticket.status.state, State::kReopened);
  EXPECT_EQ(ticket.status.since, 9000);
  EXPECT_EQ(next(ticket, 9000, kRules).what, Do::kReopen);
}

TEST(Tickets, WrongCredentialsAreTriedSlowly) {
  Ticket ticket = new_ticket(found(1, 1000), kRules);
  apply_found(ticket, found(1, 1000));
  apply_trouble(ticket, Do::kFind, {.kind = Trouble::Kind::kCredentials, .message = "401"}, 1000, kRules,
                0.0);
  EXPECT_GE(ticket.status.next_attempt, 1045);
  EXPECT_EQ(ticket.status.error_reason, "WrongCredentials");
  apply_trouble(ticket, Do::kFind, {.kind = Trouble::Kind::kBusy, .retry_after = 600}, 1000, kRules, 0.0);
  EXPECT_GE(ticket.status.next_attempt, 1600);
}

// A world in which Jira's answers are lost, its search lags, the process dies between any two writes, and
// people close issues: there is one issue, every comment once, and at the end the issue is open or closed
// with proof.
TEST(Tickets, SayWhyTheyWaitWhileTheTrackerIsLeftAlone) {
  Ticket ticket = new_ticket(found(1, 100), kRules);
  ASSERT_TRUE(apply_found(ticket, found(1, 100)));
  const Trouble trouble{.kind = Trouble::Kind::kCredentials, .message = "401: no"};
  EXPECT_TRUE(apply_wait(ticket, trouble));
  EXPECT_FALSE(apply_wait(ticket, trouble)) << "once";
  EXPECT_EQ(ticket.status.error, "401: no");
  EXPECT_EQ(ticket.status.error_reason, "WrongCredentials");
  EXPECT_EQ(next(ticket, 101, kRules).what, Do::kFind) << "it was not tried, so it is due";
}

TEST(Tickets, PropertyOneIssueWhateverHappens) {
  for (unsigned seed = 0; seed < 500; ++seed) {
    std::mt19937 random(seed);
    const auto chance = [&](int percent) { return static_cast<int>(random() % 100) < percent; };
    struct World {
      int created = 0;
      int64_t made = 0;
      bool done = false;
      std::vector<std::string> comments;
    } jira;
    Ticket stored = new_ticket(found(1, 1000), kRules);
    apply_found(stored, found(1, 1000));
    Ticket ticket = stored;
    const auto save = [&] { stored = ticket; };
    const auto died = [&] {
      if (!chance(10)) return false;
      ticket = stored;
      ticket.status.searched = 0;
      return true;
    };
    int runs = 1;
    int64_t now = 1000;
    for (; now < 9000; now += 1 + static_cast<int64_t>(random() % 5)) {
      if (now < 6000 && chance(2)) {
        apply_found(ticket, found(++runs, now));
        save();
      }
      if (now < 6000 && jira.created > 0 && chance(1)) jira.done = true;
      if (!ticket.status.key.empty() && chance(20) && apply_seen(ticket, {.done = jira.done}, now)) save();
      const Next what = next(ticket, now, kRules);
      if (what.what == Do::kNothing) continue;
      const bool lost = now < 7000 && chance(20);
      const bool before = now < 7000 && chance(20);  // never reaches the server
      if (what.what == Do::kFind) {
        const bool indexed = jira.created > 0 && now >= jira.made + 50;
        if (lost || before) {
          apply_trouble(ticket, what.what, {.message = "x", .maybe_done = !before}, now, kRules, 0.5);
        } else if (indexed) {
          apply_issue(ticket, {.key = "EDP-1", .done = jira.done});
        } else {
          apply_not_found(ticket, now, kRules);
          continue;
        }
      } else if (what.what == Do::kCreate) {
        ticket.status.create_tried = now;
        ticket.status.told = ticket.status.count;
        ticket.status.told_at = now;
        save();
        if (died()) continue;
        if (!before && jira.created++ == 0) jira.made = now;
        if (died()) continue;
        if (before || lost) {
          apply_trouble(ticket, what.what, {.message = "x", .maybe_done = !before}, now, kRules, 0.5);
        } else {
          apply_issue(ticket, {.key = "EDP-1"});
        }
      } else if (what.what == Do::kComment) {
        const bool tried = ticket.status.say.front().tried;
        ticket.status.say.front().tried = true;
        save();
        if (died()) continue;
        const std::string ref = ticket.status.say.front().ref;
        const bool there = std::ranges::find(jira.comments, ref) != jira.comments.end();
        if (!before && !(tried && there)) jira.comments.push_back(ref);
        if (died()) continue;
        if (before || lost) {
          apply_trouble(ticket, what.what, {.message = "x", .maybe_done = !before}, now, kRules, 0.5);
        } else {
          apply_done(ticket, what.what, now);
        }
      } else {
        if (!before && what.what == Do::kReopen) jira.done = false;
        if (died()) continue;
        if (before || lost) {
          apply_trouble(ticket, what.what, {.message = "x", .maybe_done = !before}, now, kRules, 0.5);
        } else {
          apply_done(ticket, what.what, now);
        }
      }
      if (!died()) save();
    }
    ASSERT_EQ(jira.created, 1) << "seed " << seed;
    ASSERT_FALSE(jira.done) << "seed " << seed;
    ASSERT_EQ(ticket.status.count, runs) << "seed " << seed;
    std::ranges::sort(jira.comments);
    ASSERT_EQ(std::ranges::adjacent_find(jira.comments), jira.comments.end()) << "seed " << seed;
  }
}

}  // namespace
}  // namespace edp::tickets
