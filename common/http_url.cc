#include "common/http_url.h"

#include <algorithm>
#include <charconv>
#include <optional>

namespace edp::http {
namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

std::string lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(), [](char c) { return lower(c); });
  return out;
}

int hex(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  c = lower(c);
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

std::optional<std::string> percent_decode(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i];
      continue;
    }
    if (i + 2 >= text.size() || hex(text[i + 1]) < 0 || hex(text[i + 2]) < 0) return std::nullopt;
    out += static_cast<char>(hex(text[i + 1]) * 16 + hex(text[i + 2]));
    i += 2;
  }
  return out;
}

bool printable(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < 0x7f; });
}

// The length of the UTF-8 sequence at the front, 0 where it is broken.
size_t utf8_length(std::string_view text) {
  const auto byte = [&](size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = byte(0);
  const size_t length = lead < 0x80                   ? 1
                        : lead >= 0xc2 && lead < 0xe0 ? 2
                        : lead >= 0xe0 && lead < 0xf0 ? 3
                        : lead >= 0xf0 && lead < 0xf5 ? 4
                                                      : 0;
  if (length == 0 || length > text.size()) return 0;
  for (size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return 0;
  }
  if (lead == 0xc2 && byte(1) < 0xa0) return 0;                                         // C1 controls
  if (lead == 0xe0 && byte(1) < 0xa0) return 0;                                         // overlong
  if (lead == 0xed && byte(1) >= 0xa0) return 0;                                        // surrogates
  if (lead == 0xf0 && byte(1) < 0x90) return 0;                                         // overlong
  if (lead == 0xf4 && byte(1) >= 0x90) return 0;                                        // beyond U+10FFFF
  if (lead == 0xe2 && byte(1) == 0x80 && byte(2) >= 0xaa && byte(2) <= 0xae) return 0;  // text direction
  return length;
}

}  // namespace

std::string Url::origin() const {
  std::string out = tls ? "https://" : "http://";
  out += host.find(':') == std::string::npos ? host : "[" + host + "]";
  if (port != (tls ? 443 : 80)) out += ":" + std::to_string(port);
  return out;
}

std::string Url::shown() const { return origin() + path; }

std::string without_secrets(std::string_view text) {
  const size_t scheme = text.find("://");
  const size_t start = scheme == std::string_view::npos ? 0 : scheme + 3;
  // A password may hold '/', '?' and '#' unescaped: take out everything up to the last '@'.
  const size_t at = text.rfind('@');
  std::string_view rest =
      at != std::string_view::npos && at >= start ? text.substr(at + 1) : text.substr(start);
  rest = rest.substr(0, rest.find_first_of("?#"));
  return one_line(std::string(text.substr(0, start)) + std::string(rest), 500);
}

Result<Url> parse_url(std::string_view text) {
  const auto bad = [&](std::string why) {
    return fail("not a usable URL: " + std::move(why), without_secrets(text));
  };
  Url url;
  const size_t scheme_end = text.find("://");
  const std::string scheme = lower(text.substr(0, scheme_end == std::string_view::npos ? 0 : scheme_end));
  if (scheme != "http" && scheme != "https") return bad("it must begin with http:// or https://");
  url.tls = scheme == "https";
  url.port = url.tls ? 443 : 80;

  std::string_view rest = text.substr(scheme_end + 3);
  const size_t authority_end = rest.find_first_of("/?#");
  std::string_view authority = rest.substr(0, authority_end);
  rest = authority_end == std::string_view::npos ? std::string_view{} : rest.substr(authority_end);
  if (rest.find('@') != std::string_view::npos && authority.find(':') != std::string_view::npos &&
      authority.find('@') == std::string_view::npos) {
    return bad(
        "an '@' after the host; write '/', '?', '#' of a password as %2F, %3F, %23 and '@' of a path as %40");
  }

  if (const size_t at = authority.rfind('@'); at != std::string_view::npos) {
    const std::string_view userinfo = authority.substr(0, at);
    authority.remove_prefix(at + 1);
    const size_t colon = userinfo.find(':');
    auto user = percent_decode(userinfo.substr(0, colon));
    auto password =
        percent_decode(colon == std::string_view::npos ? std::string_view{} : userinfo.substr(colon + 1));
    if (!user || !password) return bad("broken percent-encoding before the '@'");
    url.user = std::move(*user);
    url.password = std::move(*password);
  }

  std::string_view port;
  if (!authority.empty() && authority.front() == '[') {
    const size_t close = authority.find(']');
    if (close == std::string_view::npos) return bad("'[' without ']'");
    url.host = std::string(authority.substr(1, close - 1));
    const std::string_view after = authority.substr(close + 1);
    if (!after.empty() && after.front() != ':') return bad("text after ']'");
    port = after.empty() ? std::string_view{} : after.substr(1);
    if (!after.empty() && port.empty()) return bad("no port after ':'");
  } else {
    const size_t colon = authority.find(':');
    if (colon != authority.rfind(':')) return bad("an IPv6 address must stand in brackets: [::1]");
    url.host = lower(authority.substr(0, colon));
    if (colon != std::string_view::npos) {
      port = authority.substr(colon + 1);
      if (port.empty()) return bad("no port after ':'");
    }
  }
  if (url.host.empty()) return bad("no host");
  if (!printable(url.host) || url.host.find_first_of("\"<>\\^`{|}%") != std::string::npos) {
    return bad("the host holds a character that no host name has");
  }
  if (!port.empty()) {
    unsigned value = 0;
    const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), value);
    if (error != std::errc{} || end != port.data() + port.size() || value == 0 || value > 65535) {
      return bad("the port must be a number from 1 to 65535");
    }
    url.port = static_cast<uint16_t>(value);
  }

  rest = rest.substr(0, rest.find_first_of("?#"));
  if (!printable(rest)) return bad("write spaces and letters beyond ASCII in the path percent-encoded");
  while (!rest.empty() && rest.back() == '/') rest.remove_suffix(1);
  url.path = std::string(rest);
  return url;
}

std::string one_line(std::string_view bytes, size_t max) {
  std::string out;
  bool space = false;
  bool in_tag = false;
  for (size_t i = 0; i < bytes.size();) {
    const size_t length = utf8_length(bytes.substr(i));
    const char c = bytes[i];
    const size_t step = length == 0 ? 1 : length;
    const bool next_is_tag = c == '<' && i + 1 < bytes.size() &&
                             (bytes[i + 1] == '/' || bytes[i + 1] == '!' ||
                              (lower(bytes[i + 1]) >= 'a' && lower(bytes[i + 1]) <= 'z'));
    if (in_tag) {
      in_tag = c != '>';
      space = true;
    } else if (next_is_tag && bytes.find('>', i) != std::string_view::npos) {
      in_tag = true;
    } else if (length == 0 || (length == 1 && (c <= ' ' || c == 0x7f))) {
      space = true;
    } else {
      if (out.size() + step + 1 > max) {
        out += "...";
        return out;
      }
      if (space && !out.empty()) out += ' ';
      space = false;
      out.append(bytes.substr(i, step));
    }
    i += step;
  }
  return out;
}

}  // namespace edp::http
