#include "common/validation/statement.h"

#include <nlohmann/json.hpp>

#include "common/json_nesting.h"

namespace edp::validation {
namespace {

using Json = nlohmann::json;  // sorts its keys: one statement, one text
constexpr std::string_view kSchema = "edp.validation/v1";
constexpr size_t kMaxBytes = 16384;

std::string canonical(const Statement& of) {
  const Json json = {{"ticket", of.ticket},     {"key", of.key},         {"fingerprint", of.fingerprint},
                     {"workload", of.workload}, {"run", of.run},         {"digest", of.digest},
                     {"verdict", of.verdict},   {"message", of.message}, {"began", of.began},
                     {"time", of.time}};
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

// What is signed: no other text that the same key may sign looks like it.
std::string signed_text(const std::string& payload) { return std::string(kSchema) + "\n" + payload; }

}  // namespace

Result<std::string> sign(const ed25519::PrivateKey& key, const Statement& statement) {
  const std::string text = canonical(statement);
  const auto signature = key.sign(signed_text(text));
  if (!signature) return fail("the statement could not be signed: " + signature.error().what);
  const Json json = {{"schema", kSchema},
                     {"payload", Json::parse(text)},
                     {"key", key.public_key().id()},
                     {"signature", *signature}};
  return json.dump();
}

Result<Statement> verify(const ed25519::PublicKey& key, std::string_view json) {
  if (json.size() > kMaxBytes || nests_deeper(json)) return fail("is no statement");
  const Json tree = Json::parse(json, nullptr, /*allow_exceptions=*/false);
  const auto text = [](const Json& object, const char* name) {
    const auto found = object.find(name);
    return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
  };
  if (!tree.is_object() || text(tree, "schema") != kSchema || !tree.contains("payload") ||
      !tree["payload"].is_object()) {
    return fail("is no statement (edp.validation/v1)");
  }
  const Json& payload = tree["payload"];
  const auto number = [&payload](const char* name) {
    const auto found = payload.find(name);
    return found != payload.end() && found->is_number_integer() ? found->get<int64_t>() : int64_t{0};
  };
  Statement statement{.ticket = text(payload, "ticket"),
                      .key = text(payload, "key"),
                      .fingerprint = text(payload, "fingerprint"),
                      .workload = text(payload, "workload"),
                      .run = text(payload, "run"),
                      .digest = text(payload, "digest"),
                      .verdict = text(payload, "verdict"),
                      .message = text(payload, "message"),
                      .began = number("began"),
                      .time = number("time")};
  if (text(tree, "key") != key.id()) return fail("was signed by another key");
  if (!key.verify(signed_text(canonical(statement)), text(tree, "signature"))) {
    return fail("has a signature that does not fit its text");
  }
  return statement;
}

}  // namespace edp::validation
