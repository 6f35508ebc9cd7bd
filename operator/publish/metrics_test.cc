#include "operator/publish/metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cmath>
#include <map>
#include <sstream>
#include <thread>
#include <vector>

namespace edp::publish {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

// The lines of the exposition: series -> value.
std::map<std::string, double> series(Metrics& metrics) {
  std::map<std::string, double> out;
  std::istringstream in(metrics.exposition());
  for (std::string line; std::getline(in, line);) {
    if (line.empty() || line.starts_with('#')) continue;
    const size_t space = line.rfind(' ');
    out[line.substr(0, space)] = std::strtod(line.c_str() + space, nullptr);
  }
  return out;
}

size_t count_of(const std::map<std::string, double>& all, const std::string& prefix) {
  size_t count = 0;
  for (const auto& [name, value] : all) count += name.starts_with(prefix) ? 1 : 0;
  return count;
}

TEST(Metrics, EveryOneUnderItsName) {
  Metrics metrics({.version = "1.2.3", .revision = "abc"});
  metrics.set_runs("Running", 3);
  metrics.run_finished(true, "Diagnosed", 42);
  metrics.run_finished(false, "TargetGone", 1);
  metrics.run_started(0.2);
  metrics.finding("GO-SYNCMAP-WRITE-HEAVY", "CRITICAL", 2);
  metrics.job_created();
  metrics.job_failed("DeadlineExceeded");
  metrics.applied_to_job(0.012);
  metrics.admitted("Manual");
  metrics.set_waiting("Periodic", 7);
  metrics.set_quota_used("requests.cpu", 0.5);
  metrics.probed("shop", "checkout", 0.003);
  metrics.probe_failed();
  metrics.set_probe_targets(10);
  metrics.set_probe_unready(2);
  metrics.target_restarted(4);
  metrics.breach("latency");
  metrics.report_stored();
  metrics.report_rejected("too_large");
  metrics.report_store_error("no_space");
  metrics.set_report_store(1000, 2000);
  metrics.watch_event("pods");
  metrics.watch_restarted("pods");
  metrics.watch_heard("pods");
  metrics.set_objects("pods", 10'000);
  metrics.api_request("POST", 201, 0.01);
  metrics.api_request("GET", 0, 5);
  metrics.api_request("GET", 200, 300, true);
  metrics.set_leader("edp-operator", true);
  metrics.leader_slowpath("edp-operator");
  auto& queue = metrics.queue("runs");
  queue.set_depth(3);
  queue.added();
  queue.retried();
  queue.waited(0.001);
  queue.worked(0.002);
  queue.set_unfinished(1.5, 1);
  const auto all = series(metrics);
  const std::map<std::string, double> expected{
      {"edp_build_info{revision=\"abc\",version=\"1.2.3\"}", 1},
      {"edp_runs{condition=\"Running\"}", 3},
      {"edp_runs_finished_total{reason=\"Diagnosed\",result=\"Succeeded\"}", 1},
      {"edp_runs_finished_total{reason=\"TargetGone\",result=\"Failed\"}", 1},
      {"edp_run_duration_seconds_count", 2},
      {"edp_run_duration_seconds_sum", 43},
      {"edp_run_queue_wait_seconds_bucket{le=\"0.5\"}", 1},
      {"edp_findings_total{rule=\"GO-SYNCMAP-WRITE-HEAVY\",severity=\"CRITICAL\"}", 2},
      {"edp_jobs_created_total", 1},
      {"edp_jobs_failed_total{reason=\"DeadlineExceeded\"}", 1},
      {"edp_apply_to_job_seconds_bucket{le=\"0.01\"}", 0},
      {"edp_apply_to_job_seconds_bucket{le=\"0.015\"}", 1},
      {"edp_admitted_total{priority=\"Manual\"}", 1},
      {"edp_waiting{priority=\"Periodic\"}", 7},
      {"edp_quota_used_ratio{resource=\"requests.cpu\"}", 0.5},
      {"edp_probe_latency_seconds_count{namespace=\"shop\",workload=\"checkout\"}", 1},
      {"edp_probe_failures_total", 1},
      {"edp_probe_targets", 10},
      {"edp_probe_unready", 2},
      {"edp_target_restarts_total", 4},
      {"edp_breaches_total{kind=\"latency\"}", 1},
      {"edp_reports_stored_total", 1},
      {"edp_reports_rejected_total{reason=\"too_large\"}", 1},
      {"edp_report_store_errors_total{reason=\"no_space\"}", 1},
      {"edp_report_store_bytes", 1000},
      {"edp_report_store_free_bytes", 2000},
      {"edp_watch_events_total{kind=\"pods\"}", 1},
      {"edp_watch_restarts_total{kind=\"pods\"}", 1},
      {"edp_objects{kind=\"pods\"}", 10'000},
      {"edp_api_requests_total{code=\"201\",verb=\"create\"}", 1},
      {"edp_api_requests_total{code=\"0\",verb=\"get\"}", 1},
      {"edp_api_requests_total{code=\"200\",verb=\"watch\"}", 1},
      {"edp_api_request_seconds_count", 2},
      {"workqueue_depth{name=\"runs\"}", 3},
      {"workqueue_adds_total{name=\"runs\"}", 1},
      {"workqueue_retries_total{name=\"runs\"}", 1},
      {"workqueue_queue_duration_seconds_count{name=\"runs\"}", 1},
      {"workqueue_work_duration_seconds_sum{name=\"runs\"}", 0.002},
      {"workqueue_unfinished_work_seconds{name=\"runs\"}", 1.5},
      {"workqueue_longest_running_processor_seconds{name=\"runs\"}", 1},
      {"leader_election_master_status{name=\"edp-operator\"}", 1},
      {"leader_election_slowpath_total{name=\"edp-operator\"}", 1},
  };
  for (const auto& [name, value] : expected) {
    const auto found = all.find(name);
    ASSERT_NE(found, all.end()) << name;
    EXPECT_DOUBLE_EQ(found->second, value) << name;
  }
}

TEST(Metrics, EveryFamilyHasHelpAndType) {
  Metrics metrics;
  std::istringstream in(metrics.exposition());
  std::string line, last_type;
  size_t families = 0;
  while (std::getline(in, line)) {
    if (line.starts_with("# HELP ")) {
      EXPECT_GT(line.size(), line.find(' ', 7) + 10) << line;
    }
    if (line.starts_with("# TYPE ")) ++families;
  }
  EXPECT_GT(families, 15U);
}

TEST(Metrics, ThisProcess) {
  Metrics metrics;
  const auto all = series(metrics);
  EXPECT_GT(all.at("process_resident_memory_bytes"), 1e6);
  EXPECT_GE(all.at("process_cpu_seconds_total"), 0);
  EXPECT_GE(all.at("process_open_fds"), 3);
  EXPECT_GE(all.at("process_threads"), 1);
  EXPECT_NEAR(all.at("process_start_time_seconds"), static_cast<double>(time(nullptr)), 600);
  Metrics nowhere({.proc = "/nonexistent"});
  EXPECT_THAT(nowhere.exposition(), HasSubstr("edp_build_info"));
}

TEST(Metrics, AgeOfAWatchIsTakenAtTheScrape) {
  std::chrono::steady_clock::time_point now{};
  Metrics metrics({.now = [&] { return now; }});
  metrics.watch_heard("pods");
  now += std::chrono::milliseconds(2500);
  EXPECT_DOUBLE_EQ(series(metrics).at("edp_watch_last_heard_seconds{kind=\"pods\"}"), 2.5);
  metrics.watch_heard("pods");
  EXPECT_DOUBLE_EQ(series(metrics).at("edp_watch_last_heard_seconds{kind=\"pods\"}"), 0);
}

TEST(Metrics, WhatALabelMayNotBeIsOther) {
  Metrics metrics;
  for (const char* rule : {"", "go-map", "GO", "GO MAP", "GO\"}\nevil 1", "1GO", "GO_MAP"})
    metrics.finding(rule, "INFO");
  metrics.finding(std::string(65, 'A'), "INFO");
  metrics.finding("GO-MAP", "HIGH");
  metrics.finding("GO-MAP", "INFO", -5);
  metrics.set_runs("Broken", 1);
  metrics.admitted("Urgent");
  metrics.job_failed("two words");
  metrics.api_request("BREW", 999, 1);
  const auto all = series(metrics);
  EXPECT_EQ(all.at("edp_findings_total{rule=\"other\",severity=\"other\"}"), 9);
  EXPECT_EQ(all.at("edp_findings_total{rule=\"GO-MAP\",severity=\"INFO\"}"), 0);
  EXPECT_EQ(count_of(all, "edp_findings_total"), 2U);
  EXPECT_EQ(all.at("edp_runs{condition=\"other\"}"), 1);
  EXPECT_EQ(all.at("edp_admitted_total{priority=\"other\"}"), 1);
  EXPECT_EQ(all.at("edp_jobs_failed_total{reason=\"other\"}"), 1);
  EXPECT_EQ(all.at("edp_api_requests_total{code=\"other\",verb=\"other\"}"), 1);
}

TEST(Metrics, NoLabelGrowsWithoutEnd) {
  Metrics metrics;
  for (int i = 0; i < 3'000; ++i) {
    const std::string n = std::to_string(i);
    metrics.finding("RULE-" + n, i % 2 == 0 ? "INFO" : "WARNING");
    metrics.finding("RULE-" + n, "CRITICAL");
    metrics.run_finished(false, "Reason" + n, 1);
    metrics.job_failed("Reason" + n);
    metrics.report_rejected("Reason" + n);
    metrics.report_store_error("Reason" + n);
    metrics.watch_event("kind" + n);
    metrics.watch_heard("kind" + n);
    metrics.set_objects("kind" + n, 1);
    metrics.breach("kind" + n);
    metrics.set_quota_used("r" + n, 1);
    metrics.set_leader("lease" + n, true);
    metrics.queue("queue" + n).added();
    metrics.probed("ns", "workload" + n, 0.1);
    metrics.api_request("GET", 200 + i % 400, 0.1);
  }
  const auto all = series(metrics);
  EXPECT_LE(count_of(all, "edp_findings_total"), 601U);
  EXPECT_EQ(count_of(all, "edp_findings_total{rule=\"RULE-19"), 2U * 11);  // of the first 200 only
  EXPECT_EQ(count_of(all, "edp_findings_total{rule=\"RULE-2999"), 0U);
  EXPECT_EQ(count_of(all, "edp_jobs_failed_total"), 65U);
  EXPECT_EQ(count_of(all, "edp_runs_finished_total"), 65U);
  EXPECT_EQ(count_of(all, "edp_probe_latency_seconds_count"), 501U);
  EXPECT_EQ(all.at("edp_probe_latency_seconds_count{namespace=\"other\",workload=\"other\"}"), 2'500);
  EXPECT_LE(count_of(all, "workqueue_adds_total"), 17U);
  EXPECT_LE(all.size(), 11'000U);
}

TEST(Metrics, AWorkloadThatIsGoneMakesRoom) {
  Metrics metrics({.probe_workloads = 2});
  metrics.probed("a", "x", 1);
  metrics.probed("a", "y", 1);
  metrics.probes_gone("a", "x");
  metrics.probes_gone("a", "never-there");
  metrics.probed("b", "z", 1);
  const auto all = series(metrics);
  EXPECT_EQ(count_of(all, "edp_probe_latency_seconds_count{namespace=\"a\",workload=\"x\"}"), 0U);
  EXPECT_EQ(count_of(all, "edp_probe_latency_seconds_count{namespace=\"b\",workload=\"z\"}"), 1U);
}

TEST(Metrics, FiguresThatAreNone) {
  Metrics metrics;
  metrics.run_started(std::nan(""));
  metrics.run_started(-1);
  metrics.set_report_store(5, std::nullopt);
  const auto all = series(metrics);
  EXPECT_EQ(all.at("edp_run_queue_wait_seconds_count"), 1);
  EXPECT_EQ(all.at("edp_run_queue_wait_seconds_sum"), 0);
  EXPECT_TRUE(std::isnan(all.at("edp_report_store_free_bytes")));
}

TEST(Metrics, FromManyThreads) {
  Metrics metrics;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 500; ++i) {
        metrics.finding("RULE-" + std::to_string(i % 20), "INFO");
        metrics.probed("ns", "w" + std::to_string(i % 10), 0.1);
        metrics.watch_heard("pods");
        metrics.queue("q" + std::to_string(t)).added();
        if (i % 10 == 0) metrics.probes_gone("ns", "w" + std::to_string(i % 7));
        if (i % 100 == 0) (void)metrics.exposition();
      }
    });
  }
  for (auto& thread : threads) thread.join();
  double sum = 0;
  for (const auto& [name, value] : series(metrics)) sum += name.starts_with("edp_findings_total") ? value : 0;
  EXPECT_EQ(sum, 2'000);
}

}  // namespace
}  // namespace edp::publish
