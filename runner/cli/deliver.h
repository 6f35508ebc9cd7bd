// What becomes of a finished report: files, the report service, the summary for whoever started the run as a
// pod.
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "common/cancel.h"
#include "common/result.h"
#include "runner/cli/diagnose_command.h"
#include "runner/cli/run_audit.h"
#include "runner/report/sealed.h"
#include "runner/upload/summary.h"

namespace edp::cli {

// The HTML's place beside the JSON: publishHTML finds it there.
std::string html_beside(const std::string& json);

// The files that were asked for can be written, as far as that can be known before a minute's work.
Result<void> check_outputs(const DiagnoseOptions& options);

class Delivery {
 public:
  // Leaves a first summary at once: a process that is killed has said at least that.
  explicit Delivery(const DiagnoseOptions& options);

  // Outputs and upload can work, as far as that can be known before.
  Result<void> check() const;

  // Says the error on standard error and in the summary; returns the exit status.
  int failed(const Error& error);

  // Returns the exit status. `run_began` and `timeout_seconds`: the run's time, within which uploads are
  // tried again, yet for 20 s at least. After `cancel` (SIGTERM) they have 15 s: a pod is killed 30 s after
  // it.
  int deliver(const report::Sealed& sealed, std::chrono::steady_clock::time_point run_began,
              double timeout_seconds, const CancelToken& cancel, const RunAudit& audit);

 private:
  const DiagnoseOptions& options_;
  const std::shared_ptr<const masking::Patterns> patterns_;

  // What goes wrong may quote what was met.
  [[nodiscard]] std::string masked(const std::string& text) const;
  void complain(const std::string& message) const;
  void write_summary(const upload::Summary& summary) const;
};

}  // namespace edp::cli
