#include "operator/reconcile/outcome.h"

#include <algorithm>

#include "common/http_url.h"
#include "operator/watch/dom.h"

namespace edp::reconcile {
namespace {

using watch::Json;
using watch::member;

constexpr size_t kMaxMessage = 8192;
constexpr int64_t kMaxCount = 1'000'000;
constexpr size_t kMaxWorst = 5;

int32_t count_of(const Json& value) {
  return static_cast<int32_t>(std::clamp<int64_t>(watch::number_of(value), 0, kMaxCount));
}

std::string line_of(const Json& value, size_t max) { return http::one_line(watch::text_of(value), max); }

bool is_digest(std::string_view text) {
  constexpr std::string_view kPrefix = "sha256:";
  if (!text.starts_with(kPrefix) || text.size() != kPrefix.size() + 64) return false;
  return std::ranges::all_of(text.substr(kPrefix.size()),
                             [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

}  // namespace

Result<Outcome> parse_outcome(std::string_view message) {
  if (message.empty()) return fail("the runner left no summary");
  if (message.size() > kMaxMessage) return fail("the runner's summary is too large");
  const auto tree = watch::parse_tree(message);
  if (!tree) return fail("the runner's summary is no JSON object");
  if (watch::text_of(member(*tree, "schema")) != "edp.summary/v1") {
    return fail("the runner's summary is not of schema edp.summary/v1");
  }
  const Json& status = member(*tree, "exit_status");
  if (!status.is_number_integer() || watch::number_of(status) < 0 || watch::number_of(status) > 255) {
    return fail("the runner's summary has no exit status");
  }
  Outcome outcome{.exit_status = watch::small_of(status),
                  .critical = count_of(member(*tree, "critical")),
                  .warning = count_of(member(*tree, "warning")),
                  .info = count_of(member(*tree, "info")),
                  .uploaded = watch::flag_of(member(*tree, "uploaded")),
                  .error = line_of(member(*tree, "error"), 300)};
  if (const std::string digest = watch::text_of(member(*tree, "digest")); is_digest(digest)) {
    outcome.digest = digest;
  }
  if (const Json& worst = member(*tree, "worst"); worst.is_array()) {
    for (const Json& one : worst) {
      if (outcome.worst.size() == kMaxWorst) break;
      const std::string severity = watch::text_of(member(one, "severity"));
      if (severity_rank(severity) == 0) continue;
      outcome.worst.push_back({.rule = line_of(member(one, "rule"), 64),
                               .severity = severity,
                               .title = line_of(member(one, "title"), 200),
                               .location = line_of(member(one, "location"), 200),
                               .fingerprint = line_of(member(one, "fingerprint"), 64)});
    }
  }
  return outcome;
}

int severity_rank(std::string_view severity) {
  if (severity == "CRITICAL") return 3;
  if (severity == "WARNING") return 2;
  return severity == "INFO" ? 1 : 0;
}

std::string verdict_text(int64_t critical, int64_t warning, int64_t info) {
  std::string text;
  for (const auto& [count, name] :
       {std::pair(critical, "CRITICAL"), std::pair(warning, "WARNING"), std::pair(info, "INFO")}) {
    if (count == 0) continue;
    if (!text.empty()) text += ", ";
    text += std::to_string(count) + " " + name;
  }
  return text.empty() ? "no findings" : text;
}

}  // namespace edp::reconcile
