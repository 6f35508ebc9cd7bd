// Where the cluster is and who we are there: a kubeconfig, or the files that every pod gets.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/http_url.h"
#include "common/result.h"

namespace edp::kube {

// A program that prints an ExecCredential (client.authentication.k8s.io/v1 or v1beta1).
struct ExecPlugin {
  std::string command;  // a path, or a name to be found in PATH
  std::vector<std::string> args;
  std::vector<std::pair<std::string, std::string>> env;  // added to ours
  std::string api_version;
  std::string install_hint;  // shown when the program is not there
  bool provide_cluster_info = false;
};

// Of certificate, key and CA there is the text (PEM) or the file; a file is read again when it changes.
// No member but `token`, `password`, `key_pem` and the plugin's arguments and environment holds a secret.
struct ClusterConfig {
  http::Url server;
  std::string server_name;  // expected in its certificate instead of the URL's host; empty: the host
  std::string ca_pem, ca_file;
  bool insecure = false;  // no verification of the server at all

  std::string certificate_pem, certificate_file;
  std::string key_pem, key_file;
  std::string token, token_file;  // the file goes first
  std::string user, password;     // basic auth
  std::optional<ExecPlugin> exec;
  std::vector<std::pair<std::string, std::string>> impersonate;  // headers: Impersonate-User, ...

  std::string ns = "default";         // where the user said nothing else
  std::string context;                // the kubeconfig's name for it, "in-cluster" in a pod
  std::vector<std::string> warnings;  // for the caller to log: what is unsafe or ignored
};

// The process's environment, or a test's.
using Environment = std::function<std::optional<std::string>(const char*)>;
std::optional<std::string> process_environment(const char* name);

// `path`: one kubeconfig, or several joined by ':' as in KUBECONFIG: of two entries of one name the first
// counts, files that are not there are left out. `context`: empty for current-context. Errors name the file
// and the entry, never a secret.
Result<ClusterConfig> load_kubeconfig(const std::string& path, const std::string& context = {},
                                      const Environment& environment = process_environment);

// The service account's files and KUBERNETES_SERVICE_HOST/PORT.
Result<ClusterConfig> in_cluster(const std::string& root = "/",
                                 const Environment& environment = process_environment);

// KUBECONFIG where set, else the pod's service account, else ~/.kube/config.
Result<ClusterConfig> default_config(const std::string& context = {},
                                     const Environment& environment = process_environment);

struct KubeconfigText {
  std::string text;    // YAML or JSON
  std::string name;    // for errors: the file's path
  std::string folder;  // relative file names start here
};
// The parsing alone; reads no file.
Result<ClusterConfig> parse_kubeconfig(const std::vector<KubeconfigText>& texts, const std::string& context);

}  // namespace edp::kube
