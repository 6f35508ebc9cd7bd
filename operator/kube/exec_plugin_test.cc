#include "operator/kube/exec_plugin.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "common/testing/temp_dir.h"

namespace edp::kube {
namespace {

using edp::testing::TempDir;
using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* kV1 = "client.authentication.k8s.io/v1";
const std::string kHead = std::string(R"({"kind":"ExecCredential","apiVersion":")") + kV1 + R"(",)";

std::string script(const TempDir& folder, const std::string& text) {
  std::string path = folder.write("plugin", "#!/bin/sh\n" + text + "\n");
  std::filesystem::permissions(path, std::filesystem::perms::owner_all);
  return path;
}

ClusterConfig config(std::string command) {
  ClusterConfig made;
  made.server = *http::parse_url("https://10.0.0.1:6443");
  made.ca_pem = "CA";
  made.exec =
      ExecPlugin{.command = std::move(command), .api_version = kV1, .install_hint = "Install it\nfirst."};
  return made;
}

TEST(ExecPlugin, IsRunWithoutAShell) {
  const TempDir folder;
  const std::string seen = (folder.path() / "seen").string();
  auto plugin = config(script(folder, "cat > " + seen + R"(
for word in "$@"; do echo "[$word]" >> )" +
                                          seen + R"(; done
echo "$EXTRA $HOME" >> )" + seen + R"(
echo "$KUBERNETES_EXEC_INFO" >> )" + seen +
                                          R"(
echo ')" + kHead + R"("status":{"token":"abc"}}')"));
  plugin.exec->args = {"a b", "$(touch /tmp/no)", ""};
  plugin.exec->env = {{"EXTRA", "more"}, {"HOME", "/elsewhere"}};
  plugin.exec->provide_cluster_info = true;
  const auto got = run_plugin(plugin, seconds(30));
  ASSERT_TRUE(got) << got.error().to_string();
  EXPECT_EQ(got->token, "abc");
  EXPECT_FALSE(got->expires);
  std::ifstream file(seen);
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  EXPECT_THAT(text, HasSubstr("[a b]\n[$(touch /tmp/no)]\n[]\nmore /elsewhere\n"));
  EXPECT_THAT(text, HasSubstr(R"("kind":"ExecCredential")"));
  EXPECT_THAT(text, HasSubstr(R"("server":"https://10.0.0.1:6443")"));
  EXPECT_THAT(text, HasSubstr(R"("certificate-authority-data":"Q0E=")"));
  EXPECT_THAT(text, HasSubstr(R"("interactive":false)"));
}

TEST(ExecPlugin, FailuresAreNamed) {
  struct Case {
    const char* name;
    const char* script;  // null: no such program
    const char* error;
  };
  const Case cases[] = {
      {"missing", nullptr, "can't be started: No such file or directory. Install it first."},
      {"status", "echo hunter2; exit 3", "failed with exit status 3"},
      {"not found inside", "no-such-program-at-all 2>/dev/null; exit $?",
       "command not found). Install it first."},
      {"signal", "kill -9 $$", "ended by signal 9"},
      {"no JSON", "echo hunter2", "did not print an ExecCredential"},
      {"hangs", "exec sleep 20", "did not end in time"},
      {"leaves its stdout open", "sleep 20 2>/dev/null & echo x", "did not end in time"},
      {"closes its stdout, hangs", "exec >&-; exec sleep 20", "did not end in time"},
      {"talks on", "exec yes hunter2", "printed more than 1 MiB"},
  };
  for (const Case& one : cases) {
    const TempDir folder;
    const auto start = std::chrono::steady_clock::now();
    const std::string path = one.script == nullptr ? "/no/such/plugin" : script(folder, one.script);
    const auto got = run_plugin(config(path), milliseconds(1000));
    ASSERT_FALSE(got) << one.name;
    EXPECT_THAT(got.error().to_string(), HasSubstr("exec plugin " + path + ": ")) << one.name;
    EXPECT_THAT(got.error().to_string(), HasSubstr(one.error)) << one.name;
    EXPECT_THAT(got.error().to_string(), Not(HasSubstr("hunter2"))) << one.name;
    EXPECT_LT(std::chrono::steady_clock::now() - start, seconds(20)) << one.name;
  }
}

TEST(ExecCredential, IsReadWithCare) {
  struct Case {
    const char* name;
    std::string json;
    const char* error;  // empty: none
  };
  const Case cases[] = {
      {"token", kHead + R"("status":{"token":"t"}})", ""},
      {"certificate", kHead + R"("status":{"clientCertificateData":"c","clientKeyData":"k"}})", ""},
      {"expires", kHead + R"("status":{"token":"t","expirationTimestamp":"2015-10-21T07:28:00Z"}})", ""},
      {"offset", kHead + R"("status":{"token":"t","expirationTimestamp":"2015-10-21T09:28:00.123+02:00"}})",
       ""},
      {"no time", kHead + R"("status":{"token":"t","expirationTimestamp":"tomorrow"}})", "not RFC 3339"},
      {"no zone", kHead + R"("status":{"token":"t","expirationTimestamp":"2015-10-21T07:28:00"}})",
       "not RFC 3339"},
      {"nothing in it", kHead + R"("status":{}})", "neither a token nor a client certificate"},
      {"key alone", kHead + R"("status":{"clientKeyData":"k"}})", "without its certificate"},
      {"no status", kHead + R"("spec":{}})", "has no status"},
      {"two words", kHead + R"("status":{"token":"a\r\nX: b"}})", "one word"},
      {"other version", R"({"kind":"ExecCredential","apiVersion":"v2","status":{"token":"t"}})",
       "another version"},
      {"deep", kHead + R"("status":{"token":"t"},"x":)" + std::string(100'000, '[') + "}", "did not print"},
  };
  for (const Case& one : cases) {
    const auto got = parse_exec_credential(one.json, kV1);
    EXPECT_EQ(got.has_value(), *one.error == '\0') << one.name;
    if (!got) {
      EXPECT_THAT(got.error().what, HasSubstr(one.error)) << one.name;
    }
    if (got && got->expires) {
      EXPECT_EQ(std::chrono::system_clock::to_time_t(*got->expires), 1445412480) << one.name;
    }
  }
}

TEST(ExecCredential, TimesFarAwayStayInOrder) {
  const auto expires = [](const std::string& time) {
    const auto got = parse_exec_credential(
        kHead + R"("status":{"token":"t","expirationTimestamp":")" + time + "\"}}", kV1);
    return got ? *got->expires : std::chrono::system_clock::time_point();
  };
  EXPECT_GT(expires("9999-12-31T23:59:59Z"), std::chrono::system_clock::now());
  EXPECT_LT(expires("1007-10-21T09:28:00+02:00"), std::chrono::system_clock::now());
}

}  // namespace
}  // namespace edp::kube
