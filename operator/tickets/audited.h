// A tracker whose writes are in the audit: the intention before each, its outcome after. One that can't be
// written down is not made. Reading is no act.
#pragma once

#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "common/audit/journal.h"
#include "operator/tickets/tracker.h"

namespace edp::tickets {

class AuditedTracker final : public Tracker {
 public:
  // `journal` is borrowed.
  AuditedTracker(std::unique_ptr<Tracker> tracker, audit::Journal& journal)
      : tracker_(std::move(tracker)), journal_(journal) {}

  Tried<std::optional<Issue>> find(const Ticket& ticket) override { return tracker_->find(ticket); }
  Tried<std::vector<Seen>> look(const std::vector<const Ticket*>& tickets) override {
    return tracker_->look(tickets);
  }
  Tried<Issue> create(const Ticket& ticket) override;
  Tried<void> move(const Ticket& ticket, bool done) override;
  Tried<void> comment(const Ticket& ticket, const Say& say) override;
  Tried<void> link(const Ticket& ticket) override;

 private:
  template <typename Call>
  auto audited(audit::Act act, Call call) -> decltype(call());

  const std::unique_ptr<Tracker> tracker_;
  audit::Journal& journal_;
};

}  // namespace edp::tickets
