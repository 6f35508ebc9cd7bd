#include "runner/kubectl/reports.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "common/files.h"
#include "common/http_session.h"
#include "common/http_url.h"
#include "operator/kube/paths.h"
#include "runner/kubectl/report_token.h"

namespace edp::kubectl {
namespace {

using std::chrono::seconds;

constexpr uint64_t kMaxReport = uint64_t{256} << 20;
constexpr seconds kTime{120};
// 502 to 504: no leader for the moment, or the service is just being moved.
constexpr int kTries = 4;
constexpr seconds kPause{2};

bool is_passing(int status) { return status >= 502 && status <= 504; }

// What the service says of itself: {"error": "...", "reason": "..."}.
std::string said_by_service(const std::string& body) {
  const auto json = parse_json(body);
  return json ? http::one_line(text_at(*json, {"error"}), 300) : std::string();
}

Error refused(int status, const std::string& said) {
  const std::string why = said.empty() ? "" : ": " + said;
  switch (status) {
    case 401:
      return {.what = "the report service does not accept this token" + why};
    case 403:
      return {.what =
                  "you may not see this run's report (it takes the right to get the DiagnosticRun)" + why};
    case 404:
      return {.what = "the report service has no such report" + why};
    default:
      return {.what = "the report service answered " + std::to_string(status) + why};
  }
}

class Proxied : public ReportSource {
 public:
  Proxied(const Cluster& cluster, std::string base, std::string token)
      : cluster_(cluster), base_(std::move(base)), token_(std::move(token)) {}

  Result<std::string> get(const std::string& path, const CancelToken& cancel) override {
    // The apiserver takes Authorization for itself and does not pass it on.
    const kube::Call call{.path = base_ + path,
                          .timeout = kTime,
                          .max_bytes = kMaxReport,
                          .headers = {{"X-EDP-Token", token_}}};
    kube::Answer answer = cluster_.api().call(call, cancel);
    for (int tries = 1; tries < kTries && is_passing(answer.status) && !cancel.sleep_for(kPause); ++tries) {
      answer = cluster_.api().call(call, cancel);
    }
    if (answer.ok()) return answer.body;
    if (!answer.failure) {
      if (const std::string said = said_by_service(answer.body); !said.empty()) {
        return tl::unexpected(refused(answer.status, said));
      }
    }
    Error error = explain(answer, base_);
    if (answer.status == 403) {
      error.what +=
          "; the report comes through the apiserver's proxy (get services/proxy). Otherwise forward the "
          "service's "
          "port and name it: --url https://127.0.0.1:8443 --ca FILE";
    }
    return tl::unexpected(error);
  }

 private:
  const Cluster& cluster_;
  std::string base_, token_;
};

class Direct : public ReportSource {
 public:
  explicit Direct(http::Peer peer) : where_(peer.url.shown()), pool_(std::move(peer), 1) {}

  Result<std::string> get(const std::string& path, const CancelToken& cancel) override {
    const auto ask = [&] {
      return pool_.call({.target = path, .deadline = std::chrono::steady_clock::now() + kTime}, kMaxReport,
                        cancel);
    };
    http::Received answer = ask();
    for (int tries = 1; tries < kTries && is_passing(answer.status) && !cancel.sleep_for(kPause); ++tries) {
      answer = ask();
    }
    if (answer.ok()) return std::move(answer.body);
    if (answer.status >= 300) return tl::unexpected(refused(answer.status, said_by_service(answer.body)));
    return fail("the report service gave no answer: " + (answer.failure ? answer.failure->message : ""),
                where_);
  }

