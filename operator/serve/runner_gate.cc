#include "operator/serve/runner_gate.h"

#include "operator/serve/names.h"

namespace edp::serve {

tl::expected<User, Fault> RunnerGate::authenticate(const http::ServerRequest& request) {
  const auto token = request.bearer_token();
  if (token.empty()) return tl::unexpected(Fault{401, "NoToken", "a runner's bearer token is needed", {}});
  const Identity identity = reviewer_.who(token, options_.audience, request.cancel);
  if (identity.verdict == Verdict::kUnavailable) {
    return tl::unexpected(
        Fault{503, "ReviewUnavailable", "the token can't be checked now; try again", identity.trouble});
  }
  if (identity.verdict == Verdict::kNo) {
    return tl::unexpected(
        Fault{401, "BadToken", "the token is not valid for audience " + options_.audience, {}});
  }
  if (!options_.runners.contains(identity.user.name)) {
    return tl::unexpected(
        Fault{403, "NotARunner", "only runners bring reports", "the token is of " + identity.user.name});
  }
  return identity.user;
}

tl::expected<int, Fault> RunnerGate::admit(const User& user, const ReportKey& key) {
  const std::string pod(user.extra_value("authentication.kubernetes.io/pod-name"));
  const std::string uid(user.extra_value("authentication.kubernetes.io/pod-uid"));
  if (!valid_object_name(pod) || !valid_uid(uid)) {
    return tl::unexpected(Fault{403, "NotARunner", "the token is bound to no pod", {}});
  }
  const auto runner = runners_.find(options_.runners.at(user.name), pod, uid);
  if (!runner) {
    if (!runners_.ready()) {
      return tl::unexpected(Fault{503, "NotReady", "the runners are not known yet; try again", "pod " + pod});
    }
    return tl::unexpected(
        Fault{403, "NotARunner", "the token's pod is no runner of a run under way", "pod " + pod});
  }
  if (runner->run_namespace != key.ns || runner->run_name != key.name || runner->run_uid != key.run_uid ||
      runner->target_uid != key.pod_uid) {
    return tl::unexpected(Fault{403, "OtherTarget", "the token's pod is the runner of another run or target",
                                "pod " + pod + " is of " + runner->run_namespace + "/" + runner->run_name +
                                    " " + runner->run_uid + " target " + runner->target_uid});
  }
  return runner->attempt;
}

}  // namespace edp::serve
