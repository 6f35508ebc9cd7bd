// http and https URLs of targets: what is needed to connect, and what may be shown.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "common/result.h"

namespace edp::http {

struct Url {
  bool tls = false;
  std::string host;  // name or address; an IPv6 address without brackets
  uint16_t port = 0;
  std::string path;            // "" or "/base", percent-encoded, no slash at the end, no query
  std::string user, password;  // percent-decoded; secrets

  [[nodiscard]] std::string origin() const;  // "https://host:8443"; the scheme's own port is left out
  [[nodiscard]] std::string shown() const;   // origin and path: no user, no password, no query
};

// scheme://[user[:password]@]host[:port][/path][?query][#fragment]; query and fragment are dropped. The error
// never repeats what stands before an '@'.
Result<Url> parse_url(std::string_view text);

// What is safe to show of a URL that may be broken: what stands before an '@', a query and a fragment are
// taken out, control characters replaced.
std::string without_secrets(std::string_view text);

// One line of printable text from bytes of a peer: tags of HTML, control characters and broken UTF-8 dropped,
// white space run together, cut at `max` bytes with "...".
std::string one_line(std::string_view bytes, size_t max = 200);

}  // namespace edp::http
