#include "operator/kube/proxy_env.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <cstring>
#include <optional>

namespace edp::kube {
namespace {

// As 16 bytes; IPv4 mapped into IPv6.
using Address = std::array<unsigned char, 16>;

std::optional<Address> address_of(const std::string& text) {
  Address out{};
  if (inet_pton(AF_INET6, text.c_str(), out.data()) == 1) return out;
  out = {};
  out[10] = out[11] = 0xff;
  if (inet_pton(AF_INET, text.c_str(), &out[12]) == 1) return out;
  return std::nullopt;
}

bool same_network(const Address& a, const Address& b, unsigned bits) {
  for (unsigned i = 0; i < bits; ++i) {
    const unsigned mask = 0x80U >> (i % 8);
    if ((a[i / 8] & mask) != (b[i / 8] & mask)) return false;
  }
  return true;
}

bool loopback(const Address& a) {
  Address one{};
  one[15] = 1;
  return a == one || (same_network(a, *address_of("0.0.0.0"), 96) && a[12] == 127);
}

std::optional<unsigned> number(std::string_view text) {
  unsigned value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

bool entry_covers(std::string entry, const std::string& host, uint16_t port) {
  if (entry == "*") return true;
  const auto address = address_of(host);
  if (const size_t slash = entry.find('/'); slash != std::string::npos) {
    const auto network = address_of(entry.substr(0, slash));
    auto bits = number(std::string_view(entry).substr(slash + 1));
    if (!network || !bits || !address) return false;
    if (entry.find(':') == std::string::npos) *bits += 96;
    return *bits <= 128 && same_network(*network, *address, *bits);
  }
  if (!address_of(entry)) {
    const size_t colon = entry.rfind(':');
    if (colon != std::string::npos && number(std::string_view(entry).substr(colon + 1))) {
      if (number(std::string_view(entry).substr(colon + 1)) != port) return false;
      entry.resize(colon);
    }
    if (entry.size() > 1 && entry.front() == '[' && entry.back() == ']')
      entry = entry.substr(1, entry.size() - 2);
  }
  if (const auto wanted = address_of(entry)) return address && *wanted == *address;
  if (entry.starts_with("*.")) entry.erase(0, 1);
  if (entry.starts_with('.')) return host.ends_with(entry);
  return !entry.empty() && (host == entry || host.ends_with("." + entry));
}

}  // namespace

bool no_proxy_covers(std::string_view list, const std::string& host, uint16_t port) {
  if (host == "localhost") return true;
  if (const auto address = address_of(host); address && loopback(*address)) return true;
  while (!list.empty()) {
    const size_t comma = std::min(list.find(','), list.size());
    std::string entry;
    for (const char c : list.substr(0, comma)) {
      if (std::isspace(static_cast<unsigned char>(c)) == 0)
        entry += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    }
    if (entry_covers(std::move(entry), host, port)) return true;
    list.remove_prefix(std::min(comma + 1, list.size()));
  }
  return false;
}

std::string ignored_proxy(const http::Url& server, const Environment& environment) {
  const auto first_set = [&](const char* upper, const char* lower) -> const char* {
    for (const char* name : {upper, lower}) {
      if (const auto value = environment(name); value && !value->empty()) return name;
    }
    return nullptr;
  };
  const char* proxy =
      server.tls ? first_set("HTTPS_PROXY", "https_proxy") : first_set("HTTP_PROXY", "http_proxy");
  if (proxy == nullptr) return "";
  const char* exceptions = first_set("NO_PROXY", "no_proxy");
  const std::string list = exceptions == nullptr ? "" : *environment(exceptions);
  if (no_proxy_covers(list, server.host, server.port)) return "";
  return std::string(proxy) +
         " is set, but the cluster is reached directly: proxies are not supported; add " + server.host +
         " to NO_PROXY if that is meant";
}

}  // namespace edp::kube
