// The cluster as a person at a terminal or a pipeline sees it: who we are there, EDP's objects, and errors
// that say what to do.
#pragma once

#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "common/cancel.h"
#include "common/result.h"
#include "operator/kube/api.h"
#include "operator/kube/config.h"

namespace edp::kubectl {

using Json = nlohmann::ordered_json;

struct Where {
  std::string kubeconfig;  // files; empty: as kubectl does
  std::string context;
  std::string ns;  // empty: the context's
};

class Cluster {
 public:
  // Reads the configuration; connects to nothing yet.
  static Result<Cluster> open(const Where& where);
  Cluster(std::unique_ptr<kube::Api> api, kube::ClusterConfig config, std::string ns);

  // Where the user said nothing else.
  [[nodiscard]] const std::string& ns() const { return ns_; }
  [[nodiscard]] const kube::ClusterConfig& config() const { return config_; }
  [[nodiscard]] kube::Api& api() const { return *api_; }

  [[nodiscard]] Result<Json> get(const std::string& path, const CancelToken& cancel = {}) const;
  [[nodiscard]] Result<Json> create(const std::string& path, const Json& object,
                                    const CancelToken& cancel = {}) const;
  [[nodiscard]] Result<Json> merge_patch(const std::string& path, const Json& patch,
                                         const CancelToken& cancel = {}) const;
  // A DiagnosticRun that says who asks for it, as far as the apiserver tells us (SelfSubjectReview).
  [[nodiscard]] Result<Json> create_run(const std::string& ns, Json run,
                                        const CancelToken& cancel = {}) const;
  // Every object of a collection, page by page. `query` without '?'.
  [[nodiscard]] Result<std::vector<Json>> list(const std::string& path, const std::string& query = {},
                                               const CancelToken& cancel = {}) const;

 private:
  std::unique_ptr<kube::Api> api_;
  kube::ClusterConfig config_;
  std::string ns_;

  [[nodiscard]] Result<Json> ask(const kube::Call& call, const CancelToken& cancel) const;
};

// Paths of EDP's objects. An empty namespace: of all namespaces.
std::string runs_path(std::string_view ns);
std::string run_path(std::string_view ns, std::string_view name);

// Why the apiserver said no, in words for the one who asked. `what` is "diagnosticruns" and the like.
Error explain(const kube::Answer& answer, const std::string& path);

// JSON of a peer as a tree; an error for text that is none or is nested too deep.
Result<Json> parse_json(std::string_view text);

// The member at a path of keys; null where there is none, or what stands there is of another kind.
const Json& member(const Json& object, std::initializer_list<std::string_view> path);
std::string text_at(const Json& object, std::initializer_list<std::string_view> path);  // "" where no string
int64_t number_at(const Json& object,
                  std::initializer_list<std::string_view> path);  // 0 where no whole number

}  // namespace edp::kubectl
