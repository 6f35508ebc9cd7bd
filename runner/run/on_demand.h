// What is taken only when a first look asks for it (G2): the goroutine dump stops the world while it is
// written.
#pragma once

#include "runner/model/facts.h"

namespace edp::run {

// Goroutines that wait for a mutex or an RWMutex, by the last goroutine profile. Sampled at one moment.
int64_t goroutines_waiting_for_locks(const model::Facts& facts);

}  // namespace edp::run
