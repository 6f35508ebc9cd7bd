#include "operator/queue/work_queue.h"

#include <algorithm>
#include <cmath>

namespace edp::queue {

double Backoff::delay(int32_t failures) const {
  if (failures <= 0) return 0;
  const double delay = std::ldexp(base, std::min(failures - 1, 60));
  return std::min(delay, cap);
}

void WorkQueue::add_at(std::string_view key, double due, double now) {
  due = std::max(due, now);
  const auto found = waiting_.find(key);
  if (found == waiting_.end()) {
    const Place place{due, next_number_++};
    const auto added = waiting_.emplace(std::string(key), place).first;
    order_.emplace(place, added);
    ++adds_;
    return;
  }
  if (found->second.first <= due) return;
  order_.erase(found->second);
  found->second.first = due;
  order_.emplace(found->second, found);
}

double WorkQueue::add_failed(std::string_view key, double now, double most) {
  auto found = failures_.find(key);
  if (found == failures_.end()) found = failures_.emplace(std::string(key), 0).first;
  if (found->second < INT32_MAX) ++found->second;
  const double delay = std::min(backoff_.delay(found->second), most);
  ++retries_;
  add_at(key, now + delay, now);
  return delay;
}

void WorkQueue::forget(std::string_view key) {
  const auto found = failures_.find(key);
  if (found != failures_.end()) failures_.erase(found);
}

int32_t WorkQueue::failures(std::string_view key) const {
  const auto found = failures_.find(key);
  return found == failures_.end() ? 0 : found->second;
}

void WorkQueue::remove(std::string_view key) {
  forget(key);
  const auto found = waiting_.find(key);
  if (found == waiting_.end()) return;
  order_.erase(found->second);
  waiting_.erase(found);
}

std::optional<std::string> WorkQueue::pop(double now) {
  if (order_.empty()) return std::nullopt;
  const auto first = order_.begin();
  const double due = first->first.first;
  if (due > now) return std::nullopt;
  wait_seconds_ += now - due;
  ++taken_;
  const auto waiting = first->second;
  order_.erase(first);
  return std::move(waiting_.extract(waiting).key());
}

std::optional<double> WorkQueue::next_due() const {
  if (order_.empty()) return std::nullopt;
  return order_.begin()->first.first;
}

QueueFigures WorkQueue::figures(double now) const {
  QueueFigures figures{.adds = adds_, .retries = retries_, .wait_seconds = wait_seconds_, .taken = taken_};
  for (const auto& [place, key] : order_) {
    if (place.first > now) break;
    ++figures.depth;
  }
  figures.delayed = order_.size() - figures.depth;
  if (figures.depth > 0) figures.oldest_age = now - order_.begin()->first.first;
  return figures;
}

}  // namespace edp::queue
