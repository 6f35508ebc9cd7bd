#include "operator/act/actor.h"

#include <algorithm>
#include <deque>
#include <thread>
#include <utility>

#include "common/mutex.h"
#include "operator/watch/readers.h"

namespace edp::act {
namespace {

using Clock = std::chrono::steady_clock;

bool as_good(StepKind kind, int status) {
  switch (kind) {
    case StepKind::kCreateJob:
    case StepKind::kCreateRun:
      return status == 409;
    case StepKind::kDelete:
    case StepKind::kRunStatus:
      return status == 404;
    default:
      return false;
  }
}

void read_object(StepResult& result, const std::string& body) {
  if (result.kind == StepKind::kRunStatus || result.kind == StepKind::kCreateRun) {
    if (auto run = watch::read_run(body)) result.object = std::move(*run);
  } else if (result.kind == StepKind::kCreateJob) {
    if (auto job = watch::read_job(body)) result.object = std::move(*job);
  } else if (result.kind == StepKind::kRead) {
    result.object = body;
  }
}

}  // namespace

StepResult perform(kube::Api& api, const Step& step, const CancelToken& cancel) {
  StepResult result{.kind = step.kind};
  kube::Answer answer = api.call(step.call, cancel);
  if (step.kind == StepKind::kEvent && answer.not_found() && !step.create_path.empty()) {
    kube::Call create{.method = "POST", .path = step.create_path, .body = step.create_body};
    create.timeout = step.call.timeout;
    answer = api.call(create, cancel);
  }
  result.status = answer.status;
  result.good = answer.ok() || (!answer.failure && as_good(step.kind, answer.status));
  if (answer.ok()) read_object(result, answer.body);
  if (!result.good) result.problem = answer.explain();
  return result;
}

struct Actor::Impl {
  Impl(kube::Api& to, ActorOptions how) : api(to), options(std::move(how)) {}

  kube::Api& api;
  const ActorOptions options;
  const CancelToken cancel;
  mutable Mutex mutex;
  CondVar changed;
  std::deque<Task> urgent EDP_GUARDED_BY(mutex), later EDP_GUARDED_BY(mutex), events EDP_GUARDED_BY(mutex);
  size_t busy EDP_GUARDED_BY(mutex) = 0, busy_with_events EDP_GUARDED_BY(mutex) = 0;
  bool stopping EDP_GUARDED_BY(mutex) = false;
  std::vector<std::thread> threads;

  // The queue whose turn it is; null: nothing may be taken.
  std::deque<Task>* next() EDP_REQUIRES(mutex) {
    if (!urgent.empty()) return &urgent;
    if (!later.empty()) return &later;
    const size_t most = std::max<size_t>(1, options.threads / 2);
    return events.empty() || busy_with_events >= most ? nullptr : &events;
  }

  void work() {
    for (;;) {
      Task task;
      bool event = false;
      {
        const MutexLock lock(mutex);
        while (next() == nullptr && !stopping) changed.wait(mutex);
        if (stopping) return;
        std::deque<Task>* const from = next();
        event = from == &events;
        task = std::move(from->front());
        from->pop_front();
        ++busy;
        if (event) ++busy_with_events;
      }
      carry_out(task);
      const MutexLock lock(mutex);
      --busy;
      if (event) --busy_with_events;
      changed.notify_all();
    }
  }

  void carry_out(const Task& task) {
    Outcome outcome{.key = task.key, .results = {}};
    std::vector<audit::Act> acts;
    for (const Step& step : task.steps) {
      outcome.results.push_back(perform_audited(step, acts));
      if (!outcome.results.back().good && step.kind != StepKind::kEvent) break;
    }
    if (options.on_outcome) options.on_outcome(std::move(outcome));
    // Nobody need wait until it is on the disk what came of it.
    if (options.journal != nullptr) options.journal->finish(std::move(acts));
  }

  StepResult perform_audited(const Step& step, std::vector<audit::Act>& acts) {
    if (options.journal == nullptr || !step.act) return perform(api, step, cancel);
    const auto intent = options.journal->intend(*step.act);
    if (!intent) {
      StepResult refused{.kind = step.kind, .sent = false};
      refused.problem = "refused, for it can't be audited: " + intent.error().to_string();
      return refused;
    }
    StepResult result = perform(api, step, cancel);
    audit::Act act = *step.act;
    act.intent = *intent;
    act.outcome = result.good                                   ? audit::Outcome::kDone
                  : result.status >= 400 && result.status < 500 ? audit::Outcome::kRefused
                                                                : audit::Outcome::kFailed;
    if (!result.good) act.reason = result.problem;
    if (result.good && result.status == 409) act.reason = "it was there already";
    if (result.good && result.status == 404) act.reason = "it was gone already";
    acts.push_back(std::move(act));
    return result;
  }
};

Actor::Actor(kube::Api& api, ActorOptions options) : impl_(std::make_unique<Impl>(api, std::move(options))) {
  for (size_t i = 0; i < impl_->options.threads; ++i) {
    impl_->threads.emplace_back([this] { impl_->work(); });
  }
}

Actor::~Actor() { stop(std::chrono::milliseconds(0)); }

void Actor::submit(Task task, bool urgent) {
  const MutexLock lock(impl_->mutex);
  if (impl_->stopping) return;
  const bool event = !task.steps.empty() && std::ranges::all_of(task.steps, [](const Step& step) {
    return step.kind == StepKind::kEvent;
  });
  (event ? impl_->events : urgent ? impl_->urgent : impl_->later).push_back(std::move(task));
  impl_->changed.notify_all();
}

size_t Actor::pending() const {
  const MutexLock lock(impl_->mutex);
  return impl_->urgent.size() + impl_->later.size() + impl_->events.size() + impl_->busy;
}

void Actor::stop(std::chrono::milliseconds grace) {
  {
    const auto until = Clock::now() + grace;
    const MutexLock lock(impl_->mutex);
    impl_->stopping = true;
    impl_->urgent.clear();
    impl_->later.clear();
    impl_->events.clear();
    impl_->changed.notify_all();
    while (impl_->busy > 0 && impl_->changed.wait_until(impl_->mutex, until)) {
    }
  }
  impl_->cancel.cancel();
  for (std::thread& thread : impl_->threads) {
    if (thread.joinable()) thread.join();
  }
}

}  // namespace edp::act
