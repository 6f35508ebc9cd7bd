#include "operator/tickets/worker.h"

#include <algorithm>
#include <chrono>
#include <deque>
#include <random>
#include <thread>
#include <utility>

#include "common/mutex.h"
#include "operator/publish/log.h"
#include "operator/tickets/book.h"
#include "operator/tickets/proof.h"

namespace edp::tickets {
namespace {

namespace log = publish::log;
constexpr int kMostAtOnce = 20;           // steps before the queue is looked at again
constexpr int64_t kReportPatience = 120;  // for the store to be reached

int64_t unix_now() {
  return std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch())
      .count();
}

}  // namespace

struct Worker::Impl {
  Impl(WorkerOptions how, kube::Api& to, std::unique_ptr<Tracker> with, publish::Metrics& figures,
       Outside around, CancelToken until)
      : options(std::move(how)),
        tracker(std::move(with)),
        metrics(figures),
        outside(std::move(around)),
        stop(std::move(until)),
        book(to, {.controller = "edp-operator", .instance = options.instance}, stop),
        prover(options.key_file) {}

  const WorkerOptions options;
  const std::unique_ptr<Tracker> tracker;
  publish::Metrics& metrics;
  const Outside outside;
  const CancelToken stop;
  Book book;
  Prover prover;

  Mutex mutex;
  CondVar changed;
  std::deque<RunEnded> inbox EDP_GUARDED_BY(mutex);
  std::thread thread;

  // Of the worker's thread.
  std::deque<std::pair<RunEnded, int64_t>> waiting;  // with when to look again
  bool begun = false;
  int64_t listed = 0, looked = 0, gate = 0, gate_attempts = 0;
  Trouble gate_trouble;  // for which the tracker is left alone until `gate`
  std::minstd_rand random{std::random_device{}()};

  double jitter() { return std::uniform_real_distribution<double>(0, 1)(random); }

  void work();
  void retire();
  bool begin(int64_t now);
  void take_inbox(int64_t now);
  bool take(const RunEnded& run, int64_t now, bool last_try);
  bool found(const Found& found, int64_t now);
  bool validated(const RunEnded& run, const std::vector<std::optional<validation::Reading>>& readings,
                 int64_t now);
  void statements(int64_t now);
  void look(int64_t now);
  int64_t steps(int64_t now);
  void step(Ticket& ticket, Do what, int64_t now);
  void trouble(Ticket* ticket, Do what, const Trouble& trouble, int64_t now);
  void measure();
};

void Worker::Impl::retire() {
  begun = false;
  listed = looked = gate = gate_attempts = 0;
  waiting.clear();
  book.clear();
  measure();
}

bool Worker::Impl::begin(int64_t now) {
  if (listed > 0 && now < listed + options.list) return true;
  if (!book.list()) {
    metrics.ticket_error("ListFailed");
    return listed > 0;
  }
  listed = now;
  if (!begun) {
    begun = true;
    // What waited long for somebody to change something may have been changed.
    book.for_each([&](Ticket& ticket) {
      ticket.status.next_attempt =
          std::min(ticket.status.next_attempt, now + static_cast<int64_t>(5 * jitter()));
    });
  }
  return true;
}

void Worker::Impl::take_inbox(int64_t now) {
  {
    const MutexLock lock(mutex);
    while (!inbox.empty()) {
      waiting.emplace_back(std::move(inbox.front()), 0);
      inbox.pop_front();
    }
  }
  for (size_t left = waiting.size(); left > 0 && !stop.cancelled(); --left) {
    auto [run, when] = std::move(waiting.front());
    waiting.pop_front();
    if (when <= now && take(run, now, now > run.completed + kReportPatience)) continue;
    waiting.emplace_back(std::move(run), when > now ? when : now + 2);
  }
}

// False: not everything could be written down.
bool Worker::Impl::take(const RunEnded& run, int64_t now, bool last_try) {
  std::vector<std::optional<validation::Reading>> readings;
  for (const RunEnded::Target& target : run.targets) {
    readings.emplace_back();
    if (target.digest.empty()) continue;
    auto json = outside.report(run, target);
    if (!json && !last_try) return false;
    if (!json || !*json) continue;
    auto reading = validation::read_report(**json);
    if (reading) {
      readings.back() = std::move(*reading);
    } else {
      log::warning("a report can't be read for its tickets",
                   {{"run", run.ns + "/" + run.name}, {"problem", reading.error().to_string()}});
    }
  }
  bool good = true;
  for (const Found& one : findings_of(run, readings)) good = found(one, now) && good;
  if (good && !run.validates.empty()) good = validated(run, readings, now);
  return good;
}

bool Worker::Impl::found(const Found& found, int64_t now) {
  const std::string name = ticket_name(found.finding.fingerprint, found.kind, found.workload);
  Ticket* ticket = book.find(found.ns, name);
  if (ticket == nullptr) ticket = book.create(new_ticket(found, options.rules));
  if (ticket == nullptr) {
    metrics.ticket_error("WriteFailed");
    return false;
  }
  if (ticket->status.label.empty()) {
    ticket->status.label = ticket_label(options.rules.cluster, ticket->ns, ticket->name);
  }
  if (!apply_found(*ticket, found)) return true;
  return book.save(*ticket, now);
}

