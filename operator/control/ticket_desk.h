// Hands ended runs to the ticket worker: those that found a CRITICAL, and those that validate a ticket. Each
// once while this replica leads; a new leader hands all of them over again, and the tickets know which they
// have counted.
#pragma once

#include <functional>
#include <string>
#include <unordered_map>
#include <unordered_set>

#include "operator/control/world.h"
#include "operator/reconcile/run.h"
#include "operator/tickets/worker.h"

namespace edp::control {

class TicketDesk {
 public:
  // False: no room now. Unset: there are no tickets.
  using Offer = std::function<bool(tickets::RunEnded)>;
  TicketDesk(World& world, Offer offer) : world_(world), offer_(std::move(offer)) {}

  void lead();
  void retire();
  void on_run(const watch::RunRecord* old, const watch::RunRecord* now);
  // What found no room before.
  void work();

 private:
  void consider_all();
  void consider(const watch::RunRecord& run);
  reconcile::WorkloadName workload_of(const watch::RunRecord& run, const watch::TargetStatus& target) const;

  World& world_;
  const Offer offer_;
  bool leading_ = false, crowded_ = false;
  std::unordered_set<std::string> handed_;  // uids of runs
  // Of the pods of runs that have not ended: by the end the pod may be gone. By pod uid.
  std::unordered_map<std::string, reconcile::WorkloadName> workloads_;
};

}  // namespace edp::control
