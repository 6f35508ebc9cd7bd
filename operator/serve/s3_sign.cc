#include "operator/serve/s3_sign.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <array>
#include <ctime>

#include "common/files.h"

namespace edp::serve::s3 {
namespace {

std::string hmac(std::string_view key, std::string_view text) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> raw{};
  unsigned int size = 0;
  HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
       reinterpret_cast<const unsigned char*>(text.data()), text.size(), raw.data(), &size);
  return {reinterpret_cast<const char*>(raw.data()), size};
}

std::string hex(std::string_view raw) {
  std::string text;
  for (const char c : raw) {
    constexpr std::string_view kDigits = "0123456789abcdef";
    text += kDigits[static_cast<unsigned char>(c) >> 4U];
    text += kDigits[static_cast<unsigned char>(c) & 15U];
  }
  return text;
}

std::string stamp(int64_t time) {
  const time_t seconds = time;
  std::tm parts{};
  (void)::gmtime_r(&seconds, &parts);
  std::array<char, 32> text{};
  const size_t size = std::strftime(text.data(), text.size(), "%Y%m%dT%H%M%SZ", &parts);
  return {text.data(), size};
}

std::string canonical_query(const Request& request) {
  std::string text;
  for (const auto& [name, value] : request.query) {
    if (!text.empty()) text += '&';
    text += encode(name, false) + "=" + encode(value, false);
  }
  return text;
}

}  // namespace

std::string encode(std::string_view text, bool keep_slash) {
  std::string out;
  for (const char c : text) {
    const bool plain = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
                       c == '-' || c == '.' || c == '_' || c == '~' || (c == '/' && keep_slash);
    if (plain) {
      out += c;
    } else {
      constexpr std::string_view kDigits = "0123456789ABCDEF";
      out += '%';
      out += kDigits[static_cast<unsigned char>(c) >> 4U];
      out += kDigits[static_cast<unsigned char>(c) & 15U];
    }
  }
  return out;
}

std::string target(const Request& request) {
  const std::string query = canonical_query(request);
  return encode(request.path, true) + (query.empty() ? "" : "?" + query);
}

std::vector<std::pair<std::string, std::string>> sign(const Request& request, const Keys& keys) {
  const std::string when = stamp(request.time);
  const std::string day = when.substr(0, 8);
  std::map<std::string, std::string> headers = request.headers;
  headers["host"] = request.host;
  headers["x-amz-content-sha256"] = request.payload_sha256;
  headers["x-amz-date"] = when;
  if (!keys.session_token.empty()) headers["x-amz-security-token"] = keys.session_token;

  std::string signed_names;
  std::string canonical_headers;
  for (const auto& [name, value] : headers) {
    signed_names += (signed_names.empty() ? "" : ";") + name;
    canonical_headers += name + ":" + value + "\n";
  }
  const std::string canonical = request.method + "\n" + encode(request.path, true) + "\n" +
                                canonical_query(request) + "\n" + canonical_headers + "\n" + signed_names +
                                "\n" + request.payload_sha256;
  const std::string scope = day + "/" + request.region + "/s3/aws4_request";
  const std::string to_sign = "AWS4-HMAC-SHA256\n" + when + "\n" + scope + "\n" + sha256_hex(canonical);
  const std::string key =
      hmac(hmac(hmac(hmac("AWS4" + keys.secret, day), request.region), "s3"), "aws4_request");

  headers.erase("host");
  std::vector<std::pair<std::string, std::string>> out(headers.begin(), headers.end());
  out.emplace_back("Authorization", "AWS4-HMAC-SHA256 Credential=" + keys.access + "/" + scope +
                                        ",SignedHeaders=" + signed_names +
                                        ",Signature=" + hex(hmac(key, to_sign)));
  return out;
}

}  // namespace edp::serve::s3
