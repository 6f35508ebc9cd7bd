#include "common/audit/line.h"

#include <utility>

#include "common/json_nesting.h"

namespace edp::audit {
namespace {

using Json = nlohmann::json;

std::string dump(const Json& object) { return object.dump(-1, ' ', true, Json::error_handler_t::replace); }

std::string text_of(const Json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

std::optional<uint64_t> number_of(const Json& object, const char* key) {
  const auto found = object.find(key);
  if (found == object.end() || !found->is_number_unsigned()) return std::nullopt;
  return found->get<uint64_t>();
}

bool is_stream(std::string_view text) {
  return text.size() == 32 && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

}  // namespace

std::string compose(Json act, const std::string& stream, uint64_t seq, const std::string& prev,
                    const std::string& time) {
  act["v"] = 1;
  act["stream"] = stream;
  act["seq"] = seq;
  act["prev"] = prev;
  act["time"] = time;
  return dump(act);
}

Result<Line> parse_line(std::string_view text) {
  if (text.size() > kMaxLine) return fail("longer than " + std::to_string(kMaxLine) + " bytes");
  if (nests_deeper(text, 8)) return fail("nested too deep");
  Line line;
  line.object = Json::parse(text, nullptr, false);
  if (!line.object.is_object()) return fail("no JSON object");
  if (number_of(line.object, "v") != 1) return fail("not of version 1");
  line.stream = text_of(line.object, "stream");
  line.seq = number_of(line.object, "seq").value_or(0);
  line.prev = text_of(line.object, "prev");
  line.time = text_of(line.object, "time");
  line.act = text_of(line.object, "act");
  line.outcome = text_of(line.object, "outcome");
  line.intent = number_of(line.object, "intent");
  if (!is_stream(line.stream)) return fail("`stream` is not 32 hex digits");
  if (line.seq == 0) return fail("`seq` is no number above 0");
  if (!is_hash(line.prev)) return fail("`prev` is not 64 hex digits");
  if (line.time.empty() || line.act.empty()) return fail("without `time` or `act`");
  if (dump(line.object) != text) return fail("not written as the log writes: other order, spaces or escapes");
  line.begins_segment = line.object.contains("segment");
  if (const auto head = line.object.find("head"); head != line.object.end()) {
    line.head = read_head(*head);
    if (!line.head) return fail("`head` is none");
  }
  if (const auto pruned = line.object.find("pruned"); pruned != line.object.end() && pruned->is_object()) {
    line.pruned_to = number_of(*pruned, "to").value_or(0);
    line.pruned_hash = text_of(*pruned, "hash");
    line.pruned_stream = text_of(*pruned, "stream");
  }
  return line;
}

std::string_view without_tag(std::string_view text) {
  return text.starts_with(kTag) ? text.substr(kTag.size()) : text;
}

}  // namespace edp::audit
