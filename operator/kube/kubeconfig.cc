#include <openssl/evp.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <filesystem>
#include <map>

#include "operator/kube/config.h"

namespace edp::kube {
namespace {

constexpr size_t kMaxText = size_t{4} << 20;

// One named entry, with the file it stands in.
struct Entry {
  YAML::Node node;
  const KubeconfigText* file = nullptr;
  std::string title;  // "user dev"
};
using Entries = std::map<std::string, Entry>;

struct Merged {
  Entries clusters, contexts, users;
  std::string current;
};

// Leaves by this; caught in parse_kubeconfig().
struct Bad {
  Error error;
};
[[noreturn]] void bad(std::string what, std::string where) { throw Bad{{std::move(what), std::move(where)}}; }

[[noreturn]] void bad(const Entry& entry, const std::string& what) {
  bad(entry.title + ": " + what, entry.file->name);
}

// "" where the key is missing or null.
std::string text_of(const YAML::Node& map, const char* key, const Entry& entry) {
  const YAML::Node node = map[key];
  if (!node || node.IsNull()) return "";
  if (!node.IsScalar()) bad(entry, std::string(key) + " must be a string");
  if (node.Scalar().find('\0') != std::string::npos) bad(entry, std::string(key) + " holds a NUL byte");
  return node.Scalar();
}

bool flag_of(const YAML::Node& map, const char* key, const Entry& entry) {
  const std::string text = text_of(map, key, entry);
  if (text.empty() || text == "false") return false;
  if (text != "true") bad(entry, std::string(key) + " must be true or false");
  return true;
}

std::string path_of(const YAML::Node& map, const char* key, const Entry& entry) {
  std::string path = text_of(map, key, entry);
  if (path.empty() || path.front() == '/') return path;
  return (std::filesystem::path(entry.file->folder) / path).lexically_normal().string();
}

std::string data_of(const YAML::Node& map, const char* key, const Entry& entry) {
  std::string text = text_of(map, key, entry);
  std::erase_if(text, [](char c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; });
  if (text.empty()) return "";
  const size_t padding = text.ends_with("==") ? 2 : text.ends_with("=") ? 1 : 0;
  std::string out(text.size() / 4 * 3 + 1, '\0');
  const int size =
      EVP_DecodeBlock(reinterpret_cast<unsigned char*>(out.data()),
                      reinterpret_cast<const unsigned char*>(text.data()), static_cast<int>(text.size()));
  if (text.size() % 4 != 0 || size < static_cast<int>(padding))
    bad(entry, std::string(key) + " is not base64");
  out.resize(static_cast<size_t>(size) - padding);
  return out;
}

void collect(const YAML::Node& root, const char* list, const char* inner, const KubeconfigText& file,
             Entries& into) {
  const YAML::Node entries = root[list];
  if (!entries || entries.IsNull()) return;
  if (!entries.IsSequence()) bad(std::string(list) + " must be a list", file.name);
  for (const YAML::Node& one : entries) {
    if (!one.IsMap()) bad(std::string("each of ") + list + " must be a map", file.name);
    Entry entry{{}, &file, inner};
    const std::string name = text_of(one, "name", entry);
    entry.title = std::string(inner) + " '" + http::one_line(name, 100) + "'";
    const YAML::Node content = one[inner];
    if (content && !content.IsNull() && !content.IsMap()) bad(entry, std::string(inner) + " must be a map");
    entry.node.reset(content && content.IsMap() ? content : YAML::Node(YAML::NodeType::Map));
    into.emplace(name, std::move(entry));  // the first one counts
  }
}

void add_file(const KubeconfigText& file, Merged& merged) {
  if (file.text.size() > kMaxText) bad("larger than 4 MiB", file.name);
  YAML::Node root;
  try {
    root.reset(YAML::Load(file.text));
  } catch (const YAML::Exception& error) {
    // What follows a colon may be quoted from the file.
    bad("line " + std::to_string(error.mark.line + 1) +
            ": not YAML: " + error.msg.substr(0, error.msg.find(':')),
        file.name);
  }
  if (!root || root.IsNull()) return;
  if (!root.IsMap()) bad("not a kubeconfig: a map is expected", file.name);
  Entry whole{{}, &file, "kubeconfig"};
  const std::string kind = text_of(root, "kind", whole);
  if (!kind.empty() && kind != "Config")
    bad("not a kubeconfig: its kind is " + http::one_line(kind, 40), file.name);
  collect(root, "clusters", "cluster", file, merged.clusters);
  collect(root, "contexts", "context", file, merged.contexts);
  collect(root, "users", "user", file, merged.users);
  if (merged.current.empty()) merged.current = text_of(root, "current-context", whole);
}

std::string known(const Entries& entries) {
  std::string list;
  for (const auto& [name, entry] : entries) list += (list.empty() ? "" : ", ") + http::one_line(name, 60);
  return list.empty() ? "there are none"
                      : "there are: " + (list.size() > 500 ? list.substr(0, 500) + "..." : list);
}

const Entry& find(const Entries& entries, const std::string& name, const char* kind,
                  const std::string& where) {
  const auto found = entries.find(name);
  if (found == entries.end())
    bad(std::string("no ") + kind + " '" + http::one_line(name, 100) + "'; " + known(entries), where);
  return found->second;
}

void read_cluster(const Entry& entry, ClusterConfig& config) {
  const YAML::Node& map = entry.node;
  const std::string server = text_of(map, "server", entry);
  if (server.empty()) bad(entry, "it has no server");
  auto url = http::parse_url(server);
  if (!url) bad(entry, "server: " + url.error().to_string());
  if (!url->user.empty()) bad(entry, "server: user and password belong to the user's entry");
  config.server = std::move(*url);
  if (!text_of(map, "proxy-url", entry).empty()) {
    bad(entry,
        "proxy-url is not supported: the cluster must be reachable directly (or through kubectl proxy)");
  }
  config.server_name = text_of(map, "tls-server-name", entry);
  config.ca_pem = data_of(map, "certificate-authority-data", entry);
  if (config.ca_pem.empty()) config.ca_file = path_of(map, "certificate-authority", entry);
  config.insecure = flag_of(map, "insecure-skip-tls-verify", entry);
  if (config.insecure && (!config.ca_pem.empty() || !config.ca_file.empty()))
    bad(entry, "insecure-skip-tls-verify and a certificate authority contradict each other");
  if (config.insecure && config.server.tls)
    config.warnings.push_back(entry.title +
                              ": the server's certificate is not verified (insecure-skip-tls-verify)");
}

void read_exec(const Entry& entry, const YAML::Node& map, ExecPlugin& plugin) {
  if (!map.IsMap()) bad(entry, "exec must be a map");
  plugin.command = text_of(map, "command", entry);
  if (plugin.command.empty()) bad(entry, "exec has no command");
  // As kubectl: a path is relative to the file, a bare name is looked up in PATH.
  if (plugin.command.find('/') != std::string::npos) plugin.command = path_of(map, "command", entry);
  plugin.api_version = text_of(map, "apiVersion", entry);
  if (plugin.api_version != "client.authentication.k8s.io/v1" &&
      plugin.api_version != "client.authentication.k8s.io/v1beta1") {
    bad(entry, "exec: apiVersion must be client.authentication.k8s.io/v1 or .../v1beta1");
  }
  const std::string interactive = text_of(map, "interactiveMode", entry);
  if (interactive == "Always")
    bad(entry, "exec: a plugin that must talk to its user is not supported (interactiveMode Always)");
  plugin.install_hint = text_of(map, "installHint", entry);
  plugin.provide_cluster_info = flag_of(map, "provideClusterInfo", entry);
  const YAML::Node args = map["args"];
  if (args && !args.IsNull()) {
    if (!args.IsSequence()) bad(entry, "exec: args must be a list");
    for (const YAML::Node& arg : args) {
      if (!arg.IsScalar() || arg.Scalar().find('\0') != std::string::npos)
        bad(entry, "exec: each of args must be a string");
      plugin.args.push_back(arg.Scalar());
    }
  }
  const YAML::Node env = map["env"];
  if (env && !env.IsNull()) {
    if (!env.IsSequence()) bad(entry, "exec: env must be a list");
    for (const YAML::Node& one : env) {
      if (!one.IsMap()) bad(entry, "exec: each of env must have name and value");
      std::string name = text_of(one, "name", entry);
      if (name.empty() || name.find('=') != std::string::npos)
        bad(entry, "exec: each of env must have a name without '='");
      plugin.env.emplace_back(std::move(name), text_of(one, "value", entry));
    }
  }
}

void read_impersonation(const Entry& entry, ClusterConfig& config) {
  const YAML::Node& map = entry.node;
  if (std::string as = text_of(map, "as", entry); !as.empty())
    config.impersonate.emplace_back("Impersonate-User", std::move(as));
  if (std::string uid = text_of(map, "as-uid", entry); !uid.empty())
    config.impersonate.emplace_back("Impersonate-Uid", std::move(uid));
  const YAML::Node groups = map["as-groups"];
  if (groups && !groups.IsNull()) {
    if (!groups.IsSequence()) bad(entry, "as-groups must be a list");
    for (const YAML::Node& group : groups) {
      if (!group.IsScalar()) bad(entry, "each of as-groups must be a string");
      config.impersonate.emplace_back("Impersonate-Group", group.Scalar());
    }
  }
  if (const YAML::Node extra = map["as-user-extra"]; extra && !extra.IsNull())
    bad(entry, "as-user-extra is not supported");
}

void read_user(const Entry& entry, ClusterConfig& config) {
  const YAML::Node& map = entry.node;
  config.certificate_pem = data_of(map, "client-certificate-data", entry);
  if (config.certificate_pem.empty()) config.certificate_file = path_of(map, "client-certificate", entry);
  config.key_pem = data_of(map, "client-key-data", entry);
  if (config.key_pem.empty()) config.key_file = path_of(map, "client-key", entry);
  const bool certificate = !config.certificate_pem.empty() || !config.certificate_file.empty();
  const bool key = !config.key_pem.empty() || !config.key_file.empty();
  if (certificate != key)
    bad(entry, certificate ? "a client certificate without its key" : "a client key without its certificate");
  config.token = text_of(map, "token", entry);
  config.token_file = path_of(map, "tokenFile", entry);
  config.user = text_of(map, "username", entry);
  config.password = text_of(map, "password", entry);
  if (const YAML::Node exec = map["exec"]; exec && !exec.IsNull())
    read_exec(entry, exec, config.exec.emplace());
  if (const YAML::Node provider = map["auth-provider"]; provider && !provider.IsNull())
    bad(entry, "auth-provider was removed from Kubernetes; use an exec plugin");
  const int ways = (config.token.empty() && config.token_file.empty() ? 0 : 1) +
                   (config.user.empty() ? 0 : 1) + (config.exec ? 1 : 0);
  if (ways > 1) bad(entry, "more than one of token, username and exec");
  read_impersonation(entry, config);
}

ClusterConfig pick(const Merged& merged, const std::string& wanted, const std::string& where) {
  ClusterConfig config;
  config.context = wanted.empty() ? merged.current : wanted;
  if (config.context.empty())
    bad("no current-context is set; name a context; " + known(merged.contexts), where);
  const Entry& context = find(merged.contexts, config.context, "context", where);
  const std::string cluster = text_of(context.node, "cluster", context);
  const std::string user = text_of(context.node, "user", context);
  if (cluster.empty()) bad(context, "it names no cluster");
  read_cluster(find(merged.clusters, cluster, "cluster", context.file->name), config);
  // A context without a user is anonymous, as with kubectl proxy.
  if (!user.empty()) read_user(find(merged.users, user, "user", context.file->name), config);
  if (std::string ns = text_of(context.node, "namespace", context); !ns.empty()) config.ns = std::move(ns);
  return config;
}

}  // namespace

Result<ClusterConfig> parse_kubeconfig(const std::vector<KubeconfigText>& texts, const std::string& context) {
  std::string names;
  for (const KubeconfigText& file : texts) names += (names.empty() ? "" : ":") + file.name;
  try {
    Merged merged;
    for (const KubeconfigText& file : texts) add_file(file, merged);
    return pick(merged, context, names);
  } catch (const Bad& why) {
    return tl::unexpected(why.error);
  } catch (const YAML::Exception& error) {
    return fail("line " + std::to_string(error.mark.line + 1) + ": not a kubeconfig", names);
  }
}

}  // namespace edp::kube
