#include "operator/kube/config.h"

#include <sys/stat.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>

#include "common/files.h"
#include "operator/kube/proxy_env.h"

namespace edp::kube {
namespace {

constexpr uint64_t kMaxFile = uint64_t{4} << 20;
constexpr const char* kServiceAccount = "var/run/secrets/kubernetes.io/serviceaccount";

bool missing(const std::string& path) {
  struct stat status{};
  return ::stat(path.c_str(), &status) != 0 && (errno == ENOENT || errno == ENOTDIR);
}

void add_warnings(ClusterConfig& config, const Environment& environment) {
  if (std::string proxy = ignored_proxy(config.server, environment); !proxy.empty())
    config.warnings.push_back(std::move(proxy));
  const bool secrets =
      !config.token.empty() || !config.token_file.empty() || !config.user.empty() || config.exec;
  if (!config.server.tls && secrets && !no_proxy_covers("", config.server.host, config.server.port))
    config.warnings.push_back("the server is plain http: credentials can be read on the way");
}

}  // namespace

std::optional<std::string> process_environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::nullopt : std::optional<std::string>(value);
}

Result<ClusterConfig> load_kubeconfig(const std::string& path, const std::string& context,
                                      const Environment& environment) {
  std::vector<std::string> paths;
  for (size_t start = 0; start <= path.size();) {
    const size_t end = std::min(path.find(':', start), path.size());
    if (end > start) paths.push_back(path.substr(start, end - start));
    start = end + 1;
  }
  std::vector<KubeconfigText> texts;
  for (const std::string& one : paths) {
    if (paths.size() > 1 && missing(one)) continue;
    auto text = read_file(one, kMaxFile);
    if (!text) return tl::unexpected(text.error());
    std::error_code ignored;
    texts.push_back({std::move(*text), one, std::filesystem::absolute(one, ignored).parent_path().string()});
  }
  if (texts.empty()) return fail("none of these kubeconfig files is there", path);
  auto config = parse_kubeconfig(texts, context);
  if (config) add_warnings(*config, environment);
  return config;
}

Result<ClusterConfig> in_cluster(const std::string& root, const Environment& environment) {
  const auto host = environment("KUBERNETES_SERVICE_HOST");
  const auto port = environment("KUBERNETES_SERVICE_PORT");
  if (!host || host->empty() || !port || port->empty())
    return fail("not in a pod: KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT are not both set");
  const bool bare_ipv6 = host->find(':') != std::string::npos && host->front() != '[';
  auto url = http::parse_url("https://" + (bare_ipv6 ? "[" + *host + "]" : *host) + ":" + *port);
  if (!url) return fail("KUBERNETES_SERVICE_HOST and _PORT: " + url.error().what, url.error().where);
  ClusterConfig config;
  config.server = std::move(*url);
  const auto folder = std::filesystem::path(root) / kServiceAccount;
  config.token_file = (folder / "token").string();
  config.ca_file = (folder / "ca.crt").string();
  config.context = "in-cluster";
  for (const std::string& file : {config.token_file, config.ca_file}) {
    if (auto readable = read_file(file, kMaxFile); !readable) return tl::unexpected(readable.error());
  }
  if (auto ns = read_file((folder / "namespace").string(), 1024)) {
    while (!ns->empty() && (ns->back() == '\n' || ns->back() == ' ')) ns->pop_back();
    if (!ns->empty()) config.ns = std::move(*ns);
  }
  add_warnings(config, environment);
  return config;
}

Result<ClusterConfig> default_config(const std::string& context, const Environment& environment) {
  if (const auto path = environment("KUBECONFIG"); path && !path->empty())
    return load_kubeconfig(*path, context, environment);
  const auto in_pod = environment("KUBERNETES_SERVICE_HOST");
  if (in_pod && !in_pod->empty() && context.empty()) return in_cluster("/", environment);
  const auto home = environment("HOME");
  const std::string file = home.value_or("") + "/.kube/config";
  if (!home || missing(file))
    return fail("no cluster is known: KUBECONFIG is not set, there is no ~/.kube/config, and this is no pod");
  return load_kubeconfig(file, context, environment);
}

}  // namespace edp::kube
