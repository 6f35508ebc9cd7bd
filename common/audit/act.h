// What is written down of a diagnostic act: who, what, which target, why, and what came of it.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "common/masking/masker.h"

namespace edp::audit {

enum class ActorKind : uint8_t { kUser, kServiceAccount, kCi, kOperator, kLocal };
std::string_view to_string(ActorKind kind);  // "user", "service-account", ...
// By such a name; of a Kubernetes user name by its form ("system:serviceaccount:...").
std::optional<ActorKind> actor_kind(std::string_view name);
ActorKind kind_of_user(std::string_view user);

struct Actor {
  ActorKind kind = ActorKind::kLocal;
  std::string name;   // empty: not known
  std::string known;  // how: "token", "annotation, checked at admission", "uid of the process", ...
};

struct Target {
  std::string ns, pod, workload, url, pid, uid;
};

struct Why {
  std::string run;  // "namespace/name", or the id of a run without a cluster
  std::string run_uid;
  std::string trigger;  // of a policy, such as "alert"
  std::string profile;
  std::string ci;  // of a pipeline: its build
};

enum class Outcome : uint8_t { kIntended, kDone, kRefused, kFailed };
std::string_view to_string(Outcome outcome);
std::optional<Outcome> outcome_of(std::string_view name);

struct Act {
  std::string what;  // "job.create", "collect", "report.upload", ...
  Actor actor;
  Target target;
  Why why;
  Outcome outcome = Outcome::kIntended;
  std::string reason;                      // of what was refused or failed; a note otherwise
  std::optional<uint64_t> intent;          // the seq of the intention that this is the outcome of
  std::optional<uint64_t> bytes;           // that were collected, taken or given
  std::map<std::string, uint64_t> masked;  // how often each kind was hidden
  std::string digest;                      // of the report, "sha256:..."
};

// The act's part of a line. All text is masked, and cut at 1,000 bytes each.
nlohmann::json to_json(const Act& act, const std::shared_ptr<const masking::Patterns>& patterns);

// Who asks where no cluster tells: a pipeline by its environment, else the user of this process.
Actor this_process();
// "jenkins checkout#17": the build of the pipeline that this process runs in; empty: none.
std::string this_build();

// How a Job is told for whom it works: {"actor": ..., "why": ...} as in a line. Nothing where it is no such
// text.
struct Context {
  Actor actor;
  Why why;
};
std::string to_text(const Context& context);
std::optional<Context> read_context(std::string_view text);

}  // namespace edp::audit
