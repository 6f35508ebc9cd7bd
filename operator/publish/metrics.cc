#include "operator/publish/metrics.h"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/text_serializer.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <ostream>
#include <set>
#include <streambuf>
#include <utility>
#include <vector>

#include "common/mutex.h"
#include "operator/publish/bounded.h"
#include "operator/publish/process_figures.h"

namespace edp::publish {
namespace {

using prometheus::Counter;
using prometheus::Family;
using prometheus::Gauge;
using prometheus::Histogram;
using Buckets = Histogram::BucketBoundaries;

template <size_t N>
using Values = std::array<std::string_view, N>;

bool is_word(std::string_view text) {
  const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
  return !text.empty() && text.size() <= 64 && letter(text[0]) &&
         std::all_of(text.begin(), text.end(),
                     [&](char c) { return letter(c) || (c >= '0' && c <= '9') || c == '_' || c == '-'; });
}
bool is_rule(std::string_view text) {
  return text.size() >= 3 && text.size() <= 64 && text[0] >= 'A' && text[0] <= 'Z' &&
         std::all_of(text.begin(), text.end(),
                     [](char c) { return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-'; });
}
template <typename... Words>
bool is_one_of(std::string_view text, Words... words) {
  return ((text == words) || ...);
}
bool word(const Values<1>& v) { return is_word(v[0]); }
bool condition(const Values<1>& v) {
  return is_one_of(v[0], "Accepted", "Admitted", "Running", "Succeeded", "Failed");
}
bool priority(const Values<1>& v) { return is_one_of(v[0], "Critical", "Manual", "Periodic"); }
// "requests.cpu", "count/jobs.batch"
bool resource(const Values<1>& v) {
  return !v[0].empty() && v[0].size() <= 64 && std::all_of(v[0].begin(), v[0].end(), [](char c) {
    return c > ' ' && c < 0x7f && c != '"' && c != '\\';
  });
}
bool result_reason(const Values<2>& v) { return is_word(v[1]); }
bool finding_of(const Values<2>& v) {
  return is_rule(v[0]) && is_one_of(v[1], "CRITICAL", "WARNING", "INFO");
}
bool any_name(const Values<1>& v) { return !v[0].empty() && v[0].size() <= 253; }
bool workload_of(const Values<2>& v) { return v[0].size() <= 63 && v[1].size() <= 253; }
bool verb_code(const Values<2>& v) {
  return v[1] == "0" || (v[1].size() == 3 && v[1][0] >= '1' && v[1][0] <= '5');
}

constexpr size_t kMostRules = 200;

const Buckets kRunSeconds{5, 10, 20, 30, 45, 60, 90, 120, 180, 300, 600, 1200};
const Buckets kWaitSeconds{0.01, 0.05, 0.1, 0.5, 1, 5, 15, 30, 60, 300, 900, 3600};
const Buckets kRecoverySeconds{60,     300,     900,     3600,    14'400,    43'200,
                               86'400, 172'800, 604'800, 1209600, 2'592'000, 7'776'000};
const Buckets kProbeSeconds{0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5};
const Buckets kApplySeconds{0.005, 0.01, 0.015, 0.02, 0.03, 0.04, 0.05, 0.06, 0.08,
                            0.1,   0.15, 0.2,   0.3,  0.5,  1,    2,    5};
const Buckets kApiSeconds{0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30};
// As in client-go: ten nanoseconds, and ten times as much each.
const Buckets kQueueSeconds{1e-8, 1e-7, 1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 0.1, 1, 10, 100, 1000};

// Families in the order in which they are shown. Collected one by one, so that a scrape never holds the whole
// of them twice.
class Families {
 public:
  template <typename Metric>
  Family<Metric>& add(const char* name, const char* help) {
    auto family = std::make_unique<Family<Metric>>(name, help, prometheus::Labels{});
    auto& reference = *family;
    families_.push_back(std::move(family));
    return reference;
  }
  void write(std::ostream& out) const {
    const prometheus::TextSerializer serializer;
    for (const auto& family : families_) {
      const auto collected = family->Collect();
      serializer.Serialize(out, collected);
    }
  }

 private:
  std::vector<std::unique_ptr<prometheus::Collectable>> families_;
};

// Appends to a string, without the copy that a stringstream makes.
class StringSink : public std::streambuf {
 public:
  explicit StringSink(std::string& to) : to_(to) {}

 protected:
  int_type overflow(int_type c) override {
    if (!traits_type::eq_int_type(c, traits_type::eof())) to_.push_back(traits_type::to_char_type(c));
    return traits_type::not_eof(c);
  }
  std::streamsize xsputn(const char* data, std::streamsize size) override {
    to_.append(data, static_cast<size_t>(size));
    return size;
  }

 private:
  std::string& to_;
};

void observe(Histogram& histogram, double seconds) {
  if (std::isfinite(seconds)) histogram.Observe(std::max(0.0, seconds));
}
void raise(Counter& counter, int64_t by) {
  if (by > 0) counter.Increment(static_cast<double>(by));
}

std::string_view verb_of(std::string_view method, bool watch, bool list) {
  if (watch) return "watch";
  if (list) return "list";
  static constexpr std::pair<std::string_view, std::string_view> kVerbs[] = {
      {"GET", "get"}, {"POST", "create"}, {"PUT", "update"}, {"PATCH", "patch"}, {"DELETE", "delete"}};
  for (const auto& [name, verb] : kVerbs) {
    if (name == method) return verb;
  }
  return kOther;
}

}  // namespace

struct Metrics::Impl {
  explicit Impl(MetricsOptions how) : options(std::move(how)) {
    build.Add({{"version", options.version}, {"revision", options.revision}}).Set(1);
  }

  const MetricsOptions options;
  Families families;

  template <typename Metric>
  Family<Metric>& family(const char* name, const char* help) {
    return families.add<Metric>(name, help);
  }
  Family<Gauge>& build = family<Gauge>("edp_build_info", "1, with what this program was built from.");

  Bounded<Gauge, 1> runs{family<Gauge>("edp_runs", "DiagnosticRuns by the condition they have reached."),
                         {"condition"},
                         6,
                         condition};
  Bounded<Counter, 2> runs_finished{family<Counter>("edp_runs_finished_total", "DiagnosticRuns that ended."),
                                    {"result", "reason"},
                                    64,
                                    result_reason};
  Histogram& run_duration =
      family<Histogram>("edp_run_duration_seconds", "From a run's start to its end.").Add({}, kRunSeconds);
  Histogram& run_wait =
      family<Histogram>("edp_run_queue_wait_seconds", "From a run's creation to its admission.")
          .Add({}, kWaitSeconds);
  Bounded<Counter, 2> findings{
      family<Counter>("edp_findings_total", "Findings in the reports of finished targets."),
      {"rule", "severity"},
      600,
      finding_of};
  Counter& jobs_created = family<Counter>("edp_jobs_created_total", "Runner Jobs created.").Add({});
  Bounded<Counter, 1> jobs_failed{
      family<Counter>("edp_jobs_failed_total", "Runner Jobs that failed."), {"reason"}, 64, word};
  Histogram& apply_to_job =
      family<Histogram>(
          "edp_apply_to_job_seconds",
          "From when a run that could be admitted at once was seen to when its Job was created.")
          .Add({}, kApplySeconds);

  Bounded<Counter, 1> admitted{
      family<Counter>("edp_admitted_total", "Targets admitted to the quota."), {"priority"}, 4, priority};
  Bounded<Gauge, 1> waiting{
      family<Gauge>("edp_waiting", "Targets that wait for the quota."), {"priority"}, 4, priority};
  Bounded<Gauge, 1> quota{
      family<Gauge>("edp_quota_used_ratio", "Part of the quota that is used or reserved."),
      {"resource"},
      32,
      resource};

  Bounded<Histogram, 2> probes{
      family<Histogram>("edp_probe_latency_seconds",
                        "Light health probe: from connecting to the answer's first byte."),
      {"namespace", "workload"},
      options.probe_workloads,
      workload_of,
      kProbeSeconds};
  Counter& probe_failures =
      family<Counter>("edp_probe_failures_total", "Light health probes that failed.").Add({});
  Gauge& probe_targets = family<Gauge>("edp_probe_targets", "Pods that are probed.").Add({});
  Gauge& probe_unready = family<Gauge>("edp_probe_unready", "Watched pods that are not ready.").Add({});
  Counter& restarts =
      family<Counter>("edp_target_restarts_total", "Restarts of containers of watched pods.").Add({});
  Bounded<Counter, 1> breaches{
      family<Counter>("edp_breaches_total", "Health breaches that began."), {"kind"}, 24, word};

  Counter& audit_lines = family<Counter>("edp_audit_lines_total", "Lines written to the audit.").Add({});
  Counter& audit_failures =
      family<Counter>("edp_audit_failures_total",
                      "Times that the audit could not be written; what was to be audited was not done.")
          .Add({});
  Counter& reports = family<Counter>("edp_reports_stored_total", "Reports stored.").Add({});
  Bounded<Counter, 1> reports_rejected{
      family<Counter>("edp_reports_rejected_total", "Uploads refused."), {"reason"}, 64, word};
  Bounded<Counter, 1> store_errors{
      family<Counter>("edp_report_store_errors_total", "Failures of the report store."),
      {"reason"},
      64,
      word};
  Gauge& store_bytes = family<Gauge>("edp_report_store_bytes", "Bytes that the stored reports take.").Add({});
  Gauge& store_free =
      family<Gauge>("edp_report_store_free_bytes", "Bytes left for reports; NaN where the store can't tell.")
          .Add({});

  Bounded<Gauge, 1> tickets{family<Gauge>("edp_tickets", "DiagnosticTickets by state."), {"state"}, 8, word};
  Gauge& ticket_outbox =
      family<Gauge>("edp_ticket_outbox", "Tickets of which the tracker has still to be told something.")
          .Add({});
  Bounded<Counter, 1> ticket_errors{
      family<Counter>("edp_ticket_errors_total", "Calls for tickets that failed, and statements refused."),
      {"reason"},
      32,
      word};
  Histogram& ticket_recovery =
      family<Histogram>("edp_ticket_recovery_seconds", "From a ticket's first finding to its validated fix.")
          .Add({}, kRecoverySeconds);

  Bounded<Counter, 1> watch_events{
      family<Counter>("edp_watch_events_total", "Events received by the watches."), {"kind"}, 24, word};
  Bounded<Counter, 1> watch_restarts{
      family<Counter>("edp_watch_restarts_total", "Watches that had to be begun again before their time."),
      {"kind"},
      24,
      word};
  Bounded<Gauge, 1> watch_age{
      family<Gauge>("edp_watch_last_heard_seconds", "Seconds since the watch last heard from the apiserver."),
      {"kind"},
      24,
      word};
  Bounded<Gauge, 1> objects{family<Gauge>("edp_objects", "Objects held in memory."), {"kind"}, 24, word};

  Bounded<Counter, 2> api_requests{
      family<Counter>("edp_api_requests_total", "Calls to the apiserver; code 0: no answer."),
      {"verb", "code"},
      200,
      verb_code};
  Histogram& api_seconds =
      family<Histogram>("edp_api_request_seconds", "Calls to the apiserver, but for watches.")
          .Add({}, kApiSeconds);

  // client-go's.
  Bounded<Gauge, 1> depth{
      family<Gauge>("workqueue_depth", "Current depth of workqueue"), {"name"}, 16, any_name};
  Bounded<Counter, 1> adds{
      family<Counter>("workqueue_adds_total", "Total number of adds handled by workqueue"),
      {"name"},
      16,
      any_name};
  Bounded<Counter, 1> retries{
      family<Counter>("workqueue_retries_total", "Total number of retries handled by workqueue"),
      {"name"},
      16,
      any_name};
  Bounded<Histogram, 1> queue_seconds{
      family<Histogram>("workqueue_queue_duration_seconds",
                        "How long in seconds an item stays in workqueue before being requested"),
      {"name"},
      16,
      any_name,
      kQueueSeconds};
  Bounded<Histogram, 1> work_seconds{
      family<Histogram>("workqueue_work_duration_seconds",
                        "How long in seconds processing an item from workqueue takes."),
      {"name"},
      16,
      any_name,
      kQueueSeconds};
  Bounded<Gauge, 1> unfinished{
      family<Gauge>("workqueue_unfinished_work_seconds",
                    "How many seconds of work has been done that is in progress and hasn't been observed by "
                    "work_duration. Large values indicate stuck threads."),
      {"name"},
      16,
      any_name};
  Bounded<Gauge, 1> longest{
      family<Gauge>("workqueue_longest_running_processor_seconds",
                    "How many seconds has the longest running processor for workqueue been running."),
      {"name"},
      16,
      any_name};
  Bounded<Gauge, 1> leader{
      family<Gauge>("leader_election_master_status",
                    "Gauge of if the reporting system is master of the relevant lease, 0 indicates backup, 1 "
                    "indicates master. 'name' is the string used to identify the lease."),
      {"name"},
      16,
      any_name};
  Bounded<Counter, 1> slowpath{
      family<Counter>("leader_election_slowpath_total",
                      "Total number of slow path exercised in renewing leader leases."),
      {"name"},
      16,
      any_name};

  Gauge& rss = family<Gauge>("process_resident_memory_bytes", "Resident memory size in bytes.").Add({});
  Gauge& virtual_memory =
      family<Gauge>("process_virtual_memory_bytes", "Virtual memory size in bytes.").Add({});
  Counter& cpu =
      family<Counter>("process_cpu_seconds_total", "Total user and system CPU time spent in seconds.")
          .Add({});
  Gauge& start =
      family<Gauge>("process_start_time_seconds", "Start time of the process since unix epoch in seconds.")
          .Add({});
  Gauge& fds = family<Gauge>("process_open_fds", "Number of open file descriptors.").Add({});
  Gauge& threads = family<Gauge>("process_threads", "Number of OS threads in the process.").Add({});

  class Queue;
  Mutex mutex;
  std::map<std::string, std::unique_ptr<Queue>, std::less<>> queues EDP_GUARDED_BY(mutex);
  std::set<std::string, std::less<>> rules EDP_GUARDED_BY(mutex);  // that were seen, at most kMostRules
  std::map<std::string, std::chrono::steady_clock::time_point, std::less<>> heard EDP_GUARDED_BY(mutex);
};

class Metrics::Impl::Queue : public QueueMetrics {
 public:
  Queue(Impl& of, std::string_view name)
      : depth_(of.depth.at({name})),
        adds_(of.adds.at({name})),
        retries_(of.retries.at({name})),
        waited_(of.queue_seconds.at({name})),
        worked_(of.work_seconds.at({name})),
        unfinished_(of.unfinished.at({name})),
        longest_(of.longest.at({name})) {}
  void set_depth(size_t now) override { depth_.Set(static_cast<double>(now)); }
  void added(uint64_t count) override { adds_.Increment(static_cast<double>(count)); }
  void retried(uint64_t count) override { retries_.Increment(static_cast<double>(count)); }
  void waited(double seconds) override { observe(waited_, seconds); }
  void worked(double seconds) override { observe(worked_, seconds); }
  void set_unfinished(double sum, double most) override {
    unfinished_.Set(sum);
    longest_.Set(most);
  }

 private:
  Gauge& depth_;
  Counter &adds_, &retries_;
  Histogram &waited_, &worked_;
  Gauge &unfinished_, &longest_;
};

Metrics::Metrics(MetricsOptions options) : impl_(std::make_unique<Impl>(std::move(options))) {}
Metrics::~Metrics() = default;

std::string Metrics::exposition() {
  Impl& i = *impl_;
  if (const auto figures = read_process_figures(i.options.proc)) {
    i.rss.Set(figures->resident_bytes);
    i.virtual_memory.Set(figures->virtual_bytes);
    if (const double more = figures->cpu_seconds - i.cpu.Value(); more > 0) i.cpu.Increment(more);
    i.start.Set(figures->start_time_seconds);
    i.fds.Set(figures->open_fds);
    i.threads.Set(figures->threads);
  }
  {
    const MutexLock lock(i.mutex);
    const auto now = i.options.now();
    for (const auto& [kind, when] : i.heard)
      i.watch_age.at({kind}).Set(std::chrono::duration<double>(now - when).count());
  }
  std::string text;
  StringSink sink(text);
  std::ostream out(&sink);
  i.families.write(out);
  return text;
}

void Metrics::set_runs(std::string_view condition_, int64_t count) {
  impl_->runs.at({condition_}).Set(static_cast<double>(count));
}
void Metrics::run_finished(bool succeeded, std::string_view reason, double duration_seconds) {
  impl_->runs_finished.at({succeeded ? "Succeeded" : "Failed", reason}).Increment();
  observe(impl_->run_duration, duration_seconds);
}
void Metrics::run_started(double queue_wait_seconds) { observe(impl_->run_wait, queue_wait_seconds); }
void Metrics::finding(std::string_view rule, std::string_view severity, int64_t count) {
  {
    const MutexLock lock(impl_->mutex);
    if (is_rule(rule) && !impl_->rules.contains(rule)) {
      if (impl_->rules.size() < kMostRules)
        impl_->rules.emplace(rule);
      else
        rule = kOther;
    }
  }
  raise(impl_->findings.at({rule, severity}), count);
}
void Metrics::job_created() { impl_->jobs_created.Increment(); }
void Metrics::job_failed(std::string_view reason) { impl_->jobs_failed.at({reason}).Increment(); }
void Metrics::applied_to_job(double seconds) { observe(impl_->apply_to_job, seconds); }

void Metrics::admitted(std::string_view priority_) { impl_->admitted.at({priority_}).Increment(); }
void Metrics::set_waiting(std::string_view priority_, int64_t count) {
  impl_->waiting.at({priority_}).Set(static_cast<double>(count));
}
void Metrics::set_quota_used(std::string_view resource_, double ratio) {
  impl_->quota.at({resource_}).Set(ratio);
}

void Metrics::probed(std::string_view ns, std::string_view workload, double seconds) {
  impl_->probes.with({ns, workload}, [&](Histogram& histogram) { observe(histogram, seconds); });
}
void Metrics::probes_gone(std::string_view ns, std::string_view workload) {
  impl_->probes.erase({ns, workload});
}
void Metrics::probe_failed() { impl_->probe_failures.Increment(); }
void Metrics::set_probe_targets(int64_t count) { impl_->probe_targets.Set(static_cast<double>(count)); }
void Metrics::set_probe_unready(int64_t count) { impl_->probe_unready.Set(static_cast<double>(count)); }
void Metrics::target_restarted(int64_t count) { raise(impl_->restarts, count); }
void Metrics::breach(std::string_view kind) { impl_->breaches.at({kind}).Increment(); }

void Metrics::audit_lines(uint64_t count) { raise(impl_->audit_lines, static_cast<int64_t>(count)); }
void Metrics::audit_failed() { impl_->audit_failures.Increment(); }
void Metrics::set_tickets(std::string_view state, int64_t count) {
  impl_->tickets.at({state}).Set(static_cast<double>(count));
}
void Metrics::set_ticket_outbox(int64_t count) { impl_->ticket_outbox.Set(static_cast<double>(count)); }
void Metrics::ticket_error(std::string_view reason) { impl_->ticket_errors.at({reason}).Increment(); }
void Metrics::ticket_recovered(double seconds) { observe(impl_->ticket_recovery, seconds); }

void Metrics::report_stored() { impl_->reports.Increment(); }
void Metrics::report_rejected(std::string_view reason) { impl_->reports_rejected.at({reason}).Increment(); }
void Metrics::report_store_error(std::string_view reason) { impl_->store_errors.at({reason}).Increment(); }
void Metrics::set_report_store(uint64_t bytes, std::optional<uint64_t> free_bytes) {
  impl_->store_bytes.Set(static_cast<double>(bytes));
  impl_->store_free.Set(free_bytes ? static_cast<double>(*free_bytes) : std::nan(""));
}

void Metrics::watch_event(std::string_view kind, uint64_t count) {
  impl_->watch_events.at({kind}).Increment(static_cast<double>(count));
}
void Metrics::watch_restarted(std::string_view kind, uint64_t count) {
  impl_->watch_restarts.at({kind}).Increment(static_cast<double>(count));
}
void Metrics::watch_heard(std::string_view kind) {
  const auto now = impl_->options.now();
  const MutexLock lock(impl_->mutex);
  if (const auto found = impl_->heard.find(kind); found != impl_->heard.end()) {
    found->second = now;
  } else if (impl_->heard.size() < 24) {
    impl_->heard.emplace(kind, now);
  }
}
void Metrics::set_objects(std::string_view kind, int64_t count) {
  impl_->objects.at({kind}).Set(static_cast<double>(count));
}

void Metrics::api_request(std::string_view method, int status, double seconds, bool watch, bool list) {
  impl_->api_requests.at({verb_of(method, watch, list), std::to_string(status)}).Increment();
  if (!watch) observe(impl_->api_seconds, seconds);
}

QueueMetrics& Metrics::queue(std::string_view name) {
  const MutexLock lock(impl_->mutex);
  if (const auto found = impl_->queues.find(name); found != impl_->queues.end()) return *found->second;
  if (impl_->queues.size() >= 16) name = kOther;
  auto& queue = impl_->queues[std::string(name)];
  if (!queue) queue = std::make_unique<Impl::Queue>(*impl_, name);
  return *queue;
}
void Metrics::set_leader(std::string_view name, bool leader) { impl_->leader.at({name}).Set(leader ? 1 : 0); }
void Metrics::leader_slowpath(std::string_view name) { impl_->slowpath.at({name}).Increment(); }

}  // namespace edp::publish
