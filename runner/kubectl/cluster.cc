#include "runner/kubectl/cluster.h"

#include <utility>

#include "common/json_nesting.h"
#include "operator/kube/client.h"
#include "operator/kube/paths.h"

namespace edp::kubectl {
namespace {

constexpr std::string_view kGroup = "/apis/edp.dev/v1alpha1";
constexpr int kPages = 1000;

}  // namespace

Result<Cluster> Cluster::open(const Where& where) {
  auto config = where.kubeconfig.empty() ? kube::default_config(where.context)
                                         : kube::load_kubeconfig(where.kubeconfig, where.context);
  if (!config) return tl::unexpected(config.error());
  std::string ns = where.ns.empty() ? config->ns : where.ns;
  auto api =
      kube::connect(*config, {.user_agent = "kubectl-edp", .connect_timeout = std::chrono::seconds(20)});
  return Cluster(std::move(api), std::move(*config), std::move(ns));
}

Cluster::Cluster(std::unique_ptr<kube::Api> api, kube::ClusterConfig config, std::string ns)
    : api_(std::move(api)), config_(std::move(config)), ns_(std::move(ns)) {}

Result<Json> Cluster::ask(const kube::Call& call, const CancelToken& cancel) const {
  const kube::Answer answer = api_->call(call, cancel);
  if (!answer.ok()) return tl::unexpected(explain(answer, call.path));
  return parse_json(answer.body);
}

Result<Json> Cluster::get(const std::string& path, const CancelToken& cancel) const {
  return ask({.path = path}, cancel);
}

Result<Json> Cluster::create(const std::string& path, const Json& object, const CancelToken& cancel) const {
  return ask({.method = "POST", .path = path + "?fieldManager=kubectl-edp", .body = object.dump()}, cancel);
}

Result<Json> Cluster::create_run(const std::string& ns, Json run, const CancelToken& cancel) const {
  const Json review = {{"apiVersion", "authentication.k8s.io/v1"}, {"kind", "SelfSubjectReview"}};
  if (const auto told = ask({.method = "POST",
                             .path = "/apis/authentication.k8s.io/v1/selfsubjectreviews",
                             .body = review.dump()},
                            cancel)) {
    const std::string user = text_at(*told, {"status", "userInfo", "username"});
    if (!user.empty()) run["metadata"]["annotations"]["edp.dev/requested-by"] = user;
  }
  return create(runs_path(ns), run, cancel);
}

Result<Json> Cluster::merge_patch(const std::string& path, const Json& patch,
                                  const CancelToken& cancel) const {
  return ask({.method = "PATCH",
              .path = path + "?fieldManager=kubectl-edp",
              .body = patch.dump(),
              .content_type = "application/merge-patch+json"},
             cancel);
}

Result<std::vector<Json>> Cluster::list(const std::string& path, const std::string& query,
                                        const CancelToken& cancel) const {
  std::vector<Json> items;
  std::string next;
  for (int page = 0; page < kPages; ++page) {
    std::string asked = path + "?limit=500";
    if (!query.empty()) asked += "&" + query;
    if (!next.empty()) asked += "&continue=" + kube::escape_query(next);
    auto answer = get(asked, cancel);
    if (!answer) return tl::unexpected(answer.error());
    const Json& found = member(*answer, {"items"});
    if (!found.is_array()) return fail("the answer is no list", path);
    items.insert(items.end(), found.begin(), found.end());
    next = text_at(*answer, {"metadata", "continue"});
    if (next.empty()) return items;
  }
  return fail("the list does not end", path);
}

std::string runs_path(std::string_view ns) {
  std::string path(kGroup);
  if (!ns.empty()) path += "/namespaces/" + kube::escape_segment(ns);
  return path + "/diagnosticruns";
}

std::string run_path(std::string_view ns, std::string_view name) {
  return runs_path(ns) + "/" + kube::escape_segment(name);
}

Error explain(const kube::Answer& answer, const std::string& path) {
  if (answer.failure) return {.what = "the apiserver gave no answer: " + answer.failure->to_string()};
  const kube::StatusText status = kube::read_status(answer.body);
  const bool ours = path.starts_with(kGroup);
  // Of a resource that is not there at all the apiserver names no object.
  if (ours && answer.status == 404 && status.message.find('"') == std::string::npos) {
    return {.what = "this cluster knows no DiagnosticRun: EDP is not installed there (its CRDs are missing)"};
  }
  const std::string said = status.message.empty() ? answer.explain() : status.message;
  switch (answer.status) {
    case 401:
      return {.what =
                  "the apiserver does not know you (401): check the kubeconfig's user, its token may have "
                  "expired"};
    case 403:
      return {.what = "you may not do that: " + said};
    case 404:
      return {.what = said};
    case 422:
      return {.what = "the apiserver refused it: " + said};
    default:
      return {.what = "the apiserver answered " + std::to_string(answer.status) + ": " + said};
  }
}

Result<Json> parse_json(std::string_view text) {
  if (nests_deeper(text)) return fail("the answer is nested too deep");
  Json json = Json::parse(text, nullptr, false);
  if (json.is_discarded()) return fail("the answer is not JSON");
  return json;
}

const Json& member(const Json& object, std::initializer_list<std::string_view> path) {
  static const Json kNothing = nullptr;
  const Json* at = &object;
  for (const std::string_view key : path) {
    if (!at->is_object()) return kNothing;
    const auto found = at->find(std::string(key));
    if (found == at->end()) return kNothing;
    at = &*found;
  }
  return *at;
}

std::string text_at(const Json& object, std::initializer_list<std::string_view> path) {
  const Json& found = member(object, path);
  return found.is_string() ? found.get<std::string>() : std::string();
}

int64_t number_at(const Json& object, std::initializer_list<std::string_view> path) {
  const Json& found = member(object, path);
  return found.is_number_integer() ? found.get<int64_t>() : 0;
}

}  // namespace edp::kubectl
