// Admission: who gets a Job, and when. A Job is granted only when its pod is sure to pass every ResourceQuota
// of the runners' namespace, so that no Job controller ever runs into "exceeded quota".
//
// What the server does. Creating a pod (or a Job, for count/jobs.batch) adds its charge to status.used of
// every quota in the same request, before the object is stored. The quota controller takes the charge back
// some time after the pod has ended (for count/*: after the object is gone). It may also, reading caches that
// lag, write a figure that misses a young pod, and raise it later.
//
// What we know lags in both directions: quota, Jobs and pods come over three watches. Let S be status.used as
// seen last. The figure that the server will hold against the next pod is at most
//     max(S + charges still to come or made since S,  charges of all our unfinished Jobs)
//     + what strangers add.
// The first term covers charges that S does not show yet; a finished Job whose charge S still shows is
// covered by S itself, and the room comes back with the very update of the quota that gives it back, not with
// a resync. The second term covers a figure that the controller wrote too low. So each grant is kept as
// *pending* against each quota until its charge has been seen there:
//   - S rose by exactly the charges of the oldest pending grants (every update is delivered; charges and
//     returns are separate updates; a rise that does not divide evenly into our charges was a stranger's and
//     proves nothing);
//   - or the quota's resourceVersion is not below that at which the runner's pod was seen: the charge came
//   first;
//   - or `settle_seconds` have passed since the pod was seen (or its Job was seen to have ended, or gone).
//
// Whether the Job has finished meanwhile does not matter: a charge that was never seen may still be held.
// Pods of strangers in that namespace may take the room between grant and pod; nobody can prevent that from
// outside.
//
// Also: one unfinished Job a target pod over all runs, `per_node` a target node, max_parallel a run.
// Order: Critical, Manual, Periodic; within, the namespace that was served least; within, first come first
// served. A wish that does not fit lets smaller ones pass, for `patience_seconds`; then nothing of its class
// or below is granted until one of its size was.
//
// All Jobs, runner pods and quotas must have been told (their watches synced) before the first admit().
// For one thread. Times are seconds since 1970.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "operator/watch/records.h"

namespace edp::reconcile {

struct Wish {
  std::string job;  // the Job's name: job_name(run, target, attempt); the key of everything here
  std::string run_ns, run_name, run_uid;
  std::string target_uid;
  watch::Symbol node;  // of the target; empty: no limit
  watch::Resources requests, limits;
  std::string priority = "Manual";  // "Critical", "Manual", "Periodic"; anything else counts as Manual
  int32_t max_parallel = 1;         // of the run
  int32_t per_node = 0;             // a policy's maxPerNode; 0: the ledger's own limit
  bool charged = true;              // false: its pod lives in another namespace, quotas don't apply
  int64_t since = 0;                // when the run was made: first come first served
};

enum class Answer : uint8_t {
  kNone,      // unknown here
  kWaiting,   // for quota, its node, its target or its run
  kGranted,   // create the Job; the room is kept until placed or given up
  kPlaced,    // its create was sent lately, or the Job has been seen unfinished
  kTooLarge,  // more than a quota's hard limit: never fits
};

struct LedgerOptions {
  std::string ns = "diagnostic-system";  // Jobs elsewhere are not charged
  int32_t cap_without_quota = 16;        // unfinished Jobs where no ResourceQuota exists
  int32_t per_node = 2;
  int64_t patience_seconds = 30;
  int64_t settle_seconds = 10;
  int64_t unseen_seconds = 30;
};

struct Grant {
  std::string job, run_ns, run_name, run_uid, target_uid;
};

struct LedgerFigures {
  size_t waiting_critical = 0, waiting_manual = 0, waiting_periodic = 0;
  size_t granted = 0;     // not yet seen as a Job
  size_t unfinished = 0;  // Jobs, granted ones included
  size_t too_large = 0;
  uint64_t grants = 0;  // ever
  int64_t oldest_since = 0;
};

class Ledger {
 public:
  explicit Ledger(LedgerOptions options = {});
  ~Ledger();
  Ledger(Ledger&&) noexcept;
  Ledger& operator=(Ledger&&) noexcept;

  // All that a run wants now, in place of what it wanted before. A wish that is granted and not placed is
  // given up if it is missing here; one that is placed ends with its Job only.
  void wish(std::string_view run_uid, std::vector<Wish> wishes);
  // Of one run, by Job.
  [[nodiscard]] std::map<std::string, Answer, std::less<>> answers(std::string_view run_uid,
                                                                   int64_t now) const;
  [[nodiscard]] Answer answer(std::string_view job, int64_t now) const;
  // For people: "waits for requests.cpu: 500m wanted, 200m of 2 free"; empty if it does not wait.
  [[nodiscard]] std::string why(std::string_view job, int64_t now) const;

  // The create was sent: from now on only its outcome or the Job frees the room. If no Job has been seen
  // after `unseen_seconds`, the answer is kGranted again: send it once more, the Job that is there says so.
  void placing(std::string_view job, int64_t now);
  // No answer came to the create, so it may be there or not: the answer is kGranted again, at once.
  void answer_lost(std::string_view job);
  // The server refused it for good, or never got it. (Lost answers: send it again, it is idempotent.)
  void not_placed(std::string_view job);

  void job(const watch::JobRecord& job, int64_t now);  // every upsert of a Job with a run uid
  void job_gone(std::string_view ns, std::string_view name, int64_t now);
  // Every upsert of a pod with the label edp.dev/run-uid; `job` is its Job's name.
  void runner_pod(std::string_view job, const watch::PodRecord& pod, int64_t now);
  void quota(const watch::QuotaRecord& quota, int64_t now);
  void quota_gone(std::string_view name);

  // Whoever may start now, in order.
  std::vector<Grant> admit(int64_t now);
  // When admit() should be called although nothing was told: pending charges settle, patience ends. 0: never.
  [[nodiscard]] int64_t next_due(int64_t now) const;

  [[nodiscard]] LedgerFigures figures() const;
  // Of the tightest quota by key, ours included as admit() sees it: {"requests.cpu": {used, hard}}.
  struct Use {
    int64_t used = 0, hard = 0;
  };
  [[nodiscard]] std::map<std::string, Use> use(int64_t now) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace edp::reconcile