 private:
  std::string where_;
  http::SessionPool pool_;
};

bool is_this_machine(const std::string& host) {
  return host == "localhost" || host == "::1" || host.starts_with("127.");
}

struct Place {
  std::string pod, uid, digest;
};

// Where reports are: from the status, and from the service's index what the status had no room for.
Result<std::vector<Place>> places_of(ReportSource& source, const RunView& run, const CancelToken& cancel) {
  std::vector<Place> places;
  for (const RunView::Target& target : run.targets) {
    if (!target.digest.empty()) places.push_back({target.pod, target.uid, target.digest});
  }
  if (!places.empty() && run.matched <= static_cast<int64_t>(run.targets.size())) return places;
  const std::string path =
      "/api/v1/runs/" + kube::escape_segment(run.ns) + "/" + kube::escape_segment(run.name);
  const auto text = source.get(path, cancel);
  if (!text) return tl::unexpected(text.error());
  const auto index = parse_json(*text);
  if (!index) return tl::unexpected(index.error().at("the report service's index"));
  if (text_at(*index, {"uid"}) != run.uid) return places;  // of an earlier run of this name
  for (const Json& item : member(*index, {"reports"})) {
    if (text_at(item, {"file"}) != "report.json") continue;
    const std::string uid = text_at(item, {"podUid"});
    if (uid.empty() || std::ranges::find(places, uid, &Place::uid) != places.end()) continue;
    places.push_back({"", uid, text_at(item, {"digest"})});
  }
  return places;
}

}  // namespace

std::optional<ServiceUrl> service_url(const std::string& url) {
  const auto parsed = http::parse_url(url);
  if (!parsed) return std::nullopt;
  const std::string& host = parsed->host;
  const size_t first = host.find('.');
  const size_t second = first == std::string::npos ? first : host.find('.', first + 1);
  if (second == std::string::npos) return std::nullopt;
  const std::string domain = host.substr(second + 1);
  if (domain != "svc" && !domain.starts_with("svc.")) return std::nullopt;
  ServiceUrl service{.name = host.substr(0, first), .ns = host.substr(first + 1, second - first - 1)};
  service.proxy_path = "/api/v1/namespaces/" + kube::escape_segment(service.ns) + "/services/" +
                       (parsed->tls ? "https:" : "http:") + kube::escape_segment(service.name) + ":" +
                       std::to_string(parsed->port) + "/proxy";
  return service;
}

Result<std::unique_ptr<ReportSource>> open_reports(const Cluster& cluster, const std::string& run_url,
                                                   const ReportAccess& access, const CancelToken& cancel) {
  if (access.url.empty() && run_url.empty()) {
    return fail("the run's status names no report service (status.report.url)");
  }
  const std::string& named = access.url.empty() ? run_url : access.url;
  const auto service = service_url(named);
  const bool expected = service && service->name == "edp-reports" && service->ns == access.reports_ns;
  if (access.url.empty() && !expected) {
    return fail("the run's status says that its report is at " + http::without_secrets(run_url) +
                ", which is not the service edp-reports of namespace " + access.reports_ns +
                "; if you trust it with your token, pass its address with --url");
  }
  auto token = report_token(cluster, access, cancel);
  if (!token) return tl::unexpected(token.error());
  if (service) return std::make_unique<Proxied>(cluster, service->proxy_path, std::move(*token));
  auto url = http::parse_url(named);
  if (!url) return tl::unexpected(url.error().at("--url"));
  http::Peer peer{.url = std::move(*url), .tls = {.ca_file = access.ca_file}, .user_agent = "kubectl-edp"};
  peer.authorize = [word = "Bearer " + *token](bool) -> tl::expected<std::string, http::Failure> {
    return word;
  };
  // A forwarded port: the certificate is the service's own, not this machine's.
  if (const auto own = http::parse_url(run_url); own && is_this_machine(peer.url.host)) {
    peer.tls.server_name = own->host;
  }
  return std::make_unique<Direct>(std::move(peer));
}

Result<std::vector<FetchedReport>> fetch_reports(ReportSource& source, const RunView& run,
                                                 const std::string& pod, const CancelToken& cancel) {
  const auto places = places_of(source, run, cancel);
  if (!places) return tl::unexpected(places.error());
  const std::string target = "pod:" + run.ns + "/" + pod;
  std::vector<FetchedReport> reports;
  for (const Place& place : *places) {
    if (!pod.empty() && !place.pod.empty() && place.pod != pod) continue;
    FetchedReport report{.pod = place.pod,
                         .path = "/api/v1/runs/" + kube::escape_segment(run.ns) + "/" +
                                 kube::escape_segment(run.name) + "/" + kube::escape_segment(run.uid) +
                                 "/targets/" + kube::escape_segment(place.uid)};
    auto json = source.get(report.path + "/report.json", cancel);
    if (!json) return tl::unexpected(json.error());
    if (!place.digest.empty() && place.digest != "sha256:" + sha256_hex(*json)) {
      return fail("the report is not the one that was made: its digest is another than " + place.digest,
                  report.path);
    }
    // The index knows no names of pods; the report does.
    if (!pod.empty() && place.pod.empty() && json->find("\"" + target + "\"") == std::string::npos) continue;
    report.json = std::move(*json);
    reports.push_back(std::move(report));
  }
  if (!reports.empty()) return reports;
  return fail(
      pod.empty() ? "there is no report of this run" : "there is no report of pod " + pod + " in this run",
      run.ns + "/" + run.name);
}

}  // namespace edp::kubectl
