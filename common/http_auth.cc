#include "common/http_auth.h"

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <string_view>
#include <system_error>
#include <utility>

#include "common/base64.h"

namespace edp::http {
namespace {

constexpr size_t kMaxSecret = 65536;  // of a token or password file

// One secret out of a file; a newline at its end is the editor's.
tl::expected<std::string, Failure> read_secret(const std::string& path, const char* what) {
  const auto bad = [&](const std::string& why) {
    return tl::unexpected(Failure{FailureKind::kLocal, std::string(what) + " file " + path + ": " + why});
  };
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  if (!file) return bad(std::generic_category().message(errno == 0 ? EIO : errno));
  std::string text(kMaxSecret, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (file.bad() || (file.fail() && !file.eof())) return bad("can't be read");
  if (!file.eof()) return bad("larger than 64 KiB");
  text.resize(static_cast<size_t>(file.gcount()));
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.pop_back();
  if (text.empty()) return bad("empty");
  return text;
}

}  // namespace

Authorization::Authorization(const Url& url, const Options& options) : url_(url), options_(options) {}

tl::expected<std::string, Failure> Authorization::header(bool again) {
  const MutexLock lock(mutex_);
  const auto now = std::chrono::steady_clock::now();
  const bool from_file =
      url_.user.empty() && (!options_.token_file.empty() || !options_.password_file.empty());
  if (!value_.empty() && (!from_file || (!again && now - read_at_ < std::chrono::minutes(1)))) {
    return value_;
  }
  if (!url_.user.empty()) {
    value_ = "Basic " + base64(url_.user + ":" + url_.password);
  } else if (!options_.user.empty()) {
    std::string password;
    if (!options_.password_file.empty()) {
      auto read = read_secret(options_.password_file, "password");
      if (!read) return tl::unexpected(read.error());
      password = std::move(*read);
    }
    value_ = "Basic " + base64(options_.user + ":" + password);
  } else if (!options_.token_file.empty()) {
    auto token = read_secret(options_.token_file, "token");
    if (!token) return tl::unexpected(token.error());
    if (!std::all_of(token->begin(), token->end(), [](char c) { return c > ' ' && c < 0x7f; })) {
      return tl::unexpected(Failure{FailureKind::kLocal, "token file " + options_.token_file +
                                                             ": a token is one word of printable ASCII"});
    }
    value_ = "Bearer " + *token;
  }
  read_at_ = now;
  return value_;
}

}  // namespace edp::http
