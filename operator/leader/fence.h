// An Api that lets writes through only while this process is surely the leader: no write is begun unless the
// lease still has more than `margin` to run, and none outlives it, for its timeout is cut to half of what is
// left. The clock is read before the call is handed on, and again (Call::permit) right before the bytes go
// out, which must then leave room for the whole timeout: a process that was stopped or suspended anywhere in
// between does not write. Reads always pass.
#pragma once

#include "operator/kube/api.h"
#include "operator/leader/clock.h"
#include "operator/leader/tenure.h"

namespace edp::leader {

class Fence : public kube::Api {
 public:
  static constexpr std::string_view kRefusal = "not the leader any more";

  // All borrowed. `margin`: for the way to the server and for clocks that run apart.
  Fence(kube::Api& inner, const Tenure& tenure, const Clock& clock,
        Duration margin = std::chrono::milliseconds(250));

  // How long writes are still safe, for those that go elsewhere than to the apiserver; see there for how to
  // use it.
  [[nodiscard]] std::chrono::milliseconds left() const {
    return std::chrono::floor<std::chrono::milliseconds>(tenure_.remaining(clock_.now()) - margin_);
  }

  // A refused write is an Answer without status, with a failure of what == kRefusal.
  kube::Answer call(const kube::Call& what, const CancelToken& cancel) override;
  kube::Answer stream(const kube::Call& what, std::chrono::milliseconds idle, const kube::BodySink& sink,
                      const CancelToken& cancel) override;

  [[nodiscard]] static bool refused(const kube::Answer& answer) {
    return answer.failure && answer.failure->what == kRefusal;
  }

 private:
  kube::Api& inner_;
  const Tenure& tenure_;
  const Clock& clock_;
  const Duration margin_;
};

}  // namespace edp::leader
