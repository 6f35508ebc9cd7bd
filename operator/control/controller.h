// The control thread's work: takes messages, keeps the world, and lets the desks do what is due. No thread of
// its own, and no clock but for the figures of the queue.
#pragma once

#include <string>
#include <vector>

#include "operator/control/inbox.h"
#include "operator/control/office.h"
#include "operator/control/policy_desk.h"
#include "operator/control/probe_desk.h"
#include "operator/control/run_desk.h"
#include "operator/control/ticket_desk.h"
#include "operator/control/world.h"

namespace edp::control {

struct ControllerOptions {
  reconcile::RunSettings runs;
  reconcile::LedgerOptions ledger;
  std::vector<std::string> system_namespaces;  // not watched by a policy that names none
  std::string identity;                        // this replica
  ProbeSettings probe;
  TicketDesk::Offer offer_tickets;  // unset: there are no tickets
};

class Controller {
 public:
  using Submit = std::function<void(act::Task task, bool urgent)>;

  // All borrowed.
  Controller(ControllerOptions options, publish::Metrics& metrics, Directory& directory, Submit submit,
             ProbeDesk::SetTargets set_targets);

  void handle(Message&& message, double now);
  // Does what is due; when to be called again although nothing was told.
  double work(double now);
  // Gauges, from time to time.
  void measure(double now);

  [[nodiscard]] bool synced() const { return world_.synced(); }
  void set_reports_ca(std::string pem) { runs_.set_reports_ca(std::move(pem)); }

 private:
  WorldListener listener();
  void on_outcome(const act::Outcome& outcome, double now);
  void set_leading(bool leading);
  void begin(double now);

  double now_ = 0;  // of the message or the work under way, for the listeners
  bool leading_ = false, begun_ = false;
  publish::Metrics& metrics_;
  publish::QueueMetrics& queue_metrics_;
  World world_;
  queue::WorkQueue queue_;
  publish::EventRecorder events_;
  Office office_;
  RunDesk runs_;
  PolicyDesk policies_;
  ProbeDesk probes_;
  TicketDesk tickets_;
  queue::QueueFigures told_;
};

}  // namespace edp::control
