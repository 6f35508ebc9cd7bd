#include "runner/cli/run_audit.h"

#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <utility>

#include "common/version.h"

namespace edp::cli {
namespace {

std::string environment(const char* name) {
  const char* const value = std::getenv(name);
  return value == nullptr ? "" : value;
}

audit::Context context() {
  if (const auto told = audit::read_context(environment("EDP_AUDIT_FOR"))) return *told;
  return {.actor = audit::this_process(), .why = {.ci = audit::this_build()}};
}

}  // namespace

Result<RunAudit> RunAudit::open(const std::string& option, const config::DiagnosticProfile& profile) {
  RunAudit made;
  made.on_behalf_ = context();
  std::string place = option.empty() ? environment("EDP_AUDIT_LOG") : option;
  if (place.empty()) place = profile.audit_log;
  if (place.empty()) return made;
  auto patterns = masking::Patterns::compile(profile.masking);
  if (!patterns) return tl::unexpected(patterns.error().at("profile " + profile.name));
  const bool standard = place == "-";
  auto log =
      audit::Log::open({.path = standard ? "" : place,
                        .copy_to = standard ? STDOUT_FILENO : -1,
                        .key_file = environment("EDP_AUDIT_KEY"),
                        .writer = "edp-runner " + std::string(kVersion),
                        .patterns = std::move(*patterns),
                        .on_failure = [](const Error& error) {
                          (void)std::fprintf(stderr, "edp-runner: audit: %s\n", error.to_string().c_str());
                        }});
  if (!log) return tl::unexpected(log.error());
  made.log_ = std::move(*log);
  made.journal_ = std::make_unique<audit::Journal>(*made.log_);
  return made;
}

audit::Act RunAudit::upload(const std::string& url) const {
  return {.what = "report.upload", .actor = on_behalf_.actor, .target = {.url = url}, .why = on_behalf_.why};
}

Result<std::optional<uint64_t>> RunAudit::begin_upload(const std::string& url,
                                                       const std::string& digest) const {
  if (!journal_) return std::optional<uint64_t>();
  audit::Act act = upload(url);
  act.digest = digest;
  const auto intent = journal_->intend(act);
  if (!intent)
    return fail("the report is not uploaded, for it can't be audited: " + intent.error().to_string());
  return std::optional(*intent);
}

void RunAudit::end_upload(std::optional<uint64_t> intent, const std::string& url,
                          const Result<void>& sent) const {
  if (!intent) return;
  audit::Act act = upload(url);
  act.intent = intent;
  act.outcome = sent ? audit::Outcome::kDone : audit::Outcome::kFailed;
  if (!sent) act.reason = sent.error().to_string();
  journal_->finish({std::move(act)});
}

}  // namespace edp::cli
