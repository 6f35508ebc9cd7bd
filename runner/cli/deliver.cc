#include "runner/cli/deliver.h"

#include <algorithm>
#include <cstdio>
#include <filesystem>

#include "common/files.h"
#include "runner/report/report.h"
#include "runner/run/run.h"
#include "runner/upload/upload.h"

namespace edp::cli {
namespace {

using Clock = std::chrono::steady_clock;

}  // namespace

std::string html_beside(const std::string& json) {
  return std::filesystem::path(json).replace_extension(".html");
}

Result<void> check_outputs(const DiagnoseOptions& options) {
  for (const std::string* path : {&options.output, &options.junit, &options.sarif}) {
    if (path->empty()) continue;
    const std::filesystem::path folder = std::filesystem::path(*path).parent_path();
    std::error_code ignored;
    if (!folder.empty() && !std::filesystem::is_directory(folder, ignored)) {
      return fail("no such folder to write to", folder);
    }
  }
  if (!options.output.empty() && html_beside(options.output) == options.output) {
    return fail("--output names the JSON report; the HTML is written beside it", options.output);
  }
  if (!options.artefacts.empty()) {
    std::error_code error;
    std::filesystem::create_directories(options.artefacts, error);
    if (error) return fail("cannot be made: " + error.message(), options.artefacts);
  }
  return {};
}

Delivery::Delivery(const DiagnoseOptions& options)
    : options_(options), patterns_(masking::Patterns::compile().value()) {
  write_summary({.exit_status = run::kError, .error = "edp-runner ended before it had a verdict"});
}

std::string Delivery::masked(const std::string& text) const {
  masking::Counts ignored;
  return masking::mask(text, patterns_, ignored);
}

void Delivery::complain(const std::string& message) const {
  (void)std::fprintf(stderr, "edp-runner: %s\n", masked(message).c_str());
}

void Delivery::write_summary(const upload::Summary& summary) const {
  if (options_.summary.empty()) return;
  if (const auto written = upload::write_in_place(options_.summary, upload::to_json(summary)); !written) {
    complain(written.error().to_string());
  }
}

Result<void> Delivery::check() const {
  if (const auto writable = check_outputs(options_); !writable) return writable;
  if (options_.upload.empty()) return {};
  const auto put = upload::http_put({.url = options_.upload, .ca = options_.upload_ca});
  if (!put) return tl::unexpected(put.error());
  return {};
}

int Delivery::failed(const Error& error) {
  complain(error.to_string());
  write_summary({.exit_status = run::kError, .error = masked(error.to_string())});
  return run::kError;
}

int Delivery::deliver(const report::Sealed& sealed, Clock::time_point run_began, double timeout_seconds,
                      const CancelToken& cancel, const RunAudit& audit) {
  const model::Report& report = sealed.report;
  const std::string& json = sealed.json;
  upload::Summary summary = upload::summarize(report);
  const auto trouble = [&](const Error& error, bool fatal) {
    complain(error.to_string());
    summary.error += (summary.error.empty() ? "" : "; ") + masked(error.to_string());
    if (fatal) summary.exit_status = run::kError;
  };
  const auto write = [&](const std::string& path, std::string_view text) {
    if (path.empty()) return;
    if (const auto written = write_file(path, text); !written) trouble(written.error(), true);
  };

  const bool full = !options_.output.empty() || !options_.upload.empty();
  const std::string html = full ? report::to_html(report, json) : "";
  if (full) summary.digest = upload::digest_of(json);
  if (!options_.output.empty()) {
    write(options_.output, json);
    write(html_beside(options_.output), html);
  }
  if (!options_.junit.empty()) write(options_.junit, report::to_junit(report));
  if (!options_.sarif.empty()) write(options_.sarif, report::to_sarif(report));

  if (!options_.upload.empty()) {
    // Killed while it uploads, the run has left its verdict.
    write_summary(summary);
    const auto put = upload::http_put({.url = options_.upload, .ca = options_.upload_ca});
    const auto timeout = std::chrono::milliseconds(static_cast<int64_t>(timeout_seconds * 1e3));
    const upload::Plan plan{
        .token_file = options_.upload_token_file,
        .deadline = std::max(run_began + timeout, Clock::now() + std::chrono::seconds(20)),
        .grace = std::chrono::seconds(15)};
    const auto send = [&](const upload::File& file) -> Result<void> {
      if (!put) return tl::unexpected(put.error());
      const std::string url = options_.upload + "/" + file.name;
      const auto intent = audit.begin_upload(url, upload::digest_of(file.body));
      if (!intent) return tl::unexpected(intent.error());
      auto done = upload::put_file(file, plan, *put, cancel);
      audit.end_upload(*intent, url, done);
      return done;
    };
    const auto sent = send({.name = "report.json", .content_type = "application/json", .body = json});
    summary.uploaded = sent.has_value();
    if (!sent) {
      trouble(sent.error(), true);
    } else if (const auto page =
                   send({.name = "report.html", .content_type = "text/html; charset=utf-8", .body = html});
               !page) {
      // The page can be made of the JSON again.
      trouble(page.error(), false);
    }
  }
  write_summary(summary);
  const bool judged =
      summary.exit_status == run::kNothingAtGate || summary.exit_status == run::kFindingsAtGate;
  return options_.exit_zero && judged ? int{run::kNothingAtGate} : summary.exit_status;
}

}  // namespace edp::cli
