#include "operator/kube/credentials.h"

#include <sys/stat.h>

#include <utility>

#include "common/base64.h"
#include "common/files.h"

namespace edp::kube {
namespace {

using std::chrono::seconds;

constexpr auto kLookAtFiles = seconds(10);
constexpr auto kPluginTimeout = seconds(60);
constexpr auto kBeforeExpiry = seconds(10);
// Several threads that are refused at once run the plugin once.
constexpr auto kPluginAgain = std::chrono::milliseconds(200);
constexpr uint64_t kMaxPem = uint64_t{4} << 20;

http::Failure local(const Error& error) { return {http::FailureKind::kLocal, error.to_string()}; }

}  // namespace

Credentials::Credentials(ClusterConfig config) : config_(std::move(config)) {
  if (!config_.token_file.empty()) {
    file_ = http::bearer_from_file(config_.token_file);
  } else if (!config_.token.empty()) {
    fixed_ = "Bearer " + config_.token;
  } else if (!config_.user.empty()) {
    fixed_ = "Basic " + base64(config_.user + ":" + config_.password);
  }
}

std::optional<http::Failure> Credentials::run_if_due(bool again) {
  const bool expired =
      plugin_ && plugin_->expires && std::chrono::system_clock::now() + kBeforeExpiry >= *plugin_->expires;
  const bool just_ran = Clock::now() - plugin_ran_ < kPluginAgain;
  if (plugin_ && !(again && !just_ran) && !(expired && !just_ran)) return std::nullopt;
  auto got = run_plugin(config_, kPluginTimeout);
  plugin_ran_ = Clock::now();
  if (!got) return local(got.error());
  if (!plugin_ || plugin_->certificate_pem != got->certificate_pem || plugin_->key_pem != got->key_pem)
    changed_ = true;
  plugin_ = std::move(*got);
  return std::nullopt;
}

tl::expected<std::string, http::Failure> Credentials::header(bool again) {
  if (file_) return file_(again);
  if (!config_.exec) return fixed_;
  const MutexLock lock(mutex_);
  if (auto failure = run_if_due(again)) return tl::unexpected(std::move(*failure));
  return plugin_->token.empty() ? std::string() : "Bearer " + plugin_->token;
}

bool Credentials::files_changed() {
  std::map<std::string, Stamp> now;
  for (const std::string* path : {&config_.ca_file, &config_.certificate_file, &config_.key_file}) {
    struct stat status{};
    if (path->empty() || ::stat(path->c_str(), &status) != 0) continue;
    now[*path] = {status.st_mtim.tv_sec, status.st_mtim.tv_nsec, status.st_ino, status.st_size};
  }
  if (now == stamps_) return false;
  stamps_ = std::move(now);
  return true;
}

tl::expected<http::TlsOptions, http::Failure> Credentials::options() {
  http::TlsOptions options{.ca_pem = config_.ca_pem,
                           .certificate_pem = config_.certificate_pem,
                           .key_pem = config_.key_pem,
                           .server_name = config_.server_name,
                           .insecure = config_.insecure};
  const std::pair<const std::string*, std::string*> files[] = {
      {&config_.ca_file, &options.ca_pem},
      {&config_.certificate_file, &options.certificate_pem},
      {&config_.key_file, &options.key_pem}};
  for (const auto& [path, text] : files) {
    if (path->empty()) continue;
    auto read = read_file(*path, kMaxPem);
    if (!read) return tl::unexpected(local(read.error()));
    if (read->empty()) return tl::unexpected(local({"is empty", *path}));
    *text = std::move(*read);
  }
  if (plugin_ && !plugin_->certificate_pem.empty()) {
    options.certificate_pem = plugin_->certificate_pem;
    options.key_pem = plugin_->key_pem;
  }
  return options;
}

tl::expected<std::shared_ptr<http::TlsContext>, http::Failure> Credentials::fresh_tls(bool at_once) {
  using Tls = std::shared_ptr<http::TlsContext>;
  if (!config_.server.tls) return Tls();
  const MutexLock lock(mutex_);
  if (config_.exec) {
    if (auto failure = run_if_due(false)) return tl::unexpected(std::move(*failure));
  }
  if (at_once || !made_ || Clock::now() - looked_ >= kLookAtFiles) {
    looked_ = Clock::now();
    changed_ = files_changed() || changed_;
  }
  if (!changed_ && made_) return Tls();
  auto wanted = options();
  tl::expected<Tls, http::Failure> tls =
      wanted ? http::make_tls(*wanted) : tl::expected<Tls, http::Failure>(tl::unexpected(wanted.error()));
  if (tls) {
    made_ = true;
    changed_ = false;
    return tls;
  }
  if (!made_) return tls;
  stamps_.clear();  // look at them again in a while, changed or not
  changed_ = false;
  return Tls();
}

}  // namespace edp::kube
