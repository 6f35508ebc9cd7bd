#include "runner/cli/trace_command.h"

#include <CLI/CLI.hpp>
#include <cmath>
#include <iostream>
#include <memory>

#include "runner/cli/load_trace.h"
#include "runner/cli/print.h"
#include "runner/cli/trace_json.h"
#include "runner/cli/view_json.h"
#include "runner/cli/view_options.h"
#include "runner/config/quantity.h"
#include "runner/upload/gzip.h"
#include "runner/view/merge.h"
#include "runner/view/pprof_proto.h"
#include "runner/view/report.h"
#include "runner/view/trace/trace_summary.h"
#include "runner/view/trace/wait_profile.h"

namespace edp::cli {
namespace {

using Warnings = std::vector<std::string>;

struct TraceSettings {
  ViewSettings view;
  std::string pprof, state, time;
  view::SliceOptions slices;
};

// "10ms..1.5s", "10ms..", "..1.5s".
Result<void> set_time(const std::string& text, view::SliceOptions& slices) {
  if (text.empty()) return {};
  const size_t dots = text.find("..");
  if (dots == std::string::npos)
    return fail("--time takes a range such as 10ms..250ms, not \"" + text + "\"");
  const std::string ends[] = {text.substr(0, dots), text.substr(dots + 2)};
  int64_t* const places[] = {&slices.from, &slices.to};
  for (size_t i = 0; i < 2; ++i) {
    if (ends[i].empty()) continue;
    const auto seconds = config::parse_seconds(ends[i]);
    if (!seconds) return fail("--time " + text + ": " + seconds.error().what);
    *places[i] = static_cast<int64_t>(std::min(*seconds * 1e9, 9e18));
  }
  if (slices.from > slices.to) return fail("--time " + text + " ends before it begins");
  return {};
}

Result<void> settle(TraceSettings& settings) {
  if (auto settled = settings.view.settle(); !settled) return settled;
  if (settings.view.sources.files.size() != 1) return fail("trace takes one FILE");
  if (!settings.state.empty()) {
    settings.slices.state = model::go_state(settings.state);
    if (!settings.slices.state) {
      return fail("--state " + settings.state + ": there are runnable, running, waiting and syscall");
    }
  }
  return set_time(settings.time, settings.slices);
}

bool is_profile_name(const std::string& file) { return file.ends_with(".pb") || file.ends_with(".pb.gz"); }

Result<std::string> show_profile(const TraceSettings& settings, const model::Timeline& timeline,
                                 Warnings& warnings) {
  const auto kind = view::wait_kind(settings.pprof);
  if (!kind) return fail("--pprof " + settings.pprof + ": there are net, sync, syscall and sched");
  const auto filter = view::SliceFilter::make(settings.slices, timeline);
  if (!filter) return tl::unexpected(filter.error());
  model::Profile profile = view::wait_profile(timeline, *kind, *filter);
  if (is_profile_name(settings.view.output)) {
    const std::string bytes = view::to_proto(profile);
    return settings.view.output.ends_with(".gz") ? upload::gzip(bytes) : bytes;
  }
  view::add_missing_mapping(profile);
  const auto report = view::make_report(std::move(profile), settings.view.view, view::Kind::kTop, warnings);
  if (!report) return tl::unexpected(report.error());
  return settings.view.format == "json" ? to_json(*report, false)
                                        : Result<std::string>(view::top_text(*report));
}

Result<std::string> show_summary(const TraceSettings& settings, const std::vector<model::Timeline>& traces) {
  std::vector<std::pair<view::TraceSummary, const model::Timeline*>> summaries;
  const std::string& file = settings.view.sources.files.front();
  std::string text;
  for (const model::Timeline& timeline : traces) {
    const auto filter = view::SliceFilter::make(settings.slices, timeline);
    if (!filter) return tl::unexpected(filter.error().at(file));
    summaries.emplace_back(view::summarize(timeline, *filter, settings.slices), &timeline);
    if (!text.empty()) text += "\n";
    text += view::summary_text(summaries.back().first, timeline, file);
  }
  return settings.view.format == "json" ? to_json(summaries, file) : text;
}

Result<std::string> run(TraceSettings& settings, Warnings& warnings) {
  if (auto settled = settle(settings); !settled) return tl::unexpected(settled.error());
  const std::string& file = settings.view.sources.files.front();
  const auto traces = load_traces(file);
  if (!traces) return tl::unexpected(traces.error());
  for (const model::Timeline& timeline : *traces) {
    for (const std::string& problem : timeline.problems) warnings.push_back(file + ": " + problem);
  }
  if (settings.pprof.empty()) return show_summary(settings, *traces);
  if (traces->size() > 1) warnings.push_back(file + ": holds several traces, of which the first is shown");
  return show_profile(settings, traces->front(), warnings);
}

}  // namespace

void add_trace_command(CLI::App& app, int& status) {
  const auto settings = std::make_shared<TraceSettings>();
  CLI::App* command = app.add_subcommand(
      "trace", "An execution trace at a glance; with --pprof, what `go tool trace -pprof` makes of it");
  add_view_options(*command, settings->view);
  settings->view.format = "table";
  command->get_option("-o")->check(CLI::IsMember({"table", "json"}))->capture_default_str();
  command
      ->add_option("--pprof", settings->pprof,
                   "A profile of where goroutines waited: net, sync, syscall or sched")
      ->type_name("KIND");
  command
      ->add_option("--filter", settings->slices.function,
                   "Only states with a function that matches on a stack")
      ->type_name("REGEX");
  command->add_option("--goroutine", settings->slices.goroutine, "Only this goroutine")->type_name("ID");
  command->add_option("--state", settings->state, "Only this state: runnable, running, waiting or syscall")
      ->type_name("STATE");
  command->add_option("--time", settings->time, "Only this time since the trace began: 10ms..250ms")
      ->type_name("A..B");
  command->callback([&status, settings] {
    Warnings warnings;
    const Result<std::string> text = run(*settings, warnings);
    status = print(text, warnings, settings->view.output);
  });
}

}  // namespace edp::cli
