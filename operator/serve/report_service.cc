#include "operator/serve/report_service.h"

#include <chrono>

#include "operator/serve/downloads.h"
#include "operator/serve/names.h"
#include "operator/serve/ref.h"
#include "operator/serve/runner_gate.h"
#include "operator/serve/serve_audit.h"
#include "operator/serve/uploads.h"

namespace edp::serve {
namespace {

constexpr std::string_view kReport = "/api/v1/runs/{ns}/{name}/{uid}/targets/{podUid}/{file}";
constexpr std::string_view kIndex = "/api/v1/runs/{ns}/{name}";

ReportServiceOptions complete(ReportServiceOptions options) {
  if (!options.now) {
    options.now = [] {
      return static_cast<int64_t>(std::chrono::duration_cast<std::chrono::seconds>(
                                      std::chrono::system_clock::now().time_since_epoch())
                                      .count());
    };
  }
  if (!options.on_event) options.on_event = [](const ServeEvent&) {};
  return options;
}

// Nothing where a part is none that a cluster would have: then nothing can be there.
std::optional<ReportKey> read_key(const std::vector<std::string>& params) {
  if (params.size() != 5 || !valid_namespace(params[0]) || !valid_object_name(params[1]) ||
      !valid_uid(params[2]) || !valid_uid(params[3])) {
    return std::nullopt;
  }
  const auto file = parse_file_name(params[4]);
  if (!file) return std::nullopt;
  return ReportKey{params[0], params[1], params[2], params[3], *file};
}

http::Reply no_such_path() {
  return to_reply(
      {404, "NotFound", "the path names no namespace, run and target, or no file of a report", {}});
}

}  // namespace

struct ReportService::Impl {
  Impl(kube::Api& api, ReportStore& store, RunnerDirectory& runners, Forwarder* to_leader,
       ReportServiceOptions with)
      : options(complete(std::move(with))),
        reviewer(api, options.review),
        gate(reviewer, runners, options),
        auditor(options.journal),
        uploads(store, gate, auditor, options),
        downloads(store, reviewer),
        forwarder(to_leader) {}

  http::ServerHandler wrap(http::ServerHandler local, Forwarder::Check check = {}) {
    return forwarder == nullptr ? std::move(local) : forwarder->wrap(std::move(local), std::move(check));
  }
  template <typename Serve>
  http::ServerHandler with_key(Serve serve) {
    return [this, serve](http::ServerRequest& request) {
      const auto key = read_key(request.params);
      if (!key) return no_such_path();
      ServeEvent event;
      event.peer = request.peer;
      event.ns = key->ns;
      event.name = key->name;
      event.run_uid = key->run_uid;
      event.pod_uid = key->pod_uid;
      event.file = file_name(key->file);
      http::Reply reply = serve(request, *key, event);
      if (request.method == "PUT") {
        auditor.finish_upload(event, event.intent);
      } else {
        note_download(event, reply);
      }
      options.on_event(event);
      return reply;
    };
  }

  // What is not in the audit is not handed out.
  void note_download(ServeEvent& event, http::Reply& reply) {
    const auto fault = auditor.note_download(event);
    if (!fault) return;
    event.kind = ServeEvent::Kind::kUnavailable;
    event.status = fault->status;
    event.reason = fault->reason;
    event.detail = fault->detail;
    reply = to_reply(*fault);
  }

  const ReportServiceOptions options;
  Reviewer reviewer;
  RunnerGate gate;
  ServeAudit auditor;
  Uploads uploads;
  Downloads downloads;
  Forwarder* const forwarder;
};

ReportService::ReportService(kube::Api& api, ReportStore& store, RunnerDirectory& runners,
                             Forwarder* forwarder, ReportServiceOptions options)
    : impl_(std::make_unique<Impl>(api, store, runners, forwarder, std::move(options))) {}
ReportService::~ReportService() = default;

void ReportService::add_routes(http::Server& server) {
  Impl* const impl = impl_.get();
  auto put = impl->with_key([impl](http::ServerRequest& request, const ReportKey& key, ServeEvent& event) {
    return impl->uploads.put(request, key, event);
  });
  // Before a body is spooled on its way to the leader: is it a runner's at all.
  auto check = [impl](http::ServerRequest& request) -> std::optional<http::Reply> {
    if (!read_key(request.params)) return no_such_path();
    const auto user = impl->gate.authenticate(request);
    return user ? std::nullopt : std::optional(to_reply(user.error()));
  };
  server.route("PUT", kReport, impl->wrap(std::move(put), std::move(check)));
  server.route("GET", kReport,
               impl->wrap(impl->with_key(
                   [impl](http::ServerRequest& request, const ReportKey& key, ServeEvent& event) {
                     return impl->downloads.report(request, key, event);
                   })));
  server.route("GET", kIndex, impl->wrap([impl](http::ServerRequest& request) {
    if (!valid_namespace(request.params[0]) || !valid_object_name(request.params[1])) return no_such_path();
    ServeEvent event;
    event.peer = request.peer;
    event.ns = request.params[0];
    event.name = request.params[1];
    http::Reply reply = impl->downloads.index(request, event.ns, event.name, event);
    impl->note_download(event, reply);
    impl->options.on_event(event);
    return reply;
  }));
}

}  // namespace edp::serve
