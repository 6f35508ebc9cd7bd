#include "operator/control/watches.h"

namespace edp::control {
namespace {

template <typename T>
watch::DeltaSink<T> into(Inbox& inbox) {
  return [&inbox](watch::Delta<T>&& delta) { inbox.push(std::move(delta)); };
}

}  // namespace

struct Watches::Impl {
  Impl(kube::Api& api, const std::string& jobs_ns, const std::string& quota_ns, Inbox& inbox)
      : pods(api, {.path = "/api/v1/pods", .protobuf = true}, watch::read_pod, into<watch::PodRecord>(inbox)),
        jobs(api,
             {.path = "/apis/batch/v1/" + (jobs_ns.empty() ? "" : "namespaces/" + jobs_ns + "/") + "jobs",
              .label_selector = "app.kubernetes.io/name=edp-runner"},
             watch::read_job, into<watch::JobRecord>(inbox)),
        runs(api, {.path = "/apis/edp.dev/v1alpha1/diagnosticruns"}, watch::read_run,
             into<watch::RunRecord>(inbox)),
        profiles(api, {.path = "/apis/edp.dev/v1alpha1/diagnosticprofiles"}, watch::read_profile,
                 into<watch::ProfileRecord>(inbox)),
        policies(api, {.path = "/apis/edp.dev/v1alpha1/diagnosticpolicies"}, watch::read_policy,
                 into<watch::PolicyRecord>(inbox)),
        quotas(api, {.path = "/api/v1/namespaces/" + quota_ns + "/resourcequotas"}, watch::read_quota,
               into<watch::QuotaRecord>(inbox)) {}

  template <typename F>
  void each(F&& visit) {
    visit("pods", pods);
    visit("jobs", jobs);
    visit("diagnosticruns", runs);
    visit("diagnosticprofiles", profiles);
    visit("diagnosticpolicies", policies);
    visit("resourcequotas", quotas);
  }

  watch::Informer<watch::PodRecord> pods;
  watch::Informer<watch::JobRecord> jobs;
  watch::Informer<watch::RunRecord> runs;
  watch::Informer<watch::ProfileRecord> profiles;
  watch::Informer<watch::PolicyRecord> policies;
  watch::Informer<watch::QuotaRecord> quotas;
};

Watches::Watches(kube::Api& api, const std::string& jobs_ns, const std::string& quota_ns, Inbox& inbox)
    : impl_(std::make_unique<Impl>(api, jobs_ns, quota_ns, inbox)) {}
Watches::~Watches() = default;

void Watches::start() {
  impl_->each([](std::string_view, auto& informer) { informer.start(); });
}

void Watches::stop() {
  impl_->each([](std::string_view, auto& informer) { informer.stop(); });
}

std::vector<std::pair<std::string_view, watch::Health>> Watches::health() const {
  std::vector<std::pair<std::string_view, watch::Health>> all;
  impl_->each([&](std::string_view name, auto& informer) { all.emplace_back(name, informer.health()); });
  return all;
}

}  // namespace edp::control
