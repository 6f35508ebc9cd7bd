// What the desks of the control thread share. One thread; times are seconds since 1970.
#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "operator/act/actor.h"
#include "operator/control/world.h"
#include "operator/publish/events.h"
#include "operator/publish/metrics.h"
#include "operator/queue/work_queue.h"
#include "operator/reconcile/action.h"

namespace edp::control {

struct Office {
  World& world;
  queue::WorkQueue& queue;  // keys: "run/<uid>", "gone/<uid>", "policy/<name>"
  publish::Metrics& metrics;
  publish::EventRecorder& events;
  std::function<void(act::Task task, bool urgent)> submit;
};

// The call that carries an action out.
act::Step step_of(const reconcile::Action& action);
// The call that tells of an event; nothing where it is told already, or too often.
void add_event(std::vector<act::Step>& steps, Office& office, const reconcile::EventNote& note, double now);

inline std::string run_key(std::string_view uid) { return "run/" + std::string(uid); }
inline std::string gone_key(std::string_view uid) { return "gone/" + std::string(uid); }

}  // namespace edp::control
