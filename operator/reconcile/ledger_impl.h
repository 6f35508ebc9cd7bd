// What the ledger keeps (ledger.h says why), shared by the files that implement it:
//   ledger.cc          what it is told
//   ledger_slots.cc    slots, what holds a wish back, room under the quotas
//   ledger_admit.cc    whose turn it is
//   ledger_answers.cc  what it answers
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "operator/reconcile/charge.h"
#include "operator/reconcile/ledger.h"
#include "operator/reconcile/quota_account.h"
#include "operator/reconcile/wish_line.h"

namespace edp::reconcile {

// A Job or pod that is older than this when first told of has long been charged (clocks may differ by some of
// it).
constexpr int64_t kOldSeconds = 60;

struct Ledger::Impl {
  enum class State : uint8_t { kGranted, kPlaced, kSeen };
  struct PodSeen {
    uint64_t version = 0;  // at first sight
    int64_t created = 0, seen_at = 0;
  };
  // A Job that is, or may be, unfinished.
  struct Slot {
    Wish wish;
    Charge pod{};
    State state = State::kGranted;
    int64_t placed_at = 0;
    bool resend = false;   // no answer came to its create
    bool wanted = true;    // the run still wishes it
    uint64_t version = 0;  // at which its Job was seen first
    std::optional<PodSeen> runner;
    uint64_t pod_end = 0;  // version at which its pod was seen to have ended
  };

  explicit Impl(LedgerOptions with) : options(std::move(with)) {}

  LedgerOptions options;
  WishLine line;
  std::unordered_map<std::string, Slot> slots;  // by Job
  std::map<std::string, QuotaAccount, std::less<>> quotas;
  std::map<std::string, std::set<std::string>, std::less<>> jobs_by_run;  // waiting and slots
  std::unordered_map<std::string, int32_t> by_node, by_target, by_run;    // slots
  Charge live{};                                                          // of charged slots
  int32_t charged_slots = 0, other_slots = 0;
  uint64_t grants = 0;
  std::map<std::string, PodSeen, std::less<>> early_pods;  // told before their Job
  int64_t next_patience = 0;                               // as found by the last admit()
  int64_t idle_since = 0;                                  // without any slot; 0: not

  // --- slots ---
  void count_slot(const Slot& slot, int32_t by);
  Slot& open_slot(const Wish& wish, State state);
  void forget_job(const std::string& run_uid, const std::string& job);
  // Its charges stay expected until they have been seen; `never_made`: there are none.
  void close_slot(std::string_view job, bool never_made);
  void withdraw(const std::string& job);

  // --- holds ---
  static int32_t count(const std::unordered_map<std::string, int32_t>& of, const std::string& key) {
    const auto found = of.find(key);
    return found == of.end() ? 0 : found->second;
  }
  [[nodiscard]] int32_t node_limit(const Wish& wish) const;
  [[nodiscard]] std::optional<Hold> held_by(const Wish& wish) const;
  // A place beside `wish` may have become free, or it has left the line to others.
  void bring_back(const Wish& wish);

  // --- quota ---
  [[nodiscard]] static int64_t need(const Size& size, Dimension d);
  [[nodiscard]] int64_t in_use(const QuotaAccount& account, Dimension d) const;
  [[nodiscard]] bool ever_fits(const Size& size) const;
  [[nodiscard]] bool fits_now(const Size& size) const;
  static void tell_pod(QuotaAccount& account, std::string_view job, const PodSeen& pod);

  // --- admission ---
  // The size in this class or above that has been overtaken for too long, if any.
  std::optional<std::pair<size_t, Size>> claim(size_t rank, int64_t now);
  // The next in that class that nothing holds back.
  const Waiting* pick(size_t rank, const std::function<bool(const Size&)>& fits);
  const Waiting* pick_any(int64_t now);
  // Of a run that is gone: no Job appeared, and the create can't be under way any more.
  void drop_abandoned(int64_t now);
  void note_overtaken(const Waiting& by, int64_t now);
  std::vector<Grant> admit(int64_t now);
};

}  // namespace edp::reconcile
