// Inside of the volume store: keeps uploads of one report apart from each other, and a sweep away from what
// is being uploaded.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>

#include "common/mutex.h"
#include "operator/serve/store.h"

namespace edp::serve::volume {

struct Totals {
  uint64_t reports = 0, bytes = 0;
};

class Guard {
 public:
  // Held while a report's ref is read, judged and replaced. Two reports may share a lock.
  [[nodiscard]] std::unique_ptr<MutexLock> lock_key(const ReportKey& key);

  // While the pin lives, and until the end of a sweep that runs meanwhile, the blob is not removed.
  class Pin {
   public:
    Pin(Guard& guard, std::string digest) : guard_(guard), digest_(std::move(digest)) {}
    ~Pin();
    Pin(const Pin&) = delete;
    Pin& operator=(const Pin&) = delete;

   private:
    Guard& guard_;
    const std::string digest_;
  };
  [[nodiscard]] std::unique_ptr<Pin> pin(const std::string& digest);

  // Of one sweep: from here on pins are remembered. False: another one is under way.
  bool begin_sweep();
  void end_sweep();
  // Runs `remove` unless the blob is pinned or has been since begin_sweep(); no pin comes in between.
  bool unless_pinned(const std::string& digest, const std::function<bool()>& remove);

  void set_totals(Totals totals);
  void count(int64_t reports, int64_t bytes);
  [[nodiscard]] Totals totals();

 private:
  std::array<Mutex, 64> keys_;
  Mutex mutex_;
  std::map<std::string, int> pins_ EDP_GUARDED_BY(mutex_);
  std::set<std::string> seen_ EDP_GUARDED_BY(mutex_);
  bool sweeping_ EDP_GUARDED_BY(mutex_) = false;
  Totals totals_ EDP_GUARDED_BY(mutex_);
};

}  // namespace edp::serve::volume
