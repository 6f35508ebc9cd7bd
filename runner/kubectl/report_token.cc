#include "runner/kubectl/report_token.h"

#include "common/files.h"
#include "operator/kube/credentials.h"
#include "operator/kube/paths.h"

namespace edp::kubectl {
namespace {

constexpr uint64_t kMaxToken = 64 << 10;

Result<std::string> from_file(const std::string& file) {
  auto token = read_file(file, kMaxToken);
  if (!token) return token;
  token->erase(token->find_last_not_of(" \t\r\n") + 1);
  const size_t bad = token->find_first_of(" \t\r\n");
  if (token->empty() || bad != std::string::npos) return fail("holds no token", file);
  return token;
}

// As `kubectl create token` does.
Result<std::string> of_service_account(const Cluster& cluster, const std::string& name,
                                       const CancelToken& cancel) {
  const std::string path = "/api/v1/namespaces/" + kube::escape_segment(cluster.ns()) + "/serviceaccounts/" +
                           kube::escape_segment(name) + "/token";
  const auto answer = cluster.create(path,
                                     {{"apiVersion", "authentication.k8s.io/v1"},
                                      {"kind", "TokenRequest"},
                                      {"spec", {{"expirationSeconds", 600}}}},
                                     cancel);
  if (!answer) return tl::unexpected(answer.error().at("token for service account " + name));
  std::string token = text_at(*answer, {"status", "token"});
  if (token.empty()) return fail("the apiserver gave no token", "service account " + name);
  return token;
}

}  // namespace

Result<std::string> report_token(const Cluster& cluster, const ReportAccess& access,
                                 const CancelToken& cancel) {
  if (!access.token_file.empty()) return from_file(access.token_file);
  if (!access.service_account.empty()) return of_service_account(cluster, access.service_account, cancel);
  // A token, a token file, or what an exec plugin says.
  const auto header = kube::Credentials(cluster.config()).header(false);
  if (!header) return fail(header.error().message, "the kubeconfig's token");
  constexpr std::string_view kBearer = "Bearer ";
  if (header->starts_with(kBearer)) return header->substr(kBearer.size());
  return fail(
      "the kubeconfig has no token for you, and a client certificate does not reach the report service; ask "
      "as a "
      "service account that may get the run (--service-account NAME), or pass --token-file FILE with a token "
      "of "
      "`kubectl create token`");
}

}  // namespace edp::kubectl
