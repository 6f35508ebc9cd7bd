// What people's home folders and plugins hand us: kubeconfigs, ExecCredentials, and error bodies.
#include "operator/kube/config.h"
#include "operator/kube/exec_plugin.h"
#include "operator/kube/paths.h"
#include "tests/fuzz/fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace edp;
  using fuzz::require;
  using fuzz::touch;
  // Two files, as in KUBECONFIG, where the input has a form feed.
  const std::string text = fuzz::bytes_of(data, size);
  const size_t cut = text.find('\f');
  std::vector<kube::KubeconfigText> files{{text.substr(0, cut), "/a/config", "/a"}};
  if (cut != std::string::npos) files.push_back({text.substr(cut + 1), "/b/config", "/b"});
  size_t sum = 0;
  for (const char* context : {"", "dev"}) {
    const auto config = kube::parse_kubeconfig(files, context);
    if (!config) {
      require(!config.error().to_string().empty());
      continue;
    }
    require(!config->server.host.empty() && config->server.port != 0 && config->server.user.empty());
    require(!config->context.empty() && !config->ns.empty());
    require(config->certificate_pem.empty() || config->certificate_file.empty());
    require(!config->exec || (!config->exec->command.empty() && config->token.empty()));
    for (const std::string* path :
         {&config->ca_file, &config->certificate_file, &config->key_file, &config->token_file})
      require(path->empty() || path->front() == '/');
    for (const auto& [name, value] : config->impersonate) sum += touch(name) + touch(value);
    sum += touch(config->token) + touch(config->ca_pem) + touch(config->key_pem) + touch(config->password);
  }
  const auto credential = kube::parse_exec_credential(text, "client.authentication.k8s.io/v1");
  if (credential) require(!credential->token.empty() || !credential->key_pem.empty());
  const auto status = kube::read_status(text);
  require(status.code >= 0 && status.retry_after_seconds >= 0);
  sum += touch(status.reason) + touch(status.message);
  [[maybe_unused]] static volatile size_t sink = 0;
  sink = sum;
  return 0;
}
