#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "runner/report/report.h"
#include "runner/report/text.h"

namespace edp::report {
namespace {

using model::Finding;
using model::RuleStatus;
using model::Severity;

constexpr size_t kLines = 36;   // a screen of 40 with room for the prompt
constexpr size_t kFigures = 3;  // figures shown for a finding
constexpr size_t kListed = 3;   // lines for what could not be judged, and for what failed
constexpr size_t kIndent = 10;  // where text begins, right of the severity
constexpr size_t kMinWidth = 40;
constexpr size_t kMaxWidth = 160;

constexpr std::string_view kReset = "\x1b[0m", kBold = "\x1b[1m", kDim = "\x1b[2m", kRed = "\x1b[1;31m",
                           kYellow = "\x1b[1;33m", kBlue = "\x1b[1;34m", kGreen = "\x1b[1;32m";

std::string_view colour_of(Severity severity) {
  switch (severity) {
    case Severity::kCritical:
      return kRed;
    case Severity::kWarning:
      return kYellow;
    case Severity::kInfo:
      return kBlue;
  }
  return kReset;
}

class Screen {
 public:
  explicit Screen(const TerminalOptions& options)
      : colour_(options.colour),
        width_(std::clamp(static_cast<size_t>(std::max(options.width, 0)), kMinWidth, kMaxWidth)) {}

  [[nodiscard]] size_t width() const { return width_; }
  [[nodiscard]] size_t lines() const { return lines_; }
  [[nodiscard]] std::string take() { return std::move(out_); }

  void blank() { end_line(); }

  // One line: `lead` padded to kIndent in its colour, then the text in its style. Both are made safe and cut.
  void line(std::string_view lead, std::string_view lead_colour, std::string_view text,
            std::string_view style = {}) {
    const std::string shown = clip(lead, kIndent - 1);
    paint(shown, lead_colour);
    out_.append(kIndent - std::min(display_width(shown), kIndent), ' ');
    paint(clip(text, width_ - kIndent), style);
    end_line();
  }

  // Text over at most `limit` lines, broken at spaces, right of the indent; the last one is cut with "…".
  void paragraph(std::string_view lead, std::string_view lead_colour, std::string_view text, size_t limit,
                 std::string_view style = {}) {
    const size_t room = width_ - kIndent;
    std::string rest = one_line(text);
    for (size_t i = 0; i < limit && (i == 0 || !rest.empty()); ++i) {
      const bool last = i + 1 == limit;
      const size_t taken = last ? rest.size() : fitting_words(rest, room);
      line(i == 0 ? lead : "", lead_colour, std::string_view(rest).substr(0, taken), style);
      rest.erase(0, rest.find_first_not_of(' ', taken));
    }
  }

 private:
  // Bytes of the words that fit `room` columns; all where no space helps.
  static size_t fitting_words(const std::string& text, size_t room) {
    if (display_width(text) <= room) return text.size();
    size_t best = text.size();
    for (size_t at = text.find(' '); at != std::string::npos; at = text.find(' ', at + 1)) {
      if (display_width(std::string_view(text).substr(0, at)) > room) break;
      best = at;
    }
    return best;
  }

  void paint(std::string_view text, std::string_view style) {
    const bool painted = colour_ && !style.empty() && !text.empty();
    if (painted) out_ += style;
    out_ += text;
    if (painted) out_ += kReset;
  }

  void end_line() {
    while (!out_.empty() && out_.back() == ' ') out_.pop_back();
    out_ += '\n';
    ++lines_;
  }

