// What is to be done to the cluster. Each action may be tried again after a crash or a lost answer: names are
// deterministic, so "already exists" is a success of a create, and "not found" or a uid that differs one of a
// delete.
#pragma once

#include <cstdint>
#include <string>

namespace edp::reconcile {

struct Action {
  enum class Kind : uint8_t {
    kCreateJob,  // POST jobs in `ns`; tell the ledger placing(), and not_placed() if it fails for good
    kDeleteJob,  // DELETE with preconditions.uid = uid, propagationPolicy Background
    kAddEphemeralContainer,  // PATCH (strategic merge) pods/`pod`/ephemeralcontainers in `ns`; ledger as for
                             // a Job
    kDeleteRun,              // DELETE with preconditions.uid = uid
    kCreateRun,              // POST diagnosticruns in `ns`
  };
  Kind kind = Kind::kCreateJob;
  std::string ns;
  std::string name;  // of the Job, container or run; the ledger's key for the first and third kind
  std::string uid;   // precondition of a delete
  std::string body;  // JSON of a create or patch
  // A create that need not wait for the status beside it: whoever looks again would choose the same.
  bool early = false;
  // For the audit: whose, and about what.
  std::string run_ns, run_name, run_uid;
  std::string pod, target_uid;  // target's name and uid

  bool operator==(const Action&) const = default;
};

// One that is under way needs no second call: kind, place and name.
std::string key_of(const Action& action);

// What an Event is about: the run, a target pod or a policy.
struct ObjectId {
  std::string api_version, kind, ns, name, uid;
  bool operator==(const ObjectId&) const = default;
};

struct EventNote {
  ObjectId object;
  bool warning = false;
  std::string reason, message;
  bool operator==(const EventNote&) const = default;
};

}  // namespace edp::reconcile
