// The DiagnosticTickets as they are in the cluster: a copy that is listed from time to time and follows its
// own writes. Each write names the version it was made from, so that of two writers one has to look again.
// One thread.
#pragma once

#include <functional>
#include <map>
#include <string>

#include "common/cancel.h"
#include "operator/kube/api.h"
#include "operator/publish/events.h"
#include "operator/tickets/record.h"

namespace edp::tickets {

class Book {
 public:
  Book(kube::Api& api, publish::EventOptions events, CancelToken stop)
      : api_(api), events_(std::move(events)), stop_(std::move(stop)) {}

  bool list();
  void clear() { tickets_.clear(); }
  Ticket* find(const std::string& ns, const std::string& name) { return find(ns + "/" + name); }
  Ticket* find(const std::string& full_name);
  // Null: it could not be written. One that is there already is taken.
  Ticket* create(const Ticket& ticket);
  // The ticket's status. False: it was not stored; where somebody else has changed it, the copy is theirs
  // then.
  bool save(Ticket& ticket, int64_t now);
  // `visit` must not create.
  void for_each(const std::function<void(Ticket&)>& visit);
  // A warning Event about the ticket.
  void tell(const Ticket& ticket, const std::string& reason, const std::string& note);

 private:
  bool reload(const std::string& ns, const std::string& name);

  kube::Api& api_;
  publish::EventRecorder events_;
  const CancelToken stop_;
  std::map<std::string, Ticket> tickets_;  // by full_name()
};

}  // namespace edp::tickets
