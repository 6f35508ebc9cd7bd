#include "runner/run/on_demand.h"

#include <algorithm>

#include "runner/analyse/sites.h"

namespace edp::run {

int64_t goroutines_waiting_for_locks(const model::Facts& facts) {
  using analyse::SymbolClass;
  analyse::Readings readings(facts);
  const analyse::ProfileReading* goroutines = readings.read(model::ProfileKind::kGoroutine, "goroutine");
  if (goroutines == nullptr) return 0;
  // A writer of an RWMutex may stand in the mutex inside it: it counts once.
  return std::max(goroutines->cum(SymbolClass::kMutexLock).value,
                  goroutines->cum(SymbolClass::kRWMutexLock).value) +
         goroutines->cum(SymbolClass::kRWMutexRLock).value;
}

}  // namespace edp::run
