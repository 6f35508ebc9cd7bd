#include "runner/cli/diagnose_command.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <cstdlib>
#include <filesystem>

#include "common/files.h"
#include "runner/cli/progress.h"
#include "runner/config/quantity.h"
#include "runner/report/report.h"
#include "runner/run/run.h"

namespace edp::cli {
namespace {

void complain(const std::string& message) { (void)std::fprintf(stderr, "edp-runner: %s\n", message.c_str()); }

// "/tmp/x.json" -> "/tmp/x.html": publishHTML finds the page beside the JSON.
std::string html_beside(const std::string& json) {
  return std::filesystem::path(json).replace_extension(".html");
}

Result<config::DiagnosticProfile> profile_of(const DiagnoseOptions& options) {
  const auto text = config::profile_text(options.profile);
  if (!text) return tl::unexpected(text.error());
  auto profile = config::parse_profile(*text, options.profile, run::known_names());
  if (!profile) return profile;
  for (const auto& [given, seconds, flag] :
       {std::tuple(&options.duration, &profile->duration_seconds, "--duration"),
        std::tuple(&options.timeout, &profile->timeout_seconds, "--timeout")}) {
    if (!*given) continue;
    const auto parsed = config::parse_seconds(**given);
    if (!parsed) return tl::unexpected(parsed.error().at(flag));
    *seconds = *parsed;
  }
  if (options.gate) profile->gate = *options.gate;
  return profile;
}

Result<run::Request> request_of(const DiagnoseOptions& options) {
  auto profile = profile_of(options);
  if (!profile) return tl::unexpected(profile.error());
  run::Request request{.profile = std::move(*profile),
                       .access = {.ca_file = options.ca_file,
                                  .token_file = options.token_file,
                                  .user = options.user,
                                  .password_file = options.password_file},
                       .artefact_folder = options.artefacts};
  if (options.targets.empty()) {
    return fail("no target; name one, such as --target http://127.0.0.1:6060 (--help lists the options)");
  }
  for (const std::string& name : options.targets) {
    auto target = collect::parse_target(name);
    if (!target) return tl::unexpected(target.error());
    request.targets.push_back(std::move(*target));
  }
  return request;
}

// A minute's work must not be lost to a mistyped folder.
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

// Writes every report that was asked for, also when one of them fails.
bool write_reports(const model::Report& report, const DiagnoseOptions& options) {
  bool good = true;
  const auto write = [&](const std::string& path, std::string_view text) {
    const auto written = write_file(path, text);
    if (written) return;
    complain(written.error().to_string());
    good = false;
  };
  if (!options.output.empty()) {
    const std::string json = report::to_json(report);
    write(options.output, json);
    write(html_beside(options.output), report::to_html(report, json));
  }
  if (!options.junit.empty()) write(options.junit, report::to_junit(report));
  if (!options.sarif.empty()) write(options.sarif, report::to_sarif(report));
  return good;
}

int terminal_width() {
  winsize size{};
  if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col >= 40)
    return size.ws_col;  // NOLINT(*-vararg)
  return 100;
}

void print_verdict(const model::Report& report, const DiagnoseOptions& options) {
  // https://no-color.org
  const bool colour = !options.no_color && std::getenv("NO_COLOR") == nullptr && ::isatty(STDOUT_FILENO) != 0;
  const std::string text = report::to_terminal(report, {.colour = colour, .width = terminal_width()});
  (void)std::fputs(text.c_str(), stdout);
}

}  // namespace

std::shared_ptr<DiagnoseOptions> add_diagnose_options(CLI::App& app) {
  auto options = std::make_shared<DiagnoseOptions>();
  app.add_option("--target", options->targets,
                 "What to diagnose: http(s)://host:port[/base] of a Go pprof server, a profile, a folder of "
                 "profiles, or - for standard input; may be given several times")
      ->type_name("TARGET")
      ->allow_extra_args(false);
  app.add_option("--profile", options->profile,
                 "The diagnostic profile: local (the default), prod-k8s, light, or a YAML file")
      ->type_name("NAME|FILE");
  app.add_option("--duration", options->duration, "Window of cpu and delta profiles: 30, 30s, 2m")
      ->type_name("SECONDS");
  app.add_option("--timeout", options->timeout, "Limit for the whole run")->type_name("SECONDS");
  app.add_option("--output", options->output, "Write the JSON report here, and the HTML report beside it")
      ->type_name("FILE.json");
  app.add_option("--gate", options->gate, "Exit with 2 from this severity on (default: CRITICAL)")
      ->type_name("SEVERITY")
      ->check(CLI::IsMember({"INFO", "WARNING", "CRITICAL"}));
  app.add_option("--junit", options->junit, "Write JUnit XML here")->type_name("FILE");
  app.add_option("--sarif", options->sarif, "Write SARIF 2.1.0 here")->type_name("FILE");
  app.add_option("--artefacts", options->artefacts, "Keep everything that was collected in this folder")
      ->type_name("FOLDER");
  app.add_option("--ca", options->ca_file, "CA certificates (PEM) to trust instead of the system's")
      ->type_name("FILE");
  app.add_option("--token-file", options->token_file, "Bearer token for the target")->type_name("FILE");
  app.add_option("--user", options->user, "User for basic authentication")->type_name("NAME");
  app.add_option("--password-file", options->password_file, "Password for basic authentication")
      ->type_name("FILE");
  app.add_flag("-q,--quiet", options->quiet, "Print no verdict and no progress");
  app.add_flag("--no-color", options->no_color, "No colours, also on a terminal");
  return options;
}

int diagnose(const DiagnoseOptions& options) {
  const auto request = request_of(options);
  if (!request) {
    complain(request.error().to_string());
    return run::kError;
  }
  if (const auto writable = check_outputs(options); !writable) {
    complain(writable.error().to_string());
    return run::kError;
  }

  model::Report report;
  {
    const CancelToken cancel;
    const SignalCancel signals(cancel);
    ProgressLine line(!options.quiet && ::isatty(STDERR_FILENO) != 0);
    collect::ProgressFn progress;
    if (!options.quiet) progress = [&line](const collect::Progress& step) { line.on(step); };
    report = run::diagnose(*request, cancel, progress);
  }
  if (!options.quiet) print_verdict(report, options);
  return write_reports(report, options) ? report.exit_status : run::kError;
}

}  // namespace edp::cli
