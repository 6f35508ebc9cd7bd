#include "operator/leader/fence.h"

#include <algorithm>
#include <string>

namespace edp::leader {
namespace {

kube::Answer refusal() {
  kube::Answer answer;
  answer.failure = Error{std::string(Fence::kRefusal), "", std::nullopt};
  return answer;
}

}  // namespace

Fence::Fence(kube::Api& inner, const Tenure& tenure, const Clock& clock, Duration margin)
    : inner_(inner), tenure_(tenure), clock_(clock), margin_(margin) {}

kube::Answer Fence::call(const kube::Call& what, const CancelToken& cancel) {
  if (!what.writes()) return inner_.call(what, cancel);
  const Tenure::Write write(tenure_);
  const auto left = [&] { return tenure_.remaining(clock_.now()) - margin_; };
  // Half of what is left, in whole milliseconds; a call of less than one is refused.
  kube::Call fenced = what;
  fenced.timeout = std::min(what.timeout, std::chrono::floor<std::chrono::milliseconds>(left() / 2));
  if (fenced.timeout <= std::chrono::milliseconds::zero()) return refusal();
  // The process may have been stopped since, even before the Api began to count the timeout. So what goes out
  // now must end in time even if the timeout began now.
  bool refused = false;
  fenced.permit = [&] {
    refused = refused || left() < fenced.timeout;
    return !refused && (!what.permit || what.permit());
  };
  kube::Answer answer = inner_.call(fenced, cancel);
  return refused && answer.status == 0 ? refusal() : answer;
}

kube::Answer Fence::stream(const kube::Call& what, std::chrono::milliseconds idle, const kube::BodySink& sink,
                           const CancelToken& cancel) {
  if (what.writes()) return refusal();  // a stream may last longer than any lease
  return inner_.stream(what, idle, sink, cancel);
}

}  // namespace edp::leader
