// `kubectl edp validate TICKET`: repeats the checks that found a ticket's fault on the same workload, and
// says whether it is gone. The operator judges, and signs what it found; this only asks, waits and shows.
#include <chrono>

#include "common/files.h"
#include "operator/kube/paths.h"
#include "runner/config/quantity.h"
#include "runner/kubectl/commands.h"
#include "runner/kubectl/follow.h"
#include "runner/kubectl/output.h"
#include "runner/kubectl/target.h"
#include "runner/report/text.h"

namespace edp::kubectl {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int kGone = 0, kStillThere = 2, kCannotTell = 3;
constexpr std::chrono::seconds kPatience{
    120};  // for the operator to judge an ended run, or to look at a statement
constexpr uint64_t kMaxStatement = 16'384;

struct Options {
  Where where;
  std::string ticket, timeout, statement, output;
};

std::string tickets_path(std::string_view ns) {
  return "/apis/edp.dev/v1alpha1/namespaces/" + kube::escape_segment(ns) + "/diagnostictickets";
}
std::string ticket_path(const Json& ticket) {
  return tickets_path(text_at(ticket, {"metadata", "namespace"})) + "/" +
         kube::escape_segment(text_at(ticket, {"metadata", "name"}));
}

// By its name, or by its issue's key.
Result<Json> find_ticket(const Cluster& cluster, const std::string& name) {
  const auto all = cluster.list(tickets_path(cluster.ns()));
  if (!all) return tl::unexpected(all.error());
  for (const Json& ticket : *all) {
    if (text_at(ticket, {"metadata", "name"}) == name || text_at(ticket, {"status", "key"}) == name)
      return ticket;
  }
  return fail("no DiagnosticTicket of namespace " + cluster.ns() + " has the name or the issue " + name +
              ": `kubectl get dtk -A` lists them");
}

Json run_for(const Json& ticket) {
  const std::string kind = text_at(ticket, {"spec", "target", "kind"});
  const std::string name = text_at(ticket, {"spec", "target", "name"});
  ClusterTarget target{.short_name = "validate-" + name.substr(0, 40), .is_pod = kind == "Pod"};
  if (kind == "Pod") {
    target.target = {{"pod", name}};
  } else {
    target.target = {{"workload", {{"kind", kind}, {"name", name}}}};
  }
  RunOptions how{.profile = text_at(ticket, {"status", "checks", "profile"}),
                 .duration = text_at(ticket, {"status", "checks", "duration"}),
                 .priority = "Critical"};
  for (const Json& one : member(ticket, {"status", "checks", "collectors"})) {
    if (one.is_string()) how.collectors.push_back(one.get<std::string>());
  }
  Json run = run_object(target, text_at(ticket, {"metadata", "namespace"}), how);
  run["spec"]["validates"] = text_at(ticket, {"metadata", "name"});
  return run;
}

// Looks at the ticket until `there`, or the patience is at an end.
Result<Json> wait_for_ticket(const Cluster& cluster, const Json& ticket, const CancelToken& cancel,
                             const std::function<bool(const Json&)>& there) {
  const auto until = Clock::now() + kPatience;
  for (;;) {
    auto now = cluster.get(ticket_path(ticket), cancel);
    if (now && there(*now)) return now;
    if (Clock::now() >= until || cancel.sleep_for(std::chrono::seconds(1))) {
      if (!now) return now;
      return fail("the operator has not answered within " + std::to_string(kPatience.count()) +
                  " s: is it running, with tickets.kind set?");
    }
  }
}

std::string load_text(const Json& load) {
  const Json& cpu = member(load, {"cpu"});
  const Json& allocations = member(load, {"allocations"});
  std::string text =
      cpu.is_number() ? report::format_value(cpu.get<double>(), "ratio") + " CPU s/s" : "CPU not known";
  if (allocations.is_number())
    text += ", " + report::format_value(allocations.get<double>(), "per_second") + " objects";
  return text;
}

int show(const Json& before, const Json& after, const std::string& run) {
  const std::string verdict = text_at(after, {"status", "validation", "verdict"});
  const std::string found = text_at(before, {"spec", "severity"}) + " " + text_at(before, {"spec", "rule"});
  std::string now = "can't tell";
  if (verdict == "Gone") now = "gone";
  if (verdict == "StillThere") now = found;
  print(table({{"", "THEN", "NOW"},
               {"finding", found, now},
               {"run", text_at(before, {"status", "lastRun", "name"}), run},
               {"last seen", text_at(before, {"status", "lastSeen"}),
                text_at(after, {"status", "validation", "time"})},
               {"load elsewhere", load_text(member(before, {"status", "load"})),
                load_text(member(after, {"status", "validation", "load"}))}}));
  print(verdict + " (" + text_at(after, {"status", "validation", "reason"}) +
        "): " + report::one_line(text_at(after, {"status", "validation", "message"})) + "\n");
  return verdict == "Gone" ? kGone : verdict == "StillThere" ? kStillThere : kCannotTell;
}

Result<int> validate(const Options& options, const Cluster& cluster) {
  const auto ticket = find_ticket(cluster, options.ticket);
  if (!ticket) return tl::unexpected(ticket.error());
  const std::string ns = text_at(*ticket, {"metadata", "namespace"});
  const auto made = cluster.create(runs_path(ns), run_for(*ticket));
  if (!made) return tl::unexpected(made.error());
  const std::string run = text_at(*made, {"metadata", "name"});
  const std::string uid = text_at(*made, {"metadata", "uid"});
  print("diagnosticrun.edp.dev/" + run + "\n");

  const CancelToken cancel;
  const SignalCancel signals(cancel);
  FollowOptions following;
  if (!options.timeout.empty()) {
    const auto seconds = config::parse_seconds(options.timeout);
    if (!seconds) return tl::unexpected(seconds.error().at("--timeout"));
    following.deadline = Clock::now() + std::chrono::milliseconds(static_cast<int64_t>(*seconds * 1e3));
  }
  const auto followed = follow(cluster, {{ns, run}}, following, cancel);
  if (!followed) return tl::unexpected(followed.error());
  if (followed->end != Followed::End::kDone) {
    complain("the run has not ended: `kubectl edp wait " + run + " -n " + ns + "`");
    return kCannotTell;
  }
  const auto judged = wait_for_ticket(cluster, *ticket, cancel, [&](const Json& now) {
    return text_at(now, {"status", "validation", "run"}) == uid;
  });
  if (!judged) {
    complain(judged.error().to_string());
    return kCannotTell;
  }
  const int status = show(*ticket, *judged, run);
  if (status != kGone) return status;
  const std::string file = options.output.empty() ? options.ticket + ".validation.json" : options.output;
  if (const auto written = write_file(file, text_at(*judged, {"status", "validation", "statement"}) + "\n");
      !written) {
    return tl::unexpected(written.error());
  }
  print("signed statement: " + file + "\n");
  const std::string key = text_at(*judged, {"status", "key"});
  if (!key.empty()) print("EDP closes " + key + ".\n");
  return status;
}

Result<int> hand_in(const Options& options, const Cluster& cluster) {
  auto text = read_file(options.statement, kMaxStatement);
  if (!text) return tl::unexpected(text.error());
  while (!text->empty() && (text->back() == '\n' || text->back() == '\r')) text->pop_back();
  const auto ticket = find_ticket(cluster, options.ticket);
  if (!ticket) return tl::unexpected(ticket.error());
  const auto patched = cluster.merge_patch(ticket_path(*ticket),
                                           {{"metadata", {{"annotations", {{"edp.dev/statement", *text}}}}}});
  if (!patched) return tl::unexpected(patched.error());
  const std::string digest = sha256_hex(*text).substr(0, 16);
  const CancelToken cancel;
  const SignalCancel signals(cancel);
  const auto seen = wait_for_ticket(cluster, *ticket, cancel, [&](const Json& now) {
    return text_at(now, {"status", "seenStatement"}) == digest;
  });
  if (!seen) return tl::unexpected(seen.error());
  for (const Json& condition : member(*seen, {"status", "conditions"})) {
    if (text_at(condition, {"type"}) == "StatementAccepted" && text_at(condition, {"status"}) == "False") {
      return fail("refused: " + report::one_line(text_at(condition, {"message"})));
    }
  }
  print("accepted: EDP closes " + text_at(*seen, {"status", "key"}) + "\n");
  return kGone;
}

}  // namespace

void add_validate_command(CLI::App& app, int& status) {
  const auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand("validate",
                                         "Repeat the checks that found a ticket's fault: exit 0 when it is "
                                         "gone under comparable load, 2 when it is still "
                                         "there, 3 when that can't be told");
  command->add_option("ticket", options->ticket, "The DiagnosticTicket, or its issue's key")
      ->required()
      ->type_name("TICKET");
  command->add_option("--timeout", options->timeout, "Wait no longer than this for the run: 300, 5m")
      ->type_name("SECONDS");
  command
      ->add_option("--output", options->output,
                   "Write the signed statement to this file (TICKET.validation.json)")
      ->type_name("FILE");
  command->add_option("--statement", options->statement, "Make no run: hand in this signed statement")
      ->type_name("FILE");
  add_where(*command, options->where);
  command->callback([options, &status] {
    status = with_cluster(options->where, [&](const Cluster& cluster) {
      return options->statement.empty() ? validate(*options, cluster) : hand_in(*options, cluster);
    });
  });
}

}  // namespace edp::kubectl
