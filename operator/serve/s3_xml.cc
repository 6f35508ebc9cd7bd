#include "operator/serve/s3_xml.h"

#include <charconv>
#include <ctime>

namespace edp::serve::s3 {
namespace {

// The text between the first <name> (attributes allowed) and its </name>, moving `xml` behind it. Elements of
// one name are never nested in each other here.
std::optional<std::string_view> take(std::string_view& xml, std::string_view name) {
  size_t at = 0;
  while ((at = xml.find('<', at)) != std::string_view::npos) {
    const std::string_view rest = xml.substr(at + 1);
    if (rest.starts_with(name) && rest.size() > name.size() &&
        (rest[name.size()] == '>' || rest[name.size()] == ' ')) {
      const size_t begin = rest.find('>');
      if (begin == std::string_view::npos) return std::nullopt;
      const std::string_view content = rest.substr(begin + 1);
      const size_t end = content.find("</" + std::string(name) + ">");
      if (end == std::string_view::npos) return std::nullopt;
      xml = content.substr(end + name.size() + 3);
      return content.substr(0, end);
    }
    ++at;
  }
  return std::nullopt;
}

std::string text(std::string_view xml, std::string_view name) {
  const auto content = take(xml, name);
  if (!content) return {};
  std::string out;
  for (size_t i = 0; i < content->size(); ++i) {
    const std::string_view rest = content->substr(i);
    const auto entity = [&](std::string_view code, char c) {
      if (!rest.starts_with(code)) return false;
      out += c;
      i += code.size() - 1;
      return true;
    };
    if (!(entity("&amp;", '&') || entity("&lt;", '<') || entity("&gt;", '>') || entity("&quot;", '"') ||
          entity("&#34;", '"') || entity("&apos;", '\'') || entity("&#39;", '\''))) {
      out += rest.front();
    }
  }
  return out;
}

int64_t parse_time(const std::string& iso) {
  std::tm time{};
  return ::strptime(iso.c_str(), "%Y-%m-%dT%H:%M:%S", &time) == nullptr
             ? 0
             : static_cast<int64_t>(::timegm(&time));
}

}  // namespace

std::optional<List> read_list(std::string_view xml) {
  auto result = take(xml, "ListBucketResult");
  if (!result) return std::nullopt;
  List list;
  if (text(*result, "IsTruncated") == "true") {
    list.next = text(*result, "NextContinuationToken");
    if (list.next.empty()) return std::nullopt;  // we would take a part for the whole
  }
  while (const auto one = take(*result, "Contents")) {
    Object object;
    object.key = text(*one, "Key");
    object.modified = text(*one, "LastModified");
    object.modified_at = parse_time(object.modified);
    const std::string size = text(*one, "Size");
    const auto parsed = std::from_chars(size.data(), size.data() + size.size(), object.size);
    if (object.key.empty() || object.modified_at == 0 || parsed.ec != std::errc()) return std::nullopt;
    list.objects.push_back(std::move(object));
  }
  return list;
}

Fault read_fault(std::string_view xml) {
  const auto error = take(xml, "Error");
  if (!error) return {};
  return {text(*error, "Code"), text(*error, "Message")};
}

}  // namespace edp::serve::s3
