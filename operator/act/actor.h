// Carries decisions out: a few threads that make calls to the apiserver and post back what came of them. The
// calls of one task are made in order and end at the first that fails; tasks of one key never run at the same
// time as long as the caller waits for an outcome before it hands in the next.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "common/audit/journal.h"
#include "operator/kube/api.h"
#include "operator/watch/records.h"

namespace edp::act {

enum class StepKind : uint8_t {
  kRunStatus,  // answer: the run; 404: the run is gone, which is as good
  kCreateJob,  // answer: the Job; 409: it is there already, which is as good
  kDelete,     // 404 is as good
  kCreateRun,  // answer: the run; 409 is as good
  kPatch,      // anything else that is written
  kEvent,      // failures cost nothing but the event
  kRead,       // answer: its body
};

struct Step {
  StepKind kind = StepKind::kPatch;
  kube::Call call;
  // Of kEvent: asked instead when the call is answered 404.
  std::string create_path, create_body;
  // What the audit is to hold of it, as an intention before the call and with its outcome after; null:
  // nothing.
  std::shared_ptr<const audit::Act> act;
};

struct Task {
  std::string key;
  std::vector<Step> steps;
};

struct StepResult {
  StepKind kind = StepKind::kPatch;
  bool good = false;
  bool sent = true;  // false: the audit could not be written, so the call was not made
  int status = 0;
  std::string problem;  // where not good, for people
  // What the answer held.
  std::variant<std::monostate, watch::RunRecord, watch::JobRecord, std::string> object;
};

struct Outcome {
  std::string key;
  std::vector<StepResult> results;  // of the steps that were made; the last one may have failed
  [[nodiscard]] bool good() const { return results.empty() || results.back().good; }
};

struct ActorOptions {
  size_t threads = 4;
  audit::Journal* journal = nullptr;  // borrowed; null: acts are not audited
  // From any worker thread.
  std::function<void(Outcome&&)> on_outcome;
};

class Actor {
 public:
  // `api` is borrowed: fenced, for these are writes.
  Actor(kube::Api& api, ActorOptions options);
  ~Actor();  // stop(0)
  Actor(const Actor&) = delete;
  Actor& operator=(const Actor&) = delete;

  // `urgent` tasks go before the others; those that only tell of events come last, and half of the threads
  // never take them.
  void submit(Task task, bool urgent);
  // Tasks waiting or under way.
  [[nodiscard]] size_t pending() const;
  // Drops what waits; what is under way may finish within `grace`, and is cancelled then.
  void stop(std::chrono::milliseconds grace);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// One step, as the threads do it.
StepResult perform(kube::Api& api, const Step& step, const CancelToken& cancel);

}  // namespace edp::act
