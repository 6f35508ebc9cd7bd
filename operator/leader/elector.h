// Leader election on a thread of its own.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "operator/leader/election.h"

namespace edp::leader {

// Called on the elector's thread, one at a time; must return soon (milliseconds), for renewing waits for
// them.
struct ElectorCallbacks {
  std::function<void()> on_started;                          // leads now
  std::function<void(const std::string& why)> on_stopped;    // leads no more; the tenure has ended before
  std::function<void(const std::string& holder)> on_holder;  // another, or nobody (""), is seen to lead
  std::function<void(const std::string& note)> on_trouble;   // a step went wrong, for the log
  std::function<void()> on_step;                             // after each step: a sign of life for Health
};

// After losing the lease it stands again as a candidate by itself.
class Elector {
 public:
  // `api` and `clock` are borrowed; `api` not fenced.
  Elector(kube::Api& api, ElectionOptions options, const Clock& clock, ElectorCallbacks callbacks);
  ~Elector();  // stop()
  Elector(const Elector&) = delete;
  Elector& operator=(const Elector&) = delete;

  void start();
  // Ends the tenure, calls on_stopped where it led, gives the lease back, joins the thread. At most 3 s.
  void stop();

  // For Fences; lives as long as the Elector.
  [[nodiscard]] const Tenure& tenure() const;
  // By the clock: false as soon as the tenure has run out, whatever the thread is doing.
  [[nodiscard]] bool leading() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace edp::leader
