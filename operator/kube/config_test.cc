#include "operator/kube/config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "common/testing/temp_dir.h"
#include "operator/kube/proxy_env.h"

namespace edp::kube {
namespace {

using edp::testing::TempDir;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

Environment environment(std::map<std::string, std::string> values = {}) {
  return [values = std::move(values)](const char* name) -> std::optional<std::string> {
    const auto found = values.find(name);
    return found == values.end() ? std::nullopt : std::optional<std::string>(found->second);
  };
}

// The usual three lists around one user and one cluster.
std::string kubeconfig(const std::string& cluster, const std::string& user) {
  return "apiVersion: v1\nkind: Config\ncurrent-context: dev\n"
         "contexts: [{name: dev, context: {cluster: c, user: u, namespace: shop}}]\n"
         "clusters: [{name: c, cluster: {" +
         cluster + "}}]\nusers: [{name: u, user: {" + user + "}}]\n";
}

Result<ClusterConfig> parse(const std::string& text, const std::string& context = {}) {
  return parse_kubeconfig({{text, "/home/me/.kube/config", "/home/me/.kube"}}, context);
}

TEST(Kubeconfig, ReadsWhatKubeadmWrites) {
  const auto config = parse(R"(
apiVersion: v1
clusters:
- cluster:
    certificate-authority-data: Q0E=
    server: https://10.0.0.1:6443
  name: kubernetes
contexts:
- context:
    cluster: kubernetes
    user: kubernetes-admin
  name: kubernetes-admin@kubernetes
current-context: kubernetes-admin@kubernetes
kind: Config
preferences: {}
users:
- name: kubernetes-admin
  user:
    client-certificate-data: Q0VSVA==
    client-key-data: |
      S0
      VZ
)");
  ASSERT_TRUE(config) << config.error().to_string();
  EXPECT_EQ(config->server.shown(), "https://10.0.0.1:6443");
  EXPECT_EQ(config->ca_pem, "CA");
  EXPECT_EQ(config->certificate_pem, "CERT");
  EXPECT_EQ(config->key_pem, "KEY");
  EXPECT_EQ(config->ns, "default");
  EXPECT_EQ(config->context, "kubernetes-admin@kubernetes");
  EXPECT_THAT(config->warnings, IsEmpty());
}

TEST(Kubeconfig, ReadsEveryField) {
  const auto config = parse(kubeconfig(
      "server: 'https://[::1]:6443/k8s/c1/', certificate-authority: pki/ca.crt, tls-server-name: kubernetes",
      "client-certificate: ../me.crt, client-key: /abs/me.key, tokenFile: token, as: alice, as-uid: '7', "
      "as-groups: [a, b]"));
  ASSERT_TRUE(config) << config.error().to_string();
  EXPECT_EQ(config->server.shown(), "https://[::1]:6443/k8s/c1");
  EXPECT_EQ(config->ca_file, "/home/me/.kube/pki/ca.crt");
  EXPECT_EQ(config->server_name, "kubernetes");
  EXPECT_EQ(config->certificate_file, "/home/me/me.crt");
  EXPECT_EQ(config->key_file, "/abs/me.key");
  EXPECT_EQ(config->token_file, "/home/me/.kube/token");
  EXPECT_EQ(config->ns, "shop");
  EXPECT_THAT(config->impersonate,
              ElementsAre(std::pair<std::string, std::string>("Impersonate-User", "alice"),
                          std::pair<std::string, std::string>("Impersonate-Uid", "7"),
                          std::pair<std::string, std::string>("Impersonate-Group", "a"),
                          std::pair<std::string, std::string>("Impersonate-Group", "b")));
}

TEST(Kubeconfig, TextGoesBeforeFile) {
  const auto config = parse(kubeconfig(
      "server: https://x, certificate-authority: ca.crt, certificate-authority-data: Q0E=",
      "client-certificate: c, client-certificate-data: Q0VSVA==, client-key: k, client-key-data: S0VZ"));
  ASSERT_TRUE(config) << config.error().to_string();
  EXPECT_EQ(config->ca_file + config->certificate_file + config->key_file, "");
  EXPECT_EQ(config->ca_pem + config->certificate_pem + config->key_pem, "CACERTKEY");
}

TEST(Kubeconfig, ReadsPlugins) {
  const auto config =
      parse(kubeconfig("server: https://x",
                       "exec: {apiVersion: client.authentication.k8s.io/v1, command: ./bin/login, "
                       "args: [--cluster, 'a b', 7], env: [{name: PROFILE, value: dev}], "
                       "installHint: get it, provideClusterInfo: true, interactiveMode: Never}"));
  ASSERT_TRUE(config) << config.error().to_string();
  ASSERT_TRUE(config->exec);
  EXPECT_EQ(config->exec->command, "/home/me/.kube/bin/login");
  EXPECT_THAT(config->exec->args, ElementsAre("--cluster", "a b", "7"));
  EXPECT_THAT(config->exec->env, ElementsAre(std::pair<std::string, std::string>("PROFILE", "dev")));
  EXPECT_TRUE(config->exec->provide_cluster_info);
  EXPECT_EQ(config->exec->install_hint, "get it");
}

struct Wrong {
  const char* name;
  std::string text;
  const char* error;
};
class KubeconfigErrors : public ::testing::TestWithParam<Wrong> {};

TEST_P(KubeconfigErrors, AreNamedWithoutSecrets) {
  const auto config = parse(GetParam().text);
  ASSERT_FALSE(config);
  const std::string error = config.error().to_string();
  EXPECT_THAT(error, HasSubstr(GetParam().error));
  EXPECT_THAT(error, HasSubstr("/home/me/.kube/config"));
  EXPECT_THAT(error, Not(HasSubstr("hunter2")));
}

const std::string kServer = "server: https://x";
const std::string kExec = "exec: {command: c, apiVersion: client.authentication.k8s.io/v1, ";
INSTANTIATE_TEST_SUITE_P(
    All, KubeconfigErrors,
    ::testing::Values(
        Wrong{"Empty", "", "no current-context is set; name a context; there are none"},
        Wrong{"NoYaml", "a: [1", "line 1: not YAML"}, Wrong{"Scalar", "hunter2", "a map is expected"},
        Wrong{"SecretInABrokenLine", "users: *hunter2", "not YAML"},
        Wrong{"Kind", "kind: Secret", "its kind is Secret"},
        Wrong{"ListExpected", "clusters: x", "clusters must be a list"},
        Wrong{"MapExpected", "users: [hunter2]", "each of users must be a map"},
        Wrong{"UserNoMap", "current-context: a\nusers: [{name: u, user: hunter2}]",
              "user 'u': user must be a map"},
        Wrong{"UnknownContext", "current-context: b\ncontexts: [{name: a1, context: {}}, {name: a2}]",
              "no context 'b'; there are: a1, a2"},
        Wrong{"NoCluster", "current-context: a\ncontexts: [{name: a, context: {user: u}}]",
              "context 'a': it names no cluster"},
        Wrong{"UnknownCluster", "current-context: a\ncontexts: [{name: a, context: {cluster: c}}]",
              "no cluster 'c'; there are none"},
        Wrong{"UnknownUser",
              "current-context: a\ncontexts: [{name: a, context: {cluster: c, user: u}}]\n"
              "clusters: [{name: c, cluster: {server: 'https://x'}}]\nusers: [{name: v, user: {token: "
              "hunter2}}]",
              "no user 'u'; there are: v"},
        Wrong{"NoServer", kubeconfig("tls-server-name: x", "token: hunter2"),
              "cluster 'c': it has no server"},
        Wrong{"ServerNoUrl", kubeconfig("server: localhost", ""), "must begin with http:// or https://"},
        Wrong{"ServerWithPassword", kubeconfig("server: 'https://u:hunter2@x'", ""),
              "belong to the user's entry"},
        Wrong{"Proxy", kubeconfig(kServer + ", proxy-url: 'http://u:hunter2@p'", ""),
              "proxy-url is not supported"},
        Wrong{"InsecureWithCa",
              kubeconfig(kServer + ", insecure-skip-tls-verify: true, certificate-authority: x", ""),
              "contradict each other"},
        Wrong{"NoFlag", kubeconfig(kServer + ", insecure-skip-tls-verify: maybe", ""),
              "must be true or false"},
        Wrong{"NoBase64", kubeconfig(kServer, "client-key-data: 'hunter2!'"),
              "client-key-data is not base64"},
        Wrong{"Base64CutShort", kubeconfig(kServer, "client-key-data: S0V"), "client-key-data is not base64"},
        Wrong{"OnlyPadding", kubeconfig(kServer, "client-key-data: '=='"), "client-key-data is not base64"},
        Wrong{"KeyAlone", kubeconfig(kServer, "client-key-data: S0VZ"),
              "a client key without its certificate"},
        Wrong{"CertificateAlone", kubeconfig(kServer, "client-certificate: x"),
              "a client certificate without its key"},
        Wrong{"TokenNoString", kubeconfig(kServer, "token: [hunter2]"), "user 'u': token must be a string"},
        Wrong{"TwoWays", kubeconfig(kServer, "token: hunter2, username: me"),
              "more than one of token, username and exec"},
        Wrong{"AuthProvider", kubeconfig(kServer, "auth-provider: {name: gcp}"), "auth-provider was removed"},
        Wrong{"ExecNoCommand", kubeconfig(kServer, "exec: {apiVersion: client.authentication.k8s.io/v1}"),
              "exec has no command"},
        Wrong{"ExecOldVersion",
              kubeconfig(kServer, "exec: {command: c, apiVersion: client.authentication.k8s.io/v1alpha1}"),
              "apiVersion must be client.authentication.k8s.io/v1 or"},
        Wrong{"ExecInteractive", kubeconfig(kServer, kExec + "interactiveMode: Always}"),
              "interactiveMode Always"},
        Wrong{"ExecArgs", kubeconfig(kServer, kExec + "args: x}"), "args must be a list"},
        Wrong{"ExecArg", kubeconfig(kServer, kExec + "args: [[hunter2]]}"), "each of args must be a string"},
        Wrong{"ExecEnv", kubeconfig(kServer, kExec + "env: [{value: hunter2}]}"),
              "must have a name without '='"}),
    [](const auto& test_info) { return test_info.param.name; });

TEST(Kubeconfig, AContextWithoutUserIsAnonymous) {
  const auto config = parse(
      "current-context: proxy\ncontexts: [{name: proxy, context: {cluster: c}}]\n"
      "clusters: [{name: c, cluster: {server: 'http://127.0.0.1:8001'}}]");
  ASSERT_TRUE(config) << config.error().to_string();
  EXPECT_FALSE(config->server.tls);
}

TEST(Kubeconfig, WarnsOfWhatIsUnsafe) {
  const TempDir folder;
  const auto load = [&](const std::string& text) {
    auto config = load_kubeconfig(folder.write("config", text), "", environment());
    return config ? config->warnings : std::vector<std::string>{config.error().to_string()};
  };
  EXPECT_THAT(load(kubeconfig("server: https://x, insecure-skip-tls-verify: true", "token: t")),
              ElementsAre(HasSubstr("cluster 'c': the server's certificate is not verified")));
  EXPECT_THAT(load(kubeconfig("server: http://x", "token: t")), ElementsAre(HasSubstr("plain http")));
  EXPECT_THAT(load(kubeconfig("server: http://127.0.0.1:8001", "token: t")), IsEmpty());
  EXPECT_THAT(load(kubeconfig("server: http://x", "")), IsEmpty());
}

TEST(Kubeconfig, MergesFilesAsKubectl) {
  const TempDir one;
  const TempDir two;
  const std::string first = one.write("a",
                                      "current-context: b\nusers: [{name: u, user: {tokenFile: t1}}]\n"
                                      "contexts: [{name: a, context: {cluster: c, user: u}}]\n");
  const std::string second = two.write(
      "b",
      "current-context: a\nusers: [{name: u, user: {tokenFile: t2}}, {name: v, user: {tokenFile: t3}}]\n"
      "contexts: [{name: b, context: {cluster: c, user: v}}]\n"
      "clusters: [{name: c, cluster: {server: 'https://x'}}]\n");
  const std::string path = first + ":/no/such/file::" + second;
  const auto b = load_kubeconfig(path, "", environment());
  ASSERT_TRUE(b) << b.error().to_string();
  EXPECT_EQ(b->context, "b");
  EXPECT_EQ(b->token_file, (two.path() / "t3").string());
  const auto a = load_kubeconfig(path, "a", environment());
  ASSERT_TRUE(a) << a.error().to_string();
  EXPECT_EQ(a->token_file, (one.path() / "t1").string());

  EXPECT_THAT(load_kubeconfig("/no/such/file", "", environment()).error().to_string(),
              HasSubstr("/no/such/file: cannot be read: No such file"));
  EXPECT_THAT(load_kubeconfig("/no/such:/nor/this", "", environment()).error().to_string(),
              HasSubstr("none of these"));
}

TEST(InCluster, ReadsTheServiceAccount) {
  const TempDir root;
  const std::string folder = "var/run/secrets/kubernetes.io/serviceaccount/";
  std::filesystem::create_directories(root.path() / folder);
  const auto host = [](const char* name) {
    return environment({{"KUBERNETES_SERVICE_HOST", name}, {"KUBERNETES_SERVICE_PORT", "443"}});
  };
  const std::string at = root.path().string();
  EXPECT_THAT(in_cluster(at, environment()).error().to_string(), HasSubstr("not in a pod"));
  EXPECT_THAT(in_cluster(at, host("10.0.0.1")).error().to_string(),
              HasSubstr("serviceaccount/token: cannot be read"));
  root.write(folder + "token", "t");
  EXPECT_THAT(in_cluster(at, host("10.0.0.1")).error().to_string(), HasSubstr("ca.crt: cannot be read"));
  root.write(folder + "ca.crt", "c");
  root.write(folder + "namespace", "diagnostic-system\n");
  for (const char* name : {"10.0.0.1", "fd00::1", "[fd00::1]"}) {
    const auto config = in_cluster(at, host(name));
    ASSERT_TRUE(config) << config.error().to_string();
    EXPECT_EQ(config->server.shown(), name[0] == '1' ? "https://10.0.0.1" : "https://[fd00::1]");
    EXPECT_EQ(config->ns, "diagnostic-system");
    EXPECT_EQ(config->token_file, at + "/" + folder + "token");
    EXPECT_EQ(config->ca_file, at + "/" + folder + "ca.crt");
  }
  EXPECT_THAT(in_cluster(at, host("a b")).error().to_string(), HasSubstr("KUBERNETES_SERVICE_HOST"));
}

TEST(DefaultConfig, LooksInTheUsualPlaces) {
  const TempDir home;
  std::filesystem::create_directories(home.path() / ".kube");
  home.write(".kube/config", kubeconfig("server: https://home", ""));
  const std::string other = home.write("other", kubeconfig("server: https://other", ""));
  const std::string at = home.path().string();
  EXPECT_EQ(default_config("", environment({{"HOME", at}}))->server.host, "home");
  EXPECT_EQ(default_config("", environment({{"HOME", at}, {"KUBECONFIG", other}}))->server.host, "other");
  EXPECT_THAT(default_config("", environment({{"HOME", "/no/such"}})).error().to_string(),
              HasSubstr("no cluster is known"));
  EXPECT_THAT(default_config("", environment({})).error().to_string(), HasSubstr("no cluster is known"));
}

TEST(Proxy, IsIgnoredAndSaidSo) {
  struct Case {
    const char* name;
    const char* server;
    std::map<std::string, std::string> environment;
    const char* variable;  // that is named; empty: no warning
  };
  const Case cases[] = {
      {"none", "https://10.0.0.1", {}, ""},
      {"upper", "https://10.0.0.1", {{"HTTPS_PROXY", "http://u:hunter2@p"}}, "HTTPS_PROXY"},
      {"lower", "https://10.0.0.1", {{"https_proxy", "p"}}, "https_proxy"},
      {"empty", "https://10.0.0.1", {{"https_proxy", ""}}, ""},
      {"other scheme", "https://10.0.0.1", {{"HTTP_PROXY", "p"}}, ""},
      {"plain", "http://10.0.0.1", {{"HTTP_PROXY", "p"}}, "HTTP_PROXY"},
      {"loopback", "https://127.0.0.1:6443", {{"HTTPS_PROXY", "p"}}, ""},
      {"covered", "https://10.0.0.1", {{"HTTPS_PROXY", "p"}, {"NO_PROXY", "x, 10.0.0.0/8"}}, ""},
      {"lower covered", "https://k.example", {{"HTTPS_PROXY", "p"}, {"no_proxy", ".example"}}, ""},
      {"not covered", "https://11.0.0.1", {{"HTTPS_PROXY", "p"}, {"NO_PROXY", "10.0.0.0/8"}}, "HTTPS_PROXY"},
  };
  for (const Case& one : cases) {
    const std::string said = ignored_proxy(*http::parse_url(one.server), environment(one.environment));
    EXPECT_EQ(said.substr(0, said.find(' ')), one.variable) << one.name;
    EXPECT_THAT(said, Not(HasSubstr("hunter2"))) << one.name;
  }
}

TEST(Proxy, ExceptionsAreReadAsGoDoes) {
  struct Case {
    const char* list;
    const char* host;
    bool covered;
  };
  const Case cases[] = {
      {"", "localhost", true},
      {"", "127.9.9.9", true},
      {"", "::1", true},
      {"", "example.com", false},
      {"*", "example.com", true},
      {"example.com", "example.com", true},
      {"example.com", "a.example.com", true},
      {"example.com", "notexample.com", false},
      {".example.com", "a.example.com", true},
      {".example.com", "example.com", false},
      {"*.example.com", "a.example.com", true},
      {"Example.COM", "example.com", true},
      {"example.com:6443", "example.com", true},
      {"example.com:443", "example.com", false},
      {"10.0.0.1", "10.0.0.1", true},
      {"10.0.0.1:6443", "10.0.0.1", true},
      {"10.0.0.1:1", "10.0.0.1", false},
      {"10.0.0.0/24", "10.0.0.77", true},
      {"10.0.0.0/24", "10.0.1.77", false},
      {"10.0.0.0/x", "10.0.0.1", false},
      {"fd00::/8", "fd00::1", true},
      {"fd00::1", "fd00::1", true},
      {"[fd00::1]:6443", "fd00::1", true},
      {"a,,b , c", "c", true},
      {"/", "c", false},
      {"10.0.0.0/99", "10.0.0.1", false},
  };
  for (const Case& one : cases) {
    EXPECT_EQ(no_proxy_covers(one.list, one.host, 6443), one.covered) << one.list << " " << one.host;
  }
}

}  // namespace
}  // namespace edp::kube
