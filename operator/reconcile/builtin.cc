// The profiles that every edp-runner carries, as the operator needs them.
#include <yaml-cpp/yaml.h>

#include <map>
#include <utility>

#include "operator/reconcile/job.h"
#include "operator/watch/dom.h"
#include "runner/config/builtin_profiles.h"  // data only, made from the runner's files

namespace edp::reconcile {
namespace {

using watch::Json;

Json json_of(const YAML::Node& node) {
  if (node.IsMap()) {
    Json object = Json::object();
    for (const auto& entry : node) object[entry.first.Scalar()] = json_of(entry.second);
    return object;
  }
  if (node.IsSequence()) {
    Json list = Json::array();
    for (const YAML::Node& entry : node) list.push_back(json_of(entry));
    return list;
  }
  if (!node.IsScalar()) return nullptr;
  int64_t number = 0;
  if (node.Tag() != "!" && YAML::convert<int64_t>::decode(node, number)) return number;
  return node.Scalar();
}

std::map<std::string, watch::ProfileRecord, std::less<>> read_all() {
  std::map<std::string, watch::ProfileRecord, std::less<>> all;
  for (const auto& [name, text] : config::kBuiltinProfiles) {
    const Json tree = json_of(YAML::Load(std::string(text)));
    all.emplace(name,
                watch::ProfileRecord{.name = std::string(name),
                                     .duration_seconds = watch::seconds_of(watch::member(tree, "duration")),
                                     .timeout_seconds = watch::seconds_of(watch::member(tree, "timeout")),
                                     .gate = watch::text_of(watch::member(tree, "gate")),
                                     .diagnostic = tree.dump()});
  }
  return all;
}

}  // namespace

const watch::ProfileRecord* builtin_profile(std::string_view name) {
  static const auto all = read_all();
  const auto found = all.find(name);
  return found == all.end() ? nullptr : &found->second;
}

}  // namespace edp::reconcile
