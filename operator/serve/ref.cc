#include "operator/serve/ref.h"

#include <nlohmann/json.hpp>

#include "operator/serve/names.h"

namespace edp::serve {

std::string_view file_name(ReportFile file) {
  return file == ReportFile::kJson ? "report.json" : "report.html";
}

std::string_view media_type(ReportFile file) {
  return file == ReportFile::kJson ? "application/json" : "text/html; charset=utf-8";
}

std::optional<ReportFile> parse_file_name(std::string_view name) {
  if (name == file_name(ReportFile::kJson)) return ReportFile::kJson;
  if (name == file_name(ReportFile::kHtml)) return ReportFile::kHtml;
  return std::nullopt;
}

std::string write_ref(const ReportRef& ref) {
  return "{\"digest\":\"" + ref.digest + "\",\"bytes\":" + std::to_string(ref.bytes) +
         ",\"attempt\":" + std::to_string(ref.attempt) + ",\"stored\":" + std::to_string(ref.stored) + "}\n";
}

std::optional<ReportRef> read_ref(std::string_view text) {
  if (text.size() > 1024) return std::nullopt;
  const auto json = nlohmann::json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object()) return std::nullopt;
  const auto number = [&](const char* key) -> std::optional<int64_t> {
    const auto it = json.find(key);
    if (it == json.end() || !it->is_number_integer()) return std::nullopt;
    const auto value = it->get<int64_t>();
    return value >= 0 ? std::optional(value) : std::nullopt;
  };
  const auto digest = json.find("digest");
  const auto bytes = number("bytes");
  const auto attempt = number("attempt");
  const auto stored = number("stored");
  if (digest == json.end() || !digest->is_string() || !bytes || !attempt || !stored || *attempt > INT32_MAX) {
    return std::nullopt;
  }
  ReportRef ref{digest->get<std::string>(), static_cast<uint64_t>(*bytes), static_cast<int>(*attempt),
                *stored};
  return valid_digest(ref.digest) ? std::optional(ref) : std::nullopt;
}

}  // namespace edp::serve
