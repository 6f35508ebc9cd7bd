// One candidate for a Lease (coordination.k8s.io/v1), a step at a time; by the rules of client-go's
// leaderelection, so that the two may share a lease:
// - Whether another's lease has run out is judged by the local time at which its record was last seen to
//   change, never by the times written in it: clocks of machines may differ as they like.
// - Every write carries the resourceVersion it is based on; a conflict means look again.
// - After any doubt (no answer, conflict) the record is read before it is written again.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "operator/kube/api.h"
#include "operator/leader/clock.h"
#include "operator/leader/tenure.h"

namespace edp::leader {

struct ElectionOptions {
  std::string ns = "diagnostic-system";
  std::string name = "edp-operator";
  // Unlike any other candidate's. The pod's name will do: a container that restarts then finds its own lease.
  std::string identity;
  // lease_duration > renew_deadline > retry_period * 1.2, else see check().
  std::chrono::milliseconds lease_duration{15'000};  // written into the record in whole seconds, rounded up
  std::chrono::milliseconds renew_deadline{10'000};
  std::chrono::milliseconds retry_period{2'000};
  bool release_on_stop = true;

  [[nodiscard]] Result<void> check() const;
};

class Election {
 public:
  // All borrowed. The Api is not fenced. `random`: uniform in [0, 1).
  Election(kube::Api& api, const Clock& clock, Tenure& tenure, ElectionOptions options,
           std::function<double()> random);
  ~Election();

  struct Step {
    bool leading = false;
    Duration pause{};  // until the next step
    std::string note;  // why it does not lead, or what went wrong; empty where all is well
  };
  // One attempt to acquire or to renew. Blocks for at most half of renew_deadline.
  Step step(const CancelToken& cancel);
  // Gives the lease back, where it is held; the tenure ends first. Blocks for at most `timeout`.
  void release(std::chrono::milliseconds timeout);

  [[nodiscard]] bool leading() const;
  // The holder by the last record seen; empty: nobody, or unknown.
  [[nodiscard]] const std::string& holder() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace edp::leader