bool Worker::Impl::validated(const RunEnded& run,
                             const std::vector<std::optional<validation::Reading>>& readings, int64_t now) {
  Ticket* ticket = book.find(run.ns, run.validates);
  if (ticket == nullptr) {
    log::warning("a validation of a ticket that is not there", {{"run", run.ns + "/" + run.name}});
    return true;
  }
  if (ticket->status.validation.run == run.uid) return true;
  std::vector<std::string> known;
  book.for_each([&](const Ticket& other) {
    if (other.workload() == ticket->workload()) known.push_back(other.spec.fingerprint);
  });
  const Proof proof = prover.prove(*ticket, run, readings, known);
  apply_validation(*ticket, proof.validation);
  if (proof.statement) {
    if (const std::string why = refusal(*ticket, *proof.statement); why.empty()) {
      accept(*ticket, *proof.statement, proof.validation.statement);
    } else {
      ticket->status.refused = why;
    }
  }
  log::info("validation", {{"ticket", ticket->full_name()},
                           {"verdict", proof.validation.verdict},
                           {"reason", proof.validation.reason},
                           {"run", run.name}});
  return book.save(*ticket, now);
}

// Statements that were handed in.
void Worker::Impl::statements(int64_t now) {
  book.for_each([&](Ticket& ticket) {
    if (!prover.unseen(ticket)) return;
    const auto statement = prover.look_at(ticket);
    if (statement) {
      accept(ticket, *statement, ticket.statement);
    } else {
      ticket.status.refused = statement.error().what;
      metrics.ticket_error("StatementRefused");
      book.tell(ticket, "StatementRefused", ticket.status.refused);
    }
    (void)book.save(ticket, now);
  });
}

void Worker::Impl::look(int64_t now) {
  if (now < looked + options.poll || now < gate) return;
  std::vector<const Ticket*> open;
  book.for_each([&](Ticket& ticket) {
    if (ticket.open() && !ticket.status.key.empty()) open.push_back(&ticket);
  });
  looked = now;
  if (open.empty()) return;
  const auto seen = tracker->look(open);
  if (!seen) return trouble(nullptr, Do::kNothing, seen.error(), now);
  gate_attempts = 0;
  for (const Tracker::Seen& one : *seen) {
    Ticket* ticket = book.find(one.ticket);
    if (ticket != nullptr && apply_seen(*ticket, one.issue, now)) {
      log::info("an issue was changed", {{"ticket", one.ticket}, {"done", one.issue.done ? "yes" : "no"}});
      (void)book.save(*ticket, now);
    }
  }
}

// What is due of each ticket; when to be called again.
int64_t Worker::Impl::steps(int64_t now) {
  int64_t due = now + 1;
  if (now < gate) {
    book.for_each([&](Ticket& ticket) {
      const bool waits = next(ticket, now, options.rules).what != Do::kNothing;
      if (waits && apply_wait(ticket, gate_trouble)) (void)book.save(ticket, now);
    });
    return due;
  }
  int left = kMostAtOnce;
  book.for_each([&](Ticket& ticket) {
    while (left > 0 && now >= gate && !stop.cancelled()) {
      const Next what = next(ticket, now, options.rules);
      if (what.what == Do::kNothing) return;
      --left;
      const int64_t attempts = ticket.status.attempts;
      step(ticket, what.what, now);
      if (ticket.status.attempts > attempts || !outside.leading()) return;
    }
  });
  return left == 0 ? now : due;
}

void Worker::Impl::step(Ticket& ticket, Do what, int64_t now) {
  Status& s = ticket.status;
  const auto failed = [&](const Trouble& problem) { trouble(&ticket, what, problem, now); };
  switch (what) {
    case Do::kFind: {
      const auto issue = tracker->find(ticket);
      if (!issue) return failed(issue.error());
      if (!*issue) {
        gate_attempts = 0;
        apply_not_found(ticket, now, options.rules);
        return;  // nothing to write down
      }
      apply_issue(ticket, **issue);
      log::info("an issue was there already", {{"ticket", ticket.full_name()}, {"issue", s.key}});
      break;
    }
    case Do::kCreate: {
      s.create_tried = now;
      s.told = s.count;
      s.told_at = now;
      if (!book.save(ticket, now)) {
        ++s.attempts;
        return;
      }
      const auto issue = tracker->create(ticket);
      if (!issue) return failed(issue.error());
      apply_issue(ticket, *issue);
      log::info("an issue was created", {{"ticket", ticket.full_name()}, {"issue", s.key}});
      break;
    }
    case Do::kComment: {
      const bool tried = s.say.front().tried;
      s.say.front().tried = true;
      if (!tried && !book.save(ticket, now)) {
        ++s.attempts;
        return;
      }
      if (s.say.empty()) return;
      Say say = s.say.front();
      say.tried = tried;
      if (const auto done = tracker->comment(ticket, say); !done) return failed(done.error());
      break;
    }
    default: {
      const auto done = what == Do::kLink ? tracker->link(ticket) : tracker->move(ticket, what == Do::kClose);
      if (!done) return failed(done.error());
      break;
    }
  }
  gate_attempts = 0;
  apply_done(ticket, what, now);
  if (!book.save(ticket, now)) {
    ++s.attempts;  // looked at again in the next round, with what is stored
    return;
  }
  if (what == Do::kClose) {
    metrics.ticket_recovered(static_cast<double>(s.recovery_seconds));
    log::info("an issue was closed",
              {{"ticket", ticket.full_name()}, {"issue", s.key}, {"recovery_seconds", s.recovery_seconds}});
  }
}