  bool colour_;
  size_t width_;
  size_t lines_ = 0;
  std::string out_;
};

std::string counted(size_t n, std::string_view what) {
  return std::to_string(n) + " " + std::string(what) + (n == 1 ? "" : "s");
}

size_t count_of(const model::Report& report, RuleStatus status) {
  return static_cast<size_t>(std::ranges::count(report.rules, status, &model::RuleOutcome::status));
}

std::string verdict_line(const model::Report& report) {
  const auto findings = [&](Severity severity) {
    return static_cast<size_t>(std::ranges::count(report.findings, severity, &Finding::severity));
  };
  std::string out;
  const auto add = [&](size_t n, std::string_view what) {
    if (n == 0) return;
    if (!out.empty()) out += ", ";
    out += std::to_string(n) + " " + std::string(what);
  };
  add(findings(Severity::kCritical), "critical");
  add(findings(Severity::kWarning), "warning");
  add(findings(Severity::kInfo), "info");
  if (out.empty()) {
    const size_t judged = count_of(report, RuleStatus::kClean);
    out = judged == 0 ? "Nothing could be judged" : "No finding; " + counted(judged, "rule") + " judged";
  }
  if (report.cancelled) out += "; cancelled, so partial";
  return out + "; took " + format_seconds(report.seconds) + ", exit status " +
         std::to_string(report.exit_status);
}

std::string target_line(const model::Report& report) {
  std::string out;
  for (const model::Facts& facts : report.targets) {
    if (!out.empty()) out += ", ";
    out += facts.target;
    if (!facts.go_version.empty()) out += " (" + facts.go_version + ")";
  }
  if (!report.profile.empty()) out += "  profile " + report.profile;
  return out;
}

std::string place_of(const model::SourceLocation& place, size_t width) {
  if (place.file.empty()) return place.function;
  const std::string line = place.line > 0 ? ":" + std::to_string(place.line) : "";
  return clip_front(place.file + line, width);
}

std::string figures_of(const Finding& finding) {
  std::string out;
  for (size_t i = 0; i < finding.evidence.size() && i < kFigures; ++i) {
    const model::Evidence& evidence = finding.evidence[i];
    if (!out.empty()) out += " · ";
    out += evidence.name + " " + format_value(evidence.value, evidence.unit) + " (" +
           std::string(to_string(evidence.basis));
    if (evidence.threshold) out += ", limit " + format_value(*evidence.threshold, evidence.unit);
    out += ")";
  }
  return out;
}

// What the run's other sources say to it.
std::string sources_of(const Finding& finding) {
  std::string out;
  for (const std::string& rule : finding.confirmed_by) out += (out.empty() ? "confirmed by " : ", ") + rule;
  if (!finding.contradiction.empty())
    out += std::string(out.empty() ? "" : "; ") + "contradicted: " + finding.contradiction;
  return out;
}

std::string first_sentence(std::string_view text) {
  for (size_t at = text.find(". "); at != std::string_view::npos; at = text.find(". ", at + 1)) {
    // "e.g. x" and "i.e. x" end no sentence.
    if (at >= 2 && text[at - 2] == '.') continue;
    return std::string(text.substr(0, at + 1));
  }
  return std::string(text);
}

// `several`: the report is about more than one target, so each finding names its own.
void show_finding(Screen& screen, const Finding& finding, bool in_full, bool several) {
  screen.paragraph(to_string(finding.severity), colour_of(finding.severity), finding.title, in_full ? 2 : 1,
                   kBold);
  const std::string place = place_of(finding.location, screen.width() - kIndent);
  if (!in_full) {
    screen.line("", {}, several ? place + "  in " + finding.target : place, kDim);
    return;
  }
  if (several) screen.line("", {}, "in " + finding.target);
  if (!place.empty()) {
    const size_t used = display_width(place);
    const bool beside = used + 12 < screen.width() - kIndent;
    const std::string& source = finding.location.source;
    const size_t indent = source.find_first_not_of(" \t");
    const bool has_source = beside && indent != std::string::npos;
    screen.line("", {}, has_source ? place + "  " + source.substr(indent) : place);
  }
  if (!finding.evidence.empty()) screen.paragraph("", {}, figures_of(finding), 2, kDim);
  if (const std::string sources = sources_of(finding); !sources.empty()) screen.line("", {}, sources, kDim);
  if (!finding.advice.empty()) screen.paragraph("", {}, "→ " + first_sentence(finding.advice), 4);
}

void show_findings(Screen& screen, const std::vector<Finding>& findings, size_t limit, bool several) {
  const size_t kFullLines = several ? 12 : 11;
  constexpr size_t kShortLines = 2;
  size_t shown = 0;
  bool full_before = false;
  for (; shown < findings.size(); ++shown) {
    const size_t waiting = findings.size() - shown - 1;
    const bool room_for_full =
        screen.lines() + kFullLines + 1 + std::min<size_t>(waiting, 3) * kShortLines <= limit;
    if (screen.lines() + kShortLines + 1 > limit) break;
    const bool in_full = room_for_full && findings[shown].severity != Severity::kInfo;
    if (shown > 0 && (in_full || full_before)) screen.blank();
    full_before = in_full || shown == 0;
    show_finding(screen, findings[shown], in_full || shown == 0, several);
  }
  if (shown < findings.size()) {
    screen.line("", {}, "and " + counted(findings.size() - shown, "more finding") + " in the report", kDim);
  }
}

// At most `lines` lines an item; beyond kListed items the last line counts the rest.
void show_list(Screen& screen, std::string_view lead, std::string_view colour,
               const std::vector<std::string>& items, size_t lines) {
  const size_t shown = items.size() > kListed ? kListed - 1 : items.size();
  for (size_t i = 0; i < shown; ++i) screen.paragraph(i == 0 ? lead : "", colour, items[i], lines);
  if (shown < items.size()) screen.line("", {}, "and " + std::to_string(items.size() - shown) + " more");
}

// What did not go well: one item a cause, with all collectors that met it.
std::vector<std::string> failures(const model::Report& report) {
  struct Cause {
    std::string outcome_and_message;
    std::vector<std::string> collectors;
  };
  std::vector<Cause> causes;
  for (const model::CollectorOutcome& outcome : report.collectors) {
    if (outcome.outcome == "ok" || outcome.outcome == "absent") continue;
    const std::string text =
        outcome.outcome + (outcome.message.empty() ? "" : ": " + one_line(outcome.message));
    auto cause = std::ranges::find(causes, text, &Cause::outcome_and_message);
    if (cause == causes.end()) cause = causes.insert(causes.end(), {.outcome_and_message = text});
    cause->collectors.push_back(one_line(outcome.collector));
  }
  std::vector<std::string> items;
  for (const Cause& cause : causes) {
    std::string names = cause.collectors.front();
    if (cause.collectors.size() > 1) names += " and " + std::to_string(cause.collectors.size() - 1) + " more";
    items.push_back(names + " " + cause.outcome_and_message);
  }
  return items;
}

}  // namespace

std::string to_terminal(const model::Report& report, const TerminalOptions& options) {
  Screen screen(options);
  const Severity worst = report.findings.empty()
                             ? Severity::kInfo
                             : std::ranges::max(report.findings, {}, &Finding::severity).severity;
  screen.line("target", kDim, target_line(report));
  screen.line("verdict", kDim, verdict_line(report), report.findings.empty() ? kGreen : colour_of(worst));

  std::vector<std::string> unjudged;
  for (const model::RuleOutcome& outcome : report.rules) {
    if (outcome.status == RuleStatus::kCannotTell)
      unjudged.push_back(outcome.rule + ": " + one_line(outcome.reason));
  }
  const std::vector<std::string> failed = failures(report);
  const size_t tail = std::min(unjudged.size(), kListed) + std::min(failed.size(), kListed) + 1;

  if (!report.findings.empty()) {
    screen.blank();
    show_findings(screen, report.findings, kLines - tail, report.targets.size() > 1);
  }
  if (!unjudged.empty() || !failed.empty()) screen.blank();
  show_list(screen, "unjudged", kDim, unjudged, 1);
  // Without a verdict the cause is all there is to read.
  show_list(screen, "failed", kYellow, failed, report.rules.empty() ? 4 : 1);
  return screen.take();
}

}  // namespace edp::report
