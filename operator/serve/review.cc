#include "operator/serve/review.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "common/files.h"
#include "operator/serve/review_cache.h"

namespace edp::serve {
namespace {

using Json = nlohmann::json;
constexpr size_t kMaxToken = 16384;

std::string dump(const Json& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace); }

std::string text(const Json& object, const char* key) {
  const auto it = object.find(key);
  return it != object.end() && it->is_string() ? it->get<std::string>() : std::string();
}

std::vector<std::string> texts(const Json& object, const char* key) {
  std::vector<std::string> all;
  const auto it = object.find(key);
  if (it == object.end() || !it->is_array()) return all;
  for (const auto& one : *it) {
    if (one.is_string()) all.push_back(one.get<std::string>());
  }
  return all;
}

bool flag(const Json& object, const char* key) {
  const auto it = object.find(key);
  return it != object.end() && it->is_boolean() && it->get<bool>();
}

// The answer's status, or nothing where it is no answer to go by.
std::optional<Json> review(kube::Api& api, const std::string& path, const Json& body,
                           std::chrono::milliseconds timeout, const CancelToken& cancel,
                           std::string& trouble) {
  kube::Call call;
  call.method = "POST";
  call.path = path;
  call.body = dump(body);
  call.timeout = timeout;
  call.max_bytes = uint64_t{1} << 20U;
  const kube::Answer answer = api.call(call, cancel);
  if (!answer.ok()) {
    trouble = path + ": " + answer.explain();
    return std::nullopt;
  }
  Json json = Json::parse(answer.body, nullptr, /*allow_exceptions=*/false);
  const auto status = json.is_object() ? json.find("status") : json.end();
  if (!json.is_object() || status == json.end() || !status->is_object()) {
    trouble = path + ": the answer is no review";
    return std::nullopt;
  }
  return *status;
}

User read_user(const Json& status) {
  User user;
  const auto it = status.find("user");
  if (it == status.end() || !it->is_object()) return user;
  user.name = text(*it, "username");
  user.uid = text(*it, "uid");
  user.groups = texts(*it, "groups");
  const auto extra = it->find("extra");
  if (extra != it->end() && extra->is_object()) {
    for (const auto& [key, value] : extra->items()) user.extra[key] = texts(*extra, key.c_str());
  }
  return user;
}

// Apart from all others, whatever the parts hold.
std::string cache_key(const Json& parts) { return sha256_hex(dump(parts)); }

}  // namespace

std::string_view User::extra_value(std::string_view key) const {
  const auto it = extra.find(key);
  return it == extra.end() || it->second.empty() ? std::string_view() : it->second.front();
}

struct Reviewer::Cache {
  explicit Cache(const Options& options)
      : users(options.cache_time, options.cache_entries), grants(options.cache_time, options.cache_entries) {}
  ReviewCache<User> users;
  ReviewCache<bool> grants;
};

Reviewer::Reviewer(kube::Api& api, Options options)
    : api_(api), options_(std::move(options)), cache_(std::make_unique<Cache>(options_)) {}
Reviewer::~Reviewer() = default;

Identity Reviewer::who(std::string_view token, const std::string& audience, const CancelToken& cancel) {
  const bool sane = !token.empty() && token.size() <= kMaxToken &&
                    std::all_of(token.begin(), token.end(), [](char c) { return c > ' ' && c < 0x7f; });
  if (!sane) return {Verdict::kNo, {}, {}};
  const std::string key = cache_key({token, audience});
  const auto now = options_.clock();
  if (auto user = cache_->users.find(key, now)) return {Verdict::kYes, std::move(*user), {}};

  Json spec = {{"token", token}};
  if (!audience.empty()) spec["audiences"] = Json::array({audience});
  Identity identity;
  const auto status =
      review(api_, "/apis/authentication.k8s.io/v1/tokenreviews",
             {{"apiVersion", "authentication.k8s.io/v1"}, {"kind", "TokenReview"}, {"spec", spec}},
             options_.timeout, cancel, identity.trouble);
  if (!status) return identity;
  identity.verdict = Verdict::kNo;
  if (!flag(*status, "authenticated")) return identity;
  if (!audience.empty()) {
    // An apiserver that knows nothing of audiences leaves them out: then the token is not known to be for us.
    const auto audiences = texts(*status, "audiences");
    if (std::find(audiences.begin(), audiences.end(), audience) == audiences.end()) return identity;
  }
  identity.user = read_user(*status);
  if (identity.user.name.empty()) return identity;
  identity.verdict = Verdict::kYes;
  cache_->users.put(key, identity.user, now);
  return identity;
}

Access Reviewer::may(const User& user, const AccessRequest& what, const CancelToken& cancel) {
  Json extra = Json::object();
  for (const auto& [key, values] : user.extra) extra[key] = values;
  Json spec = {{"user", user.name},
               {"groups", user.groups},
               {"extra", extra},
               {"resourceAttributes",
                {{"namespace", what.ns},
                 {"verb", what.verb},
                 {"group", what.group},
                 {"resource", what.resource},
                 {"name", what.name}}}};
  if (!user.uid.empty()) spec["uid"] = user.uid;
  const std::string key = cache_key(spec);
  const auto now = options_.clock();
  if (cache_->grants.find(key, now)) return {Verdict::kYes, {}};
  Access access;
  const auto status =
      review(api_, "/apis/authorization.k8s.io/v1/subjectaccessreviews",
             {{"apiVersion", "authorization.k8s.io/v1"}, {"kind", "SubjectAccessReview"}, {"spec", spec}},
             options_.timeout, cancel, access.trouble);
  if (!status) return access;
  access.verdict = flag(*status, "allowed") && !flag(*status, "denied") ? Verdict::kYes : Verdict::kNo;
  if (access.verdict == Verdict::kYes) cache_->grants.put(key, true, now);
  return access;
}

}  // namespace edp::serve
