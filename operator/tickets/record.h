// A DiagnosticTicket (crds/diagnostictickets.yaml): one for each finding and target workload. It is the
// outbox itself: what is known of the issue, and what still has to be told, so that a process that dies loses
// nothing and tells nothing twice. Times are seconds since 1970, 0 for "not yet".
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/result.h"
#include "common/validation/load.h"

namespace edp::tickets {

enum class State : uint8_t {
  kPending,    // no issue yet
  kOpen,       // there is one
  kReopened,   // it was closed without proof, or the finding came back: it goes back to work
  kValidated,  // a statement was accepted: the issue may be closed
  kClosed,     // closed, with proof
};
std::string_view to_string(State state);

struct Spec {
  std::string rule, fingerprint, severity, title, location, function, summary, advice;
  std::vector<std::string> evidence;  // at most five
  std::string kind, name;             // the target workload: "Deployment", "checkout"
};

// The checks of a run, which a validation repeats.
struct Checks {
  std::string profile, duration;
  std::vector<std::string> collectors;
  bool operator==(const Checks&) const = default;
};

// A comment that has to be made. `tried`: it may have been made already, an answer is missing.
struct Say {
  std::string ref, text;
  bool tried = false;
  bool operator==(const Say&) const = default;
};

struct Validation {
  std::string run, verdict, reason, message, digest;
  int64_t time = 0;
  validation::Load load;  // during the validation run
  std::string statement;  // signed; where the finding is gone
};

struct Status {
  State state = State::kPending;
  std::string key, id, url;  // of the issue
  std::string label;         // by which it is searched
  bool issue_done = false;   // as last seen
  int64_t create_tried = 0;  // an issue may have been created then: looked for before it is created (again)
  int64_t first_seen = 0;    // of the finding
  int64_t since = 0;         // first seen since it was last closed with proof: recovery is measured from here
  int64_t last_seen = 0;
  int64_t count = 0, told = 0;  // runs that found it; how many of them the issue knows of
  int64_t told_at = 0;
  std::string run, run_uid, pod, report_url, digest;  // that found it last
  std::string linked_url;                             // the report that the issue links to
  std::vector<std::string> counted;                   // uids of the latest runs in count, oldest first
  std::vector<std::string> alerts;                    // Alertmanager's fingerprints
  Checks checks;
  validation::Load load;  // when it was last found
  std::vector<Say> say;
  int64_t attempts = 0, next_attempt = 0;
  std::string error, error_reason;
  Validation validation;
  std::vector<std::string> used;  // uids of runs whose statements were used
  std::string refused;            // why the last statement handed in was refused
  std::string seen_statement;     // digest of the annotation that was looked at last
  int64_t closed = 0, recovery_seconds = 0, reopened = 0;
  // Not stored: when a search last found no issue.
  int64_t searched = 0;
};

struct Ticket {
  std::string ns, name, uid, version;
  std::string statement;  // annotation edp.dev/statement: handed in by somebody
  Spec spec;
  Status status;
  [[nodiscard]] std::string full_name() const { return ns + "/" + name; }
  [[nodiscard]] std::string workload() const { return ns + "/" + spec.kind + "/" + spec.name; }
  [[nodiscard]] bool open() const { return status.state != State::kClosed; }
};

// The object's name: one for each finding and workload of a namespace.
std::string ticket_name(std::string_view fingerprint, std::string_view kind, std::string_view workload);
// The issue's label: "edp-" and 16 hex digits. `cluster` tells clusters apart that share a project.
std::string ticket_label(std::string_view cluster, std::string_view ns, std::string_view name);

Result<Ticket> read_ticket(std::string_view json);
Result<std::vector<Ticket>> read_tickets(std::string_view list, std::string& next_page);
// The object to create.
std::string create_body(const Ticket& ticket);
// A merge patch for /status: at most kMaxStatus bytes; 409 if the object has changed meanwhile.
inline constexpr size_t kMaxStatus = 8192;
std::string status_patch(const Ticket& ticket, int64_t now);

// Cut at `max` bytes, at the end of a character, with "...".
std::string cut(std::string text, size_t max);

}  // namespace edp::tickets
