// From ended runs to findings, and from a validation run to a signed statement.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "common/validation/statement.h"
#include "common/validation/verdict.h"
#include "operator/tickets/decide.h"
#include "operator/tickets/worker.h"

namespace edp::tickets {

// The CRITICAL findings, each once for each workload. `readings`: one for each target; where there is none,
// what the run's status says of its worst findings.
std::vector<Found> findings_of(const RunEnded& run,
                               const std::vector<std::optional<validation::Reading>>& readings);

struct Proof {
  Validation validation;
  std::optional<validation::Statement> statement;  // where the finding is gone, and it could be signed
};

class Prover {
 public:
  // The key is read each time: it is a mounted Secret.
  explicit Prover(std::string key_file) : key_file_(std::move(key_file)) {}

  Proof prove(const Ticket& ticket, const RunEnded& run,
              const std::vector<std::optional<validation::Reading>>& readings,
              const std::vector<std::string>& known) const;

  // A statement was handed in that was not looked at yet.
  static bool unseen(const Ticket& ticket);
  // Marks it as seen. The statement, or why it is refused.
  Result<validation::Statement> look_at(Ticket& ticket) const;

 private:
  [[nodiscard]] Result<ed25519::PrivateKey> key() const;
  const std::string key_file_;
};

}  // namespace edp::tickets
