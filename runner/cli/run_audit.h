// The audit of one run of the runner: where it goes, and for whom the run works.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "common/audit/journal.h"
#include "runner/config/diagnostic_profile.h"

namespace edp::cli {

class RunAudit {
 public:
  // `option` goes before $EDP_AUDIT_LOG, and that before the profile; where none names a place there is no
  // audit. $EDP_AUDIT_FOR (see audit::read_context()) tells a Job for whom it works.
  static Result<RunAudit> open(const std::string& option, const config::DiagnosticProfile& profile);

  [[nodiscard]] audit::Journal* journal() const { return journal_.get(); }  // null: no audit
  [[nodiscard]] const audit::Context& on_behalf() const { return on_behalf_; }

  // An upload of the report: the number of its intention; nothing where there is no audit. An error: it must
  // not be carried out.
  [[nodiscard]] Result<std::optional<uint64_t>> begin_upload(const std::string& url,
                                                             const std::string& digest) const;
  void end_upload(std::optional<uint64_t> intent, const std::string& url, const Result<void>& sent) const;

 private:
  [[nodiscard]] audit::Act upload(const std::string& url) const;

  std::unique_ptr<audit::Log> log_;
  std::unique_ptr<audit::Journal> journal_;
  audit::Context on_behalf_;
};

}  // namespace edp::cli
