#include "runner/cli/validate_command.h"

#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "common/files.h"
#include "common/validation/verdict.h"
#include "runner/report/text.h"

namespace edp::cli {
namespace {

using validation::Verdict;
constexpr int kError = 1, kStillThere = 2, kCannotTell = 3;

struct Options {
  std::string before, after, fingerprint;
};

int failed(const std::string& problem) {
  (void)std::fprintf(stderr, "edp-runner: %s\n", problem.c_str());
  return kError;
}

Result<validation::Reading> read(const std::string& path) {
  const auto text = read_file(path, validation::kMaxReportBytes);
  if (!text) return tl::unexpected(text.error());
  auto reading = validation::read_report(*text);
  if (!reading) return tl::unexpected(reading.error().at(path));
  return reading;
}

int validate(const Options& options) {
  const auto before = read(options.before);
  if (!before) return failed(before.error().to_string());
  const auto after = read(options.after);
  if (!after) return failed(after.error().to_string());
  std::vector<std::string> known;
  for (const validation::Finding& finding : before->findings) known.push_back(finding.fingerprint);
  bool there = false;
  bool unsure = false;
  int looked = 0;
  for (const validation::Finding& finding : before->findings) {
    if (options.fingerprint.empty() ? finding.severity != "CRITICAL"
                                    : finding.fingerprint != options.fingerprint) {
      continue;
    }
    ++looked;
    const validation::Judged judged =
        validation::judge({.rule = finding.rule,
                           .fingerprint = finding.fingerprint,
                           .function = finding.function,
                           .load = validation::load_of(*before, finding.function)},
                          {*after}, known);
    there = there || judged.verdict == Verdict::kStillThere;
    unsure = unsure || judged.verdict == Verdict::kCannotTell;
    std::printf("%s %s (%s)\n  %s (%s): %s\n", finding.severity.c_str(), finding.rule.c_str(),
                report::one_line(finding.location).c_str(), std::string(to_string(judged.verdict)).c_str(),
                judged.reason.c_str(), report::one_line(judged.message).c_str());
  }
  if (looked == 0) {
    return failed(options.before + (options.fingerprint.empty() ? ": no CRITICAL finding to validate"
                                                                : ": no finding " + options.fingerprint));
  }
  std::puts("not signed: no operator has made these runs");
  return there ? kStillThere : unsure ? kCannotTell : 0;
}

}  // namespace

void add_validate_command(CLI::App& app, int& status) {
  const auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand("validate",
                                         "Whether what one report found is gone in another under comparable "
                                         "load: exit 0 gone, 2 still there, 3 can't tell");
  command->add_option("--before", options->before, "The JSON report with the finding")
      ->required()
      ->type_name("FILE");
  command->add_option("--after", options->after, "The JSON report of the same checks, later")
      ->required()
      ->type_name("FILE");
  command
      ->add_option("--fingerprint", options->fingerprint, "This finding alone (default: every CRITICAL one)")
      ->type_name("FINGERPRINT");
  command->callback([&status, options] { status = validate(*options); });
}

}  // namespace edp::cli
