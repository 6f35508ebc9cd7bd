// Acts and what came of them: the intention is on the disk before the act, its outcome after it. An outcome
// that can't be written when it is known is owed, and written before the next intention.
#pragma once

#include <cstdint>
#include <vector>

#include "common/audit/log.h"
#include "common/mutex.h"

namespace edp::audit {

class Journal {
 public:
  explicit Journal(Log& log) : log_(log) {}  // borrowed

  // The number by which finish() knows it. An error: the act must not be carried out.
  Result<uint64_t> intend(const Act& act);
  Result<std::vector<uint64_t>> intend(std::vector<Act> acts);  // all or none
  // Acts in their last form, `intent` set.
  void finish(std::vector<Act> outcomes);
  // An act that is one line: nothing lies between deciding and doing.
  Result<uint64_t> note(const Act& act) { return intend(act); }
  // Tries what is owed; then the log's own duties.
  Result<void> keep_house();

 private:
  [[nodiscard]] std::vector<Act> take_owed();
  void owe(std::vector<Act> acts);

  Log& log_;
  Mutex mutex_;
  std::vector<Act> owed_ EDP_GUARDED_BY(mutex_);
};

}  // namespace edp::audit
