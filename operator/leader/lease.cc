#include "operator/leader/lease.h"

#include <nlohmann/json.hpp>

namespace edp::leader {
namespace {

using nlohmann::json;

constexpr int kMaxDepth = 16;  // a Lease has six; dump() of deeper input could overflow the stack

std::string text(const json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}
int64_t number(const json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_number_integer() ? found->get<int64_t>() : 0;
}

}  // namespace

Result<Lease> parse_lease(std::string_view text_) {
  const json object =
      json::parse(text_, [](int depth, json::parse_event_t, json&) { return depth < kMaxDepth; }, false);
  if (!object.is_object()) return fail("the lease is no JSON object");
  const auto metadata = object.find("metadata");
  if (metadata == object.end() || !metadata->is_object()) return fail("the lease has no metadata");
  Lease lease;
  lease.resource_version = text(*metadata, "resourceVersion");
  if (lease.resource_version.empty()) return fail("the lease has no resourceVersion");
  json kept = *metadata;
  kept.erase("managedFields");
  lease.metadata = kept.dump(-1, ' ', false, json::error_handler_t::replace);
  if (const auto spec = object.find("spec"); spec != object.end() && spec->is_object()) {
    lease.holder = text(*spec, "holderIdentity");
    lease.duration_seconds = number(*spec, "leaseDurationSeconds");
    lease.transitions = number(*spec, "leaseTransitions");
    lease.acquired = text(*spec, "acquireTime");
    lease.renewed = text(*spec, "renewTime");
  }
  return lease;
}

std::string format_lease(const Lease& lease, std::string_view ns, std::string_view name) {
  json metadata = json::parse(lease.metadata, nullptr, false);
  if (!metadata.is_object()) metadata = json::object();
  metadata["namespace"] = ns;
  metadata["name"] = name;
  metadata.erase("resourceVersion");
  if (!lease.resource_version.empty()) metadata["resourceVersion"] = lease.resource_version;
  const json object = {{"apiVersion", "coordination.k8s.io/v1"},
                       {"kind", "Lease"},
                       {"metadata", std::move(metadata)},
                       {"spec",
                        {{"holderIdentity", lease.holder},
                         {"leaseDurationSeconds", lease.duration_seconds},
                         {"leaseTransitions", lease.transitions},
                         {"acquireTime", lease.acquired},
                         {"renewTime", lease.renewed}}}};
  return object.dump(-1, ' ', false, json::error_handler_t::replace);
}

}  // namespace edp::leader
