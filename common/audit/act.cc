#include "common/audit/act.h"

#include <pwd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <utility>
#include <vector>

#include "common/json_nesting.h"

namespace edp::audit {
namespace {

using Json = nlohmann::json;
using Fields = std::vector<std::pair<const char*, const std::string*>>;

constexpr size_t kLongest = 1000;
constexpr std::array<std::string_view, 5> kActors{"user", "service-account", "ci", "operator", "local"};
constexpr std::array<std::string_view, 4> kOutcomes{"intended", "done", "refused", "failed"};

template <typename Enum, size_t N>
std::optional<Enum> named(const std::array<std::string_view, N>& names, std::string_view name) {
  const auto* const found = std::ranges::find(names, name);
  if (found == names.end()) return std::nullopt;
  return static_cast<Enum>(found - names.begin());
}

// Digests, uids, numbers: nothing private, and not to be mistaken for it.
bool is_hex(std::string_view text) {
  return std::ranges::all_of(
      text, [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || c == '-'; });
}

bool is_uid(std::string_view text) {
  return text.size() == 36 && text[8] == '-' && text[13] == '-' && text[18] == '-' && text[23] == '-' &&
         is_hex(text);
}

// Cut where no character is cut in two.
std::string shortened(std::string text) {
  if (text.size() <= kLongest) return text;
  size_t end = kLongest;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) --end;
  text.resize(end);
  return text + "...";
}

class Writer {
 public:
  explicit Writer(const std::shared_ptr<const masking::Patterns>& patterns) : patterns_(patterns) {}

  std::string text(const std::string& plain) const {
    if (is_uid(plain)) return plain;
    masking::Counts ignored;
    // What is cut off is not looked at; a secret that the cut goes through is short enough to be hidden.
    return shortened(masking::mask(std::string_view(plain).substr(0, 4 * kLongest), patterns_, ignored));
  }
  void put(Json& into, const char* key, const std::string& plain) const {
    if (!plain.empty()) into[key] = text(plain);
  }
  Json object(const Fields& fields) const {
    Json made = Json::object();
    for (const auto& [key, value] : fields) put(made, key, *value);
    return made;
  }

 private:
  const std::shared_ptr<const masking::Patterns>& patterns_;
};

Fields fields_of(const Why& why) {
  return {{"run", &why.run},
          {"run_uid", &why.run_uid},
          {"trigger", &why.trigger},
          {"profile", &why.profile},
          {"ci", &why.ci}};
}

Fields fields_of(const Target& target) {
  return {{"namespace", &target.ns}, {"pod", &target.pod}, {"workload", &target.workload},
          {"url", &target.url},      {"pid", &target.pid}, {"uid", &target.uid}};
}

std::string environment(const char* name) {
  const char* const value = std::getenv(name);
  return value == nullptr ? "" : value;
}

std::string text_of(const Json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : "";
}

}  // namespace

std::string_view to_string(ActorKind kind) { return kActors.at(static_cast<size_t>(kind)); }
std::optional<ActorKind> actor_kind(std::string_view name) { return named<ActorKind>(kActors, name); }
ActorKind kind_of_user(std::string_view user) {
  return user.starts_with("system:serviceaccount:") ? ActorKind::kServiceAccount : ActorKind::kUser;
}
std::string_view to_string(Outcome outcome) { return kOutcomes.at(static_cast<size_t>(outcome)); }
std::optional<Outcome> outcome_of(std::string_view name) { return named<Outcome>(kOutcomes, name); }

Json to_json(const Act& act, const std::shared_ptr<const masking::Patterns>& patterns) {
  const Writer writer(patterns);
  Json made = {{"act", writer.text(act.what)}, {"outcome", to_string(act.outcome)}};
  Json actor = writer.object({{"known", &act.actor.known}});
  // Who acted is what the audit is for: an account's name is told in full, also where it is an address.
  const bool account = act.actor.kind == ActorKind::kUser || act.actor.kind == ActorKind::kServiceAccount;
  if (account && !act.actor.name.empty()) actor["name"] = shortened(act.actor.name);
  if (!account) writer.put(actor, "name", act.actor.name);
  actor["kind"] = to_string(act.actor.kind);
  made["actor"] = std::move(actor);
  if (Json target = writer.object(fields_of(act.target)); !target.empty()) made["target"] = std::move(target);
  if (Json why = writer.object(fields_of(act.why)); !why.empty()) made["why"] = std::move(why);
  writer.put(made, "reason", act.reason);
  if (act.digest.starts_with("sha256:") && is_hex(std::string_view(act.digest).substr(7))) {
    made["digest"] = act.digest;
  }
  if (act.intent) made["intent"] = *act.intent;
  if (act.bytes) made["bytes"] = *act.bytes;
  for (const auto& [kind, count] : act.masked) made["masked"][writer.text(kind)] = count;
  return made;
}

std::string this_build() {
  if (const std::string job = environment("JOB_NAME"); !job.empty()) {
    return "jenkins " + job + "#" + environment("BUILD_NUMBER");
  }
  if (const std::string repository = environment("GITHUB_REPOSITORY"); !repository.empty()) {
    return "github " + repository + "#" + environment("GITHUB_RUN_ID");
  }
  if (const std::string project = environment("CI_PROJECT_PATH"); !project.empty()) {
    return "gitlab " + project + "#" + environment("CI_PIPELINE_ID");
  }
  return environment("CI").empty() ? "" : "ci";
}

Actor this_process() {
  if (std::string build = this_build(); !build.empty()) {
    return {.kind = ActorKind::kCi, .name = std::move(build), .known = "environment of the process"};
  }
  std::array<char, 4096> room{};
  passwd entry{};
  passwd* found = nullptr;
  const uid_t uid = ::getuid();
  (void)::getpwuid_r(uid, &entry, room.data(), room.size(), &found);
  return {.kind = ActorKind::kLocal,
          .name = found != nullptr ? found->pw_name : "uid " + std::to_string(uid),
          .known = "uid of the process"};
}

std::string to_text(const Context& context) {
  Json why = Json::object();
  for (const auto& [key, value] : fields_of(context.why)) {
    if (!value->empty()) why[key] = *value;
  }
  const Json made = {{"actor",
                      {{"kind", to_string(context.actor.kind)},
                       {"name", context.actor.name},
                       {"known", context.actor.known}}},
                     {"why", why}};
  return made.dump(-1, ' ', true, Json::error_handler_t::replace);
}

std::optional<Context> read_context(std::string_view text) {
  if (nests_deeper(text, 4)) return std::nullopt;
  const Json made = Json::parse(text, nullptr, false);
  if (!made.is_object() || !made.contains("actor") || !made["actor"].is_object()) return std::nullopt;
  const Json& actor = made["actor"];
  const auto kind = actor_kind(text_of(actor, "kind"));
  if (!kind) return std::nullopt;
  Context context{.actor = {.kind = *kind, .name = text_of(actor, "name"), .known = text_of(actor, "known")},
                  .why = {}};
  if (const auto why = made.find("why"); why != made.end() && why->is_object()) {
    context.why = {.run = text_of(*why, "run"),
                   .run_uid = text_of(*why, "run_uid"),
                   .trigger = text_of(*why, "trigger"),
                   .profile = text_of(*why, "profile"),
                   .ci = text_of(*why, "ci")};
  }
  return context;
}

}  // namespace edp::audit
