#include "operator/tickets/audited.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <nlohmann/json.hpp>
#include <sstream>

#include "common/files.h"
#include "common/testing/temp_dir.h"

namespace edp::tickets {
namespace {

using nlohmann::json;
using ::testing::ElementsAre;

// Notes what it is asked.
class Asked final : public Tracker {
 public:
  explicit Asked(std::vector<std::string>& calls) : calls_(calls) {}
  Tried<std::optional<Issue>> find(const Ticket& /*ticket*/) override { return std::nullopt; }
  Tried<Issue> create(const Ticket& /*ticket*/) override {
    calls_.emplace_back("create");
    return Issue{.key = "OPS-1", .id = "1", .url = "u"};
  }
  Tried<void> move(const Ticket& /*ticket*/, bool done) override {
    calls_.emplace_back(done ? "close" : "reopen");
    return tl::unexpected(Trouble{.kind = Trouble::Kind::kRefused, .message = "no such transition"});
  }
  Tried<void> comment(const Ticket& /*ticket*/, const Say& /*say*/) override { return {}; }
  Tried<void> link(const Ticket& /*ticket*/) override { return {}; }
  Tried<std::vector<Seen>> look(const std::vector<const Ticket*>& /*tickets*/) override {
    return std::vector<Seen>();
  }

 private:
  std::vector<std::string>& calls_;
};

const std::string kFound = "sha256:" + std::string(64, 'a');  // of the report of the finding
const std::string kProof = "sha256:" + std::string(64, 'b');  // of the validation's

Ticket ticket() {
  Ticket made;
  made.ns = "shop";
  made.name = "checkout-1";
  made.spec.kind = "Deployment";
  made.spec.name = "checkout";
  made.status.run = "nightly";
  made.status.digest = kFound;
  made.status.validation.run = "uid-of-validation";
  made.status.validation.digest = kProof;
  return made;
}

TEST(AuditedTracker, WritesTheIntentionBeforeAndTheOutcomeAfter) {
  const edp::testing::TempDir folder;
  const std::string path = (folder.path() / "audit.jsonl").string();
  auto log = audit::Log::open({.path = path});
  ASSERT_TRUE(log) << log.error().to_string();
  audit::Journal journal(**log);
  std::vector<std::string> calls;
  AuditedTracker tracker(std::make_unique<Asked>(calls), journal);
  EXPECT_TRUE(tracker.create(ticket()));
  EXPECT_FALSE(tracker.move(ticket(), true));
  std::vector<std::string> seen;
  std::istringstream lines(read_file(path, 1 << 20).value());
  for (std::string line; std::getline(lines, line);) {
    const json one = json::parse(line);
    if (!one["act"].get<std::string>().starts_with("ticket.")) continue;
    seen.push_back(one.value("act", "") + " " + one.value("outcome", "") + " " + one.value("digest", ""));
  }
  EXPECT_THAT(seen, ElementsAre("ticket.create intended " + kFound, "ticket.create done " + kFound,
                                "ticket.close intended " + kProof, "ticket.close failed " + kProof));
}

TEST(AuditedTracker, DoesNothingThatCannotBeWrittenDown) {
  const edp::testing::TempDir folder;
  auto log = audit::Log::open({.path = (folder.path() / "audit.jsonl").string(),
                               .calls = {.write = [](int, std::string_view) { return ENOSPC; }}});
  ASSERT_TRUE(log) << log.error().to_string();
  audit::Journal journal(**log);
  std::vector<std::string> calls;
  AuditedTracker tracker(std::make_unique<Asked>(calls), journal);
  const auto made = tracker.create(ticket());
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().kind, Trouble::Kind::kNotAudited);
  EXPECT_FALSE(made.error().maybe_done);
  EXPECT_THAT(calls, ElementsAre());
}

}  // namespace
}  // namespace edp::tickets
