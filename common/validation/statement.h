// A signed statement that a validation run found a ticket's fault gone (edp.validation/v1): Ed25519 over the
// payload's canonical JSON. EDP closes a ticket on nothing else.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "common/ed25519.h"
#include "common/result.h"
#include "common/validation/load.h"

namespace edp::validation {

struct Statement {
  std::string ticket;       // "namespace/name" of the DiagnosticTicket
  std::string key;          // of the issue; may be empty
  std::string fingerprint;  // of the finding
  std::string workload;     // "namespace/Kind/name"
  std::string run;          // uid of the validation run
  std::string digest;       // of its report, "sha256:..."
  std::string verdict;      // "Gone"
  std::string message;      // figures of the load, for people
  int64_t began = 0;        // the run, seconds since 1970
  int64_t time = 0;         // its end
  bool operator==(const Statement&) const = default;
};

// One line of JSON.
Result<std::string> sign(const ed25519::PrivateKey& key, const Statement& statement);
// The statement, or why it is none of this key's.
Result<Statement> verify(const ed25519::PublicKey& key, std::string_view json);

}  // namespace edp::validation
