#include <algorithm>
#include <exception>
#include <utility>

#include "common/http_session.h"
#include "common/mutex.h"

namespace edp::http {
namespace {

using Clock = std::chrono::steady_clock;

constexpr auto kMaxIdle = std::chrono::minutes(1);  // servers close after two or three

}  // namespace

struct SessionPool::Impl {
  Impl(Peer who, size_t limit)
      : peer(std::make_shared<const Peer>(std::move(who))), most(std::max<size_t>(limit, 1)) {}

  struct Kept {
    Session session;
    Clock::time_point since;
  };

  const std::shared_ptr<const Peer> peer;
  const size_t most;
  Mutex mutex;
  CondVar changed;
  std::vector<Kept> idle EDP_GUARDED_BY(mutex);  // the one used last at the end
  size_t busy EDP_GUARDED_BY(mutex) = 0;
  std::shared_ptr<TlsContext> tls EDP_GUARDED_BY(mutex);
  uint64_t generation EDP_GUARDED_BY(mutex) = 0;  // of tls

  tl::expected<std::shared_ptr<TlsContext>, Failure> context();
  tl::expected<Session, Failure> new_session();
  std::optional<Failure> take_turn(const Message& message, const CancelToken& cancel);
  std::optional<Session> take_idle(uint64_t& of);
  void give_back(Session session, uint64_t of, const Outcome& outcome);
};

// The one to connect with now; null for http.
tl::expected<std::shared_ptr<TlsContext>, Failure> SessionPool::Impl::context() {
  if (!peer->url.tls) return std::shared_ptr<TlsContext>();
  const MutexLock lock(mutex);
  if (tls) return tls;
  auto made = make_tls(peer->tls);
  if (made) tls = *made;
  return made;
}

tl::expected<Session, Failure> SessionPool::Impl::new_session() {
  auto made = context();
  if (!made) return tl::unexpected(made.error());
  try {
    return Session(peer, std::move(*made));
  } catch (const std::exception& error) {  // no descriptor left
    return tl::unexpected(
        Failure{FailureKind::kLocal, std::string("a connection can't be had: ") + error.what()});
  }
}

std::optional<Failure> SessionPool::Impl::take_turn(const Message& message, const CancelToken& cancel) {
  const auto woken = cancel.on_cancel([this] {
    const MutexLock lock(mutex);
    changed.notify_all();
  });
  const MutexLock lock(mutex);
  while (busy >= most && !cancel.cancelled()) {
    if (!changed.wait_until(mutex, message.deadline) && Clock::now() >= message.deadline && busy >= most)
      return Failure{FailureKind::kTimeout, "no connection was free in time"};
  }
  if (cancel.cancelled()) return Failure{FailureKind::kCancelled, "cancelled"};
  ++busy;
  return std::nullopt;
}

std::optional<Session> SessionPool::Impl::take_idle(uint64_t& of) {
  std::vector<Kept> old;  // closed without the lock
  const MutexLock lock(mutex);
  of = generation;
  const auto fresh = std::find_if(idle.begin(), idle.end(),
                                  [](const Kept& kept) { return Clock::now() - kept.since < kMaxIdle; });
  old.insert(old.end(), std::make_move_iterator(idle.begin()), std::make_move_iterator(fresh));
  idle.erase(idle.begin(), fresh);
  if (idle.empty()) return std::nullopt;
  std::optional<Session> taken = std::move(idle.back().session);
  idle.pop_back();
  return taken;
}

void SessionPool::Impl::give_back(Session session, uint64_t of, const Outcome& outcome) {
  std::vector<Kept> old;  // closed without the lock
  const MutexLock lock(mutex);
  --busy;
  if (!outcome.failure && !outcome.stopped && of == generation)
    idle.push_back({std::move(session), Clock::now()});
  // The way to the server is broken, or it is another one now: the others would wait for nothing, one by one.
  if (outcome.failure &&
      (outcome.failure->kind == FailureKind::kTimeout || outcome.failure->kind == FailureKind::kClosed)) {
    old.swap(idle);
  }
  changed.notify_all();
}

SessionPool::SessionPool(Peer peer, size_t most) : impl_(std::make_unique<Impl>(std::move(peer), most)) {}
SessionPool::~SessionPool() = default;

const Url& SessionPool::url() const { return impl_->peer->url; }

Outcome SessionPool::exchange(const Message& message, const CancelToken& cancel) {
  Outcome outcome;
  const auto failed = [&](Failure failure) {
    outcome.failure = std::move(failure);
    return outcome;
  };
  if (auto failure = impl_->take_turn(message, cancel)) return failed(std::move(*failure));
  uint64_t generation = 0;
  std::optional<Session> session = impl_->take_idle(generation);
  if (!session) {
    auto opened = impl_->new_session();
    if (!opened) {
      const MutexLock lock(impl_->mutex);
      --impl_->busy;
      impl_->changed.notify_all();
      return failed(opened.error());
    }
    session.emplace(std::move(*opened));
  }
  outcome = session->exchange(message, cancel);
  impl_->give_back(std::move(*session), generation, outcome);
  return outcome;
}

Received SessionPool::call(Message message, uint64_t max_bytes, const CancelToken& cancel) {
  Received received;
  bool too_long = false;
  message.on_head = [&](const Head& head) {
    received.content_type = head.content_type;
    received.retry_after = head.retry_after;
    return true;
  };
  message.on_body = [&](std::string_view data) {
    too_long = data.size() > max_bytes - received.body.size();
    if (!too_long) received.body += data;
    return !too_long;
  };
  Outcome outcome = exchange(message, cancel);
  received.status = outcome.status;
  received.sent = outcome.sent;
  received.failure = std::move(outcome.failure);
  if (too_long) {
    received.failure = Failure{FailureKind::kTooLong, "the answer is longer than the limit of " +
                                                          std::to_string(max_bytes) + " bytes"};
  }
  return received;
}

Outcome SessionPool::stream(const Message& message, const CancelToken& cancel) {
  auto session = impl_->new_session();
  if (session) return session->exchange(message, cancel);
  Outcome outcome;
  outcome.failure = session.error();
  return outcome;
}

void SessionPool::replace_tls(std::shared_ptr<TlsContext> tls) {
  std::vector<Impl::Kept> old;  // closed without the lock
  const MutexLock lock(impl_->mutex);
  impl_->tls = std::move(tls);
  ++impl_->generation;
  old.swap(impl_->idle);
}

}  // namespace edp::http