void Worker::Impl::trouble(Ticket* ticket, Do what, const Trouble& trouble, int64_t now) {
  if (trouble.kind == Trouble::Kind::kNotLeader) {
    if (ticket != nullptr) ++ticket->status.attempts;
    return;
  }
  metrics.ticket_error(reason_of(trouble.kind));
  // A server that does not answer, is busy, or does not know us is left alone for a while, by all tickets.
  if (trouble.kind == Trouble::Kind::kUnreachable || trouble.kind == Trouble::Kind::kBusy ||
      trouble.kind == Trouble::Kind::kNotAudited || trouble.kind == Trouble::Kind::kCredentials) {
    const Rules& rules = options.rules;
    const bool slow = trouble.kind == Trouble::Kind::kCredentials;
    const int64_t base = slow ? rules.refused_base : rules.retry_base;
    const int64_t cap = slow ? std::min<int64_t>(rules.refused_cap, 300) : rules.retry_cap;
    const auto most = std::min(cap, base << std::min<int64_t>(gate_attempts, 10));
    ++gate_attempts;
    gate_trouble = trouble;
    const auto wait = static_cast<int64_t>(static_cast<double>(most) * (0.75 + 0.5 * jitter()));
    gate = now + std::max({int64_t{1}, wait, trouble.retry_after});
  }
  log::warning("the tracker",
               {{"problem", trouble.message}, {"reason", std::string(reason_of(trouble.kind))}});
  if (ticket == nullptr) return;
  const std::string reason(reason_of(trouble.kind));
  const bool news = ticket->status.error_reason != reason;
  apply_trouble(*ticket, what, trouble, now, options.rules, jitter());
  if (news) book.tell(*ticket, reason, trouble.message);
  (void)book.save(*ticket, now);
}

void Worker::Impl::measure() {
  std::map<std::string_view, int64_t> states;
  for (int i = 0; i <= static_cast<int>(State::kClosed); ++i) states[to_string(static_cast<State>(i))] = 0;
  int64_t outbox = static_cast<int64_t>(waiting.size());
  book.for_each([&](Ticket& ticket) {
    const Status& s = ticket.status;
    ++states[to_string(s.state)];
    const bool owes = (s.key.empty() && ticket.open()) || s.state == State::kValidated || !s.say.empty() ||
                      (ticket.open() && s.issue_done);
    if (owes) ++outbox;
  });
  for (const auto& [state, count] : states) metrics.set_tickets(state, count);
  metrics.set_ticket_outbox(outbox);
}

void Worker::Impl::work() {
  const auto woken = stop.on_cancel([this] {
    const MutexLock lock(mutex);
    changed.notify_all();
  });
  while (!stop.cancelled()) {
    int64_t due = unix_now() + 1;
    if (!outside.leading()) {
      if (begun || listed > 0) retire();
    } else if (begin(unix_now())) {
      take_inbox(unix_now());
      statements(unix_now());
      look(unix_now());
      due = steps(unix_now());
      measure();
    }
    const auto until =
        std::chrono::steady_clock::now() + std::chrono::milliseconds(due > unix_now() ? 500 : 0);
    const MutexLock lock(mutex);
    if (inbox.empty() && !stop.cancelled()) (void)changed.wait_until(mutex, until);
  }
}

Worker::Worker(WorkerOptions options, kube::Api& api, std::unique_ptr<Tracker> tracker,
               publish::Metrics& metrics, Outside outside, CancelToken stop)
    : impl_(std::make_unique<Impl>(std::move(options), api, std::move(tracker), metrics, std::move(outside),
                                   std::move(stop))) {}

Worker::~Worker() { join(); }

void Worker::start() {
  impl_->thread = std::thread([this] { impl_->work(); });
}

bool Worker::offer(RunEnded run) {
  const MutexLock lock(impl_->mutex);
  if (impl_->inbox.size() >= impl_->options.queue) return false;
  impl_->inbox.push_back(std::move(run));
  impl_->changed.notify_all();
  return true;
}

void Worker::join() {
  if (impl_->thread.joinable()) impl_->thread.join();
}

}  // namespace edp::tickets
