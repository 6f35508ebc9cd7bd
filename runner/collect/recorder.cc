#include "runner/collect/recorder.h"

#include <algorithm>
#include <utility>

namespace edp::collect {
namespace {

// A collector that asked several times has one outcome.
model::CollectorOutcome merge(const std::string& target, const std::string& collector,
                              const std::vector<Attempt>& attempts) {
  model::CollectorOutcome outcome;
  outcome.target = target;
  outcome.collector = collector;
  size_t whole = 0;
  size_t usable = 0;
  const Attempt* worst = nullptr;
  for (const Attempt& attempt : attempts) {
    outcome.seconds += attempt.seconds;
    outcome.bytes += attempt.bytes;
    whole += attempt.outcome == "ok" ? 1 : 0;
    usable += attempt.outcome == "ok" || attempt.outcome == "partial" ? 1 : 0;
    if (worst == nullptr && attempt.outcome != "ok") worst = &attempt;
  }
  if (worst == nullptr) {
    outcome.outcome = "ok";
    return outcome;
  }
  outcome.outcome = usable > 0 ? "partial" : worst->outcome;
  outcome.message = worst->message;
  if (attempts.size() > 1 && whole > 0) {
    outcome.message = std::to_string(attempts.size() - whole) + " of " + std::to_string(attempts.size()) +
                      " not whole: " + worst->message;
  }
  return outcome;
}

}  // namespace

void Reporter::report(const Progress& progress) {
  if (!progress_) return;
  const MutexLock lock(mutex_);
  progress_(progress);
}

std::string_view outcome_of(http::FailureKind kind) {
  switch (kind) {
    case http::FailureKind::kTimeout:
      return "timeout";
    case http::FailureKind::kCancelled:
      return "cancelled";
    case http::FailureKind::kNotFound:
      return "absent";
    default:
      return "failed";
  }
}

Recorder::Recorder(TargetSpec target, const CollectPlan& plan, const CollectContext& context,
                   Reporter& reporter)
    : result_name_(target.name), context_(context), reporter_(reporter), left_(plan.max_total_bytes) {
  const MutexLock lock(mutex_);
  result_.target = std::move(target);
}

double Recorder::now() const {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - context_.run_began).count();
}

void Recorder::started(std::string_view collector) {
  reporter_.report(
      {.kind = Progress::Kind::kCollectorStarted, .target = result_name_, .collector = collector});
}

void Recorder::bytes(std::string_view collector, uint64_t so_far) {
  reporter_.report(
      {.kind = Progress::Kind::kBytes, .target = result_name_, .collector = collector, .bytes = so_far});
}

bool Recorder::take(uint64_t bytes) {
  uint64_t left = left_.load();
  while (left >= bytes) {
    if (left_.compare_exchange_weak(left, left - bytes)) return true;
  }
  return false;
}

void Recorder::keep(Collected artefact) {
  artefact.target = result_name_;
  const MutexLock lock(mutex_);
  result_.artefacts.push_back(std::move(artefact));
}

void Recorder::finished(std::string_view collector, Attempt attempt) {
  reporter_.report({.kind = Progress::Kind::kCollectorFinished,
                    .target = result_name_,
                    .collector = collector,
                    .bytes = attempt.bytes,
                    .outcome = attempt.outcome,
                    .message = attempt.message});
  const MutexLock lock(mutex_);
  attempts_[std::string(collector)].push_back(std::move(attempt));
}

void Recorder::set_mutex_fraction(int64_t fraction) {
  const MutexLock lock(mutex_);
  result_.mutex_fraction = fraction;
}

void Recorder::set_error(Error error) {
  const MutexLock lock(mutex_);
  result_.error = std::move(error);
}

bool Recorder::is_absent(std::string_view collector) {
  const MutexLock lock(mutex_);
  const auto found = attempts_.find(collector);
  return found != attempts_.end() && std::all_of(found->second.begin(), found->second.end(),
                                                 [](const Attempt& a) { return a.outcome == "absent"; });
}

TargetCollection Recorder::take_result(const std::vector<std::string>& order) {
  const MutexLock lock(mutex_);
  for (const std::string& collector : order) {
    const auto found = attempts_.find(collector);
    if (found != attempts_.end()) result_.outcomes.push_back(merge(result_name_, collector, found->second));
  }
  std::stable_sort(result_.artefacts.begin(), result_.artefacts.end(),
                   [](const Collected& a, const Collected& b) { return a.ended_at < b.ended_at; });
  result_.cancelled = context_.cancel.cancelled();
  return std::move(result_);
}

}  // namespace edp::collect
