// What becomes of a ticket: from what is known, what was seen and the time to the next thing to do. Pure: no
// I/O, no clock.
//
// The rules that make it safe to die anywhere:
//   - What may have happened is written down before it is tried (create_tried, Say::tried), and looked for
//   before it is
//     tried again. A search in Jira lags behind a create, so after a create whose answer is missing nothing
//     is created until the search has been silent for `settle`.
//   - A run is counted once: the uids of the latest are kept.
//   - An issue is closed on a statement only that verifies, is about this ticket, is younger than its last
//   finding, and
//     whose run was not used before.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "common/validation/statement.h"
#include "common/validation/verdict.h"
#include "operator/tickets/record.h"

namespace edp::tickets {

struct Rules {
  int64_t update_interval = 3600;                 // repeated findings are told at most so often
  int64_t settle = 60;                            // how far a search may lag behind
  int64_t retry_base = 2, retry_cap = 60;         // after what passes by itself
  int64_t refused_base = 60, refused_cap = 3600;  // after what somebody must change: credentials, project key
  std::string cluster;
};

// One finding of one run, on one workload.
struct Found {
  std::string ns, kind, workload;
  validation::Finding finding;
  std::string run, run_uid, pod, report_url, digest;
  int64_t time = 0;
  std::vector<std::string> alerts;
  Checks checks;
  validation::Load load;
};

// A ticket for a finding that has none.
Ticket new_ticket(const Found& found, const Rules& rules);
// Puts the finding into its ticket; false: it is counted already.
bool apply_found(Ticket& ticket, const Found& found);

// The outcome of a validation run. `statement` and `json`: where it says Gone.
void apply_validation(Ticket& ticket, const Validation& validation);
// Why a statement can't close the ticket; empty: it can.
std::string refusal(const Ticket& ticket, const validation::Statement& statement);
void accept(Ticket& ticket, const validation::Statement& statement, const std::string& json);

// The issue was looked at.
struct IssueSeen {
  bool exists = true, done = false;
};
// True: the ticket has changed.
bool apply_seen(Ticket& ticket, const IssueSeen& seen, int64_t now);

enum class Do : uint8_t { kNothing, kFind, kCreate, kReopen, kClose, kComment, kLink };
// What is to be done now; kNothing: nothing before `due` (0: nothing until something is seen).
struct Next {
  Do what = Do::kNothing;
  int64_t due = 0;
};
Next next(Ticket& ticket, int64_t now, const Rules& rules);

// What came of it.
struct Trouble {
  enum class Kind : uint8_t {
    kUnreachable,  // no answer, 5xx
    kBusy,         // 429
    kCredentials,  // 401, 403
    kRefused,      // another 4xx: it will be refused again
    kGone,         // 404 of an issue
    kNotAudited,   // and so not tried
    kNotLeader,
  };
  Kind kind = Kind::kUnreachable;
  std::string message;      // for people, without secrets
  bool maybe_done = false;  // the request went out: it may have been carried out
  int64_t retry_after = 0;  // seconds; 0: none said
};
std::string_view reason_of(Trouble::Kind kind);  // "Unreachable", "TooManyRequests", "WrongCredentials", ...

struct Issue {
  std::string key, id, url;
  bool done = false;
};
void apply_issue(Ticket& ticket, const Issue& issue);                   // found or created
void apply_not_found(Ticket& ticket, int64_t now, const Rules& rules);  // searched for: there is none
void apply_done(Ticket& ticket, Do what, int64_t now);                  // reopened, closed, told, linked
// The tracker is left alone for now because of that, and the ticket waits for it. True: the ticket did not
// say so yet.
bool apply_wait(Ticket& ticket, const Trouble& trouble);
void apply_trouble(Ticket& ticket, Do what, const Trouble& trouble, int64_t now, const Rules& rules,
                   double jitter);

}  // namespace edp::tickets
