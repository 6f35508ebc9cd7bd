#include "operator/tickets/book.h"

#include <chrono>

#include "operator/kube/paths.h"
#include "operator/leader/fence.h"
#include "operator/publish/log.h"

namespace edp::tickets {
namespace {

namespace log = publish::log;
constexpr std::chrono::seconds kTimeout{10};

std::string collection(const std::string& ns) {
  return "/apis/edp.dev/v1alpha1/namespaces/" + kube::escape_segment(ns) + "/diagnostictickets";
}
std::string path_of(const std::string& ns, const std::string& name) {
  return collection(ns) + "/" + kube::escape_segment(name);
}

}  // namespace

bool Book::list() {
  std::map<std::string, Ticket> fresh;
  std::string page;
  do {
    kube::Call call{.path = "/apis/edp.dev/v1alpha1/diagnostictickets?limit=200" +
                            (page.empty() ? "" : "&continue=" + kube::escape_query(page))};
    const kube::Answer answer = api_.call(call, stop_);
    if (!answer.ok()) {
      log::warning("the tickets can't be listed", {{"problem", answer.explain()}});
      return false;
    }
    auto tickets = read_tickets(answer.body, page);
    if (!tickets) return false;
    for (Ticket& ticket : *tickets) {
      const auto old = tickets_.find(ticket.full_name());
      // What is not stored stays.
      if (old != tickets_.end()) {
        ticket.status.searched = old->second.status.searched;
        if (old->second.version == ticket.version) ticket.status = old->second.status;
      }
      fresh[ticket.full_name()] = std::move(ticket);
    }
  } while (!page.empty());
  tickets_ = std::move(fresh);
  return true;
}

Ticket* Book::find(const std::string& full_name) {
  const auto found = tickets_.find(full_name);
  return found == tickets_.end() ? nullptr : &found->second;
}

bool Book::reload(const std::string& ns, const std::string& name) {
  kube::Call call{.path = path_of(ns, name)};
  call.timeout = kTimeout;
  const kube::Answer answer = api_.call(call, stop_);
  const std::string key = ns + "/" + name;
  if (answer.not_found()) {
    tickets_.erase(key);
    return false;
  }
  if (!answer.ok()) return false;
  auto ticket = read_ticket(answer.body);
  if (!ticket) return false;
  tickets_[key] = std::move(*ticket);
  return true;
}

Ticket* Book::create(const Ticket& ticket) {
  kube::Call call{.method = "POST", .path = collection(ticket.ns), .body = create_body(ticket)};
  call.timeout = kTimeout;
  const kube::Answer answer = api_.call(call, stop_);
  const std::string key = ticket.full_name();
  if (answer.conflict()) {
    if (!reload(ticket.ns, ticket.name)) return nullptr;
    return find(key);
  }
  if (!answer.ok()) {
    log::warning("a ticket can't be written", {{"ticket", key}, {"problem", answer.explain()}});
    return nullptr;
  }
  auto made = read_ticket(answer.body);
  if (!made) return nullptr;
  made->status = ticket.status;
  return &(tickets_[key] = std::move(*made));
}

bool Book::save(Ticket& ticket, int64_t now) {
  kube::Call call{.method = "PATCH",
                  .path = path_of(ticket.ns, ticket.name) + "/status",
                  .body = status_patch(ticket, now),
                  .content_type = "application/merge-patch+json"};
  call.timeout = kTimeout;
  const kube::Answer answer = api_.call(call, stop_);
  if (answer.ok()) {
    auto stored = read_ticket(answer.body);
    if (!stored) return false;
    ticket.version = stored->version;
    ticket.statement = stored->statement;
    return true;
  }
  log::warning("a ticket's status can't be written",
               {{"ticket", ticket.full_name()}, {"problem", answer.explain()}});
  if (leader::Fence::refused(answer)) return false;
  // Whether it was stored or not, and by whom: what is there counts. In place, for callers hold the ticket.
  kube::Call read{.path = path_of(ticket.ns, ticket.name)};
  read.timeout = kTimeout;
  const kube::Answer there = api_.call(read, stop_);
  if (there.ok()) {
    if (auto stored = read_ticket(there.body)) ticket = std::move(*stored);
  } else if (there.not_found()) {
    ticket.status = {};  // deleted; the next list takes it out
  }
  return false;
}

void Book::for_each(const std::function<void(Ticket&)>& visit) {
  for (auto& [key, ticket] : tickets_) visit(ticket);
}

void Book::tell(const Ticket& ticket, const std::string& reason, const std::string& note) {
  const publish::Event event{.regarding = {.api_version = "edp.dev/v1alpha1",
                                           .kind = "DiagnosticTicket",
                                           .ns = ticket.ns,
                                           .name = ticket.name,
                                           .uid = ticket.uid},
                             .warning = true,
                             .reason = reason,
                             .note = note};
  const auto when = std::chrono::time_point_cast<std::chrono::microseconds>(std::chrono::system_clock::now());
  publish::EventPlan plan = events_.plan(event, publish::EventRecorder::Time(when.time_since_epoch()));
  if (plan.kind == publish::EventPlan::Kind::kDrop) return;
  kube::Call call{
      .method = plan.method, .path = plan.path, .body = plan.body, .content_type = plan.content_type};
  call.timeout = kTimeout;
  kube::Answer answer = api_.call(call, stop_);
  if (answer.not_found() && !plan.create_path.empty()) {
    kube::Call create{.method = "POST", .path = plan.create_path, .body = plan.create_body};
    create.timeout = kTimeout;
    answer = api_.call(create, stop_);
  }
}

}  // namespace edp::tickets
