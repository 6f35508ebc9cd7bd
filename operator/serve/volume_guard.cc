#include "operator/serve/volume_guard.h"

#include "operator/serve/volume_layout.h"

namespace edp::serve::volume {

std::unique_ptr<MutexLock> Guard::lock_key(const ReportKey& key) {
  const size_t hash = std::hash<std::string>()(run_folder(key) + ref_name(key.file));
  return std::make_unique<MutexLock>(keys_.at(hash % keys_.size()));
}

std::unique_ptr<Guard::Pin> Guard::pin(const std::string& digest) {
  const MutexLock lock(mutex_);
  ++pins_[digest];
  if (sweeping_) seen_.insert(digest);
  return std::make_unique<Pin>(*this, digest);
}

Guard::Pin::~Pin() {
  const MutexLock lock(guard_.mutex_);
  const auto it = guard_.pins_.find(digest_);
  if (--it->second == 0) guard_.pins_.erase(it);
}

bool Guard::begin_sweep() {
  const MutexLock lock(mutex_);
  if (sweeping_) return false;
  sweeping_ = true;
  for (const auto& [digest, count] : pins_) seen_.insert(digest);
  return true;
}

void Guard::end_sweep() {
  const MutexLock lock(mutex_);
  sweeping_ = false;
  seen_.clear();
}

bool Guard::unless_pinned(const std::string& digest, const std::function<bool()>& remove) {
  const MutexLock lock(mutex_);
  return seen_.count(digest) == 0 && remove();
}

void Guard::set_totals(Totals totals) {
  const MutexLock lock(mutex_);
  totals_ = totals;
}

void Guard::count(int64_t reports, int64_t bytes) {
  const MutexLock lock(mutex_);
  const auto add = [](uint64_t& to, int64_t what) {
    to = what < 0 && static_cast<uint64_t>(-what) > to ? 0 : to + static_cast<uint64_t>(what);
  };
  add(totals_.reports, reports);
  add(totals_.bytes, bytes);
}

Totals Guard::totals() {
  const MutexLock lock(mutex_);
  return totals_;
}

}  // namespace edp::serve::volume
