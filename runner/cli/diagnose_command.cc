#include "runner/cli/diagnose_command.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdio>
#include <cstdlib>

#include "common/http_url.h"
#include "runner/cli/deliver.h"
#include "runner/cli/progress.h"
#include "runner/cli/remote_command.h"
#include "runner/cli/run_audit.h"
#include "runner/config/quantity.h"
#include "runner/report/report.h"
#include "runner/run/run.h"

namespace edp::cli {
namespace {

Result<config::DiagnosticProfile> profile_of(const DiagnoseOptions& options) {
  const std::string name = options.profile.empty() ? "local" : options.profile;
  const auto text = config::profile_text(name);
  if (!text) return tl::unexpected(text.error());
  auto profile = config::parse_profile(*text, name, run::known_names());
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
  run::Request request;
  request.profile = std::move(*profile);
  request.access = {.ca_file = options.ca_file,
                    .token_file = options.token_file,
                    .user = options.user,
                    .password_file = options.password_file};
  request.artefact_folder = options.artefacts;
  if (options.targets.empty()) {
    return fail("no target; name one, such as --target http://127.0.0.1:6060 (--help lists the options)");
  }
  for (const std::string& name : options.targets) {
    auto target = collect::parse_target(name);
    if (!target) return tl::unexpected(target.error());
    request.targets.push_back(std::move(*target));
  }
  if (!options.target_name.empty()) {
    if (request.targets.size() != 1) return fail("--target-name names one target, so give one --target");
    request.targets.front().name = http::one_line(options.target_name, 500);
  }
  return request;
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
  app.add_option(
         "--target", options->targets,
         "What to diagnose: http(s)://host:port[/base] of a Go pprof server, a profile, a folder of "
         "profiles, or - for standard input; in a cluster pod:NS/NAME, deploy:NS/NAME, sts:, ds:, rs:, or "
         "selector:NS/LABELS. May be given several times. Without it: the cluster's pods with "
         "edp-enabled=true")
      ->type_name("TARGET")
      ->allow_extra_args(false);
  app.add_option("--target-name", options->target_name,
                 "Call the target this in the report, instead of its URL")
      ->type_name("NAME");
  app.add_option(
         "--profile", options->profile,
         "The diagnostic profile: local (the default), prod-k8s, light, a YAML file, or env:VAR for its text "
         "in an environment variable; in a cluster the name of a DiagnosticProfile (default: prod-k8s)")
      ->type_name("NAME|FILE|env:VAR");
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
  app.add_option(
         "--audit-log", options->audit_log,
         "Write each act into this audit stream before it is carried out, - for standard output; default: "
         "$EDP_AUDIT_LOG, else the profile's audit-log. $EDP_AUDIT_KEY names the key file that seals it")
      ->type_name("FILE|-");
  app.add_option("--upload", options->upload,
                 "PUT the reports to URL/report.json and URL/report.html when they are made")
      ->type_name("URL");
  app.add_option("--upload-token-file", options->upload_token_file,
                 "Bearer token for --upload, read before each try")
      ->type_name("FILE");
  app.add_option("--upload-ca", options->upload_ca, "CA certificates (PEM) to trust for --upload")
      ->type_name("FILE|env:VAR");
  app.add_option("--summary", options->summary,
                 "Write a summary of at most 4,000 bytes of JSON into this file, also when the run fails")
      ->type_name("FILE");
  app.add_flag("--exit-zero", options->exit_zero, "Exit with 0 once a report was made, whatever it found");
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
  if (is_remote(options)) return diagnose_remote(options);
  Delivery delivery(options);
  auto request = request_of(options);
  if (!request) return delivery.failed(request.error());
  auto audit = RunAudit::open(options.audit_log, request->profile);
  if (!audit) return delivery.failed(audit.error());
  request->journal = audit->journal();
  request->on_behalf = audit->on_behalf();
  if (const auto writable = delivery.check(); !writable) return delivery.failed(writable.error());

  const auto began = std::chrono::steady_clock::now();
  const CancelToken cancel;
  const SignalCancel signals(cancel);  // until the report is delivered
  Result<report::Sealed> sealed = fail("not begun");
  {
    ProgressLine line(!options.quiet && ::isatty(STDERR_FILENO) != 0);
    collect::ProgressFn progress;
    if (!options.quiet) progress = [&line](const collect::Progress& step) { line.on(step); };
    sealed = run::diagnose(*request, cancel, progress);
  }
  if (!sealed) return delivery.failed(sealed.error());
  if (!options.quiet) print_verdict(sealed->report, options);
  return delivery.deliver(*sealed, began, request->profile.timeout_seconds, cancel, *audit);
}

}  // namespace edp::cli
