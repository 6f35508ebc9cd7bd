#include "runner/upload/summary.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <nlohmann/json.hpp>
#include <string_view>
#include <system_error>

#include "runner/report/text.h"

namespace edp::upload {
namespace {

using Json = nlohmann::ordered_json;
using model::Severity;

constexpr size_t kWorst = 5;
constexpr size_t kErrorWidth = 600;

std::string place_of(const model::SourceLocation& place) {
  std::string text = place.function;
  if (place.file.empty()) return text;
  if (!text.empty()) text += ' ';
  text += place.file;
  if (place.line > 0) text += ":" + std::to_string(place.line);
  return text;
}

// At most `width` columns of each text and `count` findings.
std::string dump(const Summary& summary, size_t width, size_t count, size_t error_width) {
  Json worst = Json::array();
  for (size_t i = 0; i < std::min(count, summary.worst.size()); ++i) {
    const SummaryFinding& finding = summary.worst[i];
    worst.push_back({{"rule", report::clip(finding.rule, 80)},
                     {"severity", report::clip(finding.severity, 10)},
                     {"title", report::clip(finding.title, width)},
                     {"location", report::clip(finding.location, width)},
                     {"fingerprint", report::clip(finding.fingerprint, 64)}});
  }
  const Json json = {{"schema", "edp.summary/v1"},
                     {"exit_status", summary.exit_status},
                     {"critical", summary.critical},
                     {"warning", summary.warning},
                     {"info", summary.info},
                     {"worst", std::move(worst)},
                     {"digest", report::clip(summary.digest, 80)},
                     {"uploaded", summary.uploaded},
                     {"error", report::clip(summary.error, error_width)}};
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string first_cause(const model::Report& report) {
  for (const model::CollectorOutcome& outcome : report.collectors) {
    if (outcome.outcome == "ok" || outcome.outcome == "absent") continue;
    return outcome.collector + " " + outcome.outcome +
           (outcome.message.empty() ? std::string() : ": " + outcome.message);
  }
  return report.cancelled ? "cancelled before anything was collected" : "nothing was collected";
}

}  // namespace

Summary summarize(const model::Report& report) {
  const auto count = [&](Severity severity) {
    return static_cast<size_t>(std::ranges::count(report.findings, severity, &model::Finding::severity));
  };
  Summary summary{.exit_status = report.exit_status,
                  .critical = count(Severity::kCritical),
                  .warning = count(Severity::kWarning),
                  .info = count(Severity::kInfo)};
  std::vector<const model::Finding*> findings;
  for (const model::Finding& finding : report.findings) findings.push_back(&finding);
  std::ranges::stable_sort(findings, std::ranges::greater{},
                           [](const model::Finding* finding) { return finding->severity; });
  for (size_t i = 0; i < std::min(kWorst, findings.size()); ++i) {
    const model::Finding& finding = *findings[i];
    summary.worst.push_back({finding.rule, std::string(to_string(finding.severity)), finding.title,
                             place_of(finding.location), finding.fingerprint});
  }
  constexpr int kNothingToJudge = 3;
  if (report.exit_status == kNothingToJudge) summary.error = first_cause(report);
  return summary;
}

std::string to_json(const Summary& summary) {
  // Texts first: five short titles say more than two long ones.
  for (const size_t width : {size_t{200}, size_t{120}, size_t{60}}) {
    std::string text = dump(summary, width, kWorst, kErrorWidth);
    if (text.size() <= kMaxSummary) return text;
  }
  for (size_t count = kWorst; count > 0; --count) {
    std::string text = dump(summary, 30, count - 1, kErrorWidth / 4);
    if (text.size() <= kMaxSummary) return text;
  }
  return dump(summary, 0, 0, 0);
}

Result<void> write_in_place(const std::string& path, std::string_view text) {
  const auto failed = [&] {
    return fail("cannot be written: " + std::generic_category().message(errno), path);
  };
  const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);  // NOLINT(*-vararg)
  if (file < 0) return failed();
  while (!text.empty()) {
    const ssize_t written = ::write(file, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) {
      auto failure = failed();
      ::close(file);
      return failure;
    }
    text.remove_prefix(static_cast<size_t>(written));
  }
  if (::close(file) != 0) return failed();
  return {};
}

}  // namespace edp::upload
