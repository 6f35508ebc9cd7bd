// One pass over one run (run.h says what it keeps to), shared by the files that implement it:
//   run.cc         the run as a whole, its end, and what comes after
//   run_begin.cc   before targets are chosen
//   run_target.cc  one target: attempt after attempt
//   run_verdict.cc what the targets come to
#pragma once

#include <string>

#include "operator/reconcile/attempt.h"
#include "operator/reconcile/outcome.h"
#include "operator/reconcile/run.h"
#include "operator/reconcile/targets.h"

namespace edp::reconcile {

bool terminal(const watch::TargetStatus& target);

class Reconciler {
 public:
  Reconciler(const RunInput& input, const RunSettings& settings)
      : in_(input), settings_(settings), run_(*input.run), now_(input.now), status_(run_.status) {
    profile_ = in_.profile != nullptr ? in_.profile : builtin_profile(run_.profile);
  }

  RunOutput reconcile();

 private:
  using RunStatus = watch::RunStatus;
  using TargetStatus = watch::TargetStatus;

  void condition(const char* type, bool is, std::string reason, std::string message);
  void look_again(int64_t at);
  void tell(bool warning, std::string reason, std::string message);
  void tell_pod(const TargetStatus& target, bool warning, std::string reason, std::string message);
  void delete_job(const AttemptView& attempt, const TargetStatus* target);
  void delete_record(const watch::JobRecord& job);
  void fail_run(const std::string& reason, const std::string& message);

  void after_the_end();
  void cancel();
  void tell_end();

  // --- before targets are chosen ---
  void begin();
  bool check_profile();
  void refuse(const std::string& reason, const std::string& message);
  void wait_or_fail(const std::string& reason, const std::string& message, int64_t patience);

  // --- with targets ---
  void advance();
  void advance(TargetStatus& target, const TargetStatus& stored);
  static void set(TargetStatus& target, const char* phase, std::string reason, std::string message);
  void begin_attempt(TargetStatus& target, const AttemptView& attempt);
  void follow(TargetStatus& target, const AttemptView& attempt);
  void end_attempt(TargetStatus& target, const Judgement& judgement);
  // The next attempt, when its time has come and there is room.
  void wait(TargetStatus& target, const AttemptView* last);
  void create(TargetStatus& target, const watch::PodRecord& pod, const std::string& job);

  // --- sums ---
  void take(TargetStatus& target, const Outcome& outcome);
  void point_to_report(const TargetStatus& target);
  void count();
  void judge_gate();
  void conclude();

  const RunInput& in_;
  const RunSettings& settings_;
  const watch::RunRecord& run_;
  const int64_t now_;
  const watch::ProfileRecord* profile_ = nullptr;
  RunStatus status_;
  RunOutput out_;
};

}  // namespace edp::reconcile
