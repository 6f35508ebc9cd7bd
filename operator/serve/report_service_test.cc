#include "operator/serve/report_service.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <thread>

#include "common/audit/verify.h"
#include "common/files.h"
#include "common/testing/raw_client.h"
#include "common/testing/small_volume.h"
#include "operator/serve/testing/gzip.h"
#include "operator/serve/testing/service.h"

namespace edp::serve {
namespace {

using edp::testing::RawClient;
using testing::get;
using testing::Got;
using testing::gzip;
using ::testing::HasSubstr;
using testing::key;
using testing::Service;
using ::testing::StartsWith;
using testing::uid;

const std::string kReport = R"({"schema":"edp.report/v1","findings":[]})";
const std::string kPage = "<!DOCTYPE html><html><script>1</script></html>";

std::string digest(const std::string& text) { return "sha256:" + sha256_hex(text); }
std::string reason(const Got& got) {
  const auto json = nlohmann::json::parse(got.body, nullptr, false);
  return json.is_object() && json.contains("error") ? json.value("reason", "") : "no JSON: " + got.body;
}

TEST(ReportService, TakesAReportAndGivesItToWhoMaySeeTheRun) {
  Service service;
  const Got put = service.upload("runner-1", key(1), kReport, {{"X-EDP-Digest", digest(kReport)}});
  EXPECT_EQ(put.status, 201) << put.body;
  EXPECT_EQ(nlohmann::json::parse(put.body),
            nlohmann::json({{"digest", digest(kReport)}, {"bytes", kReport.size()}}));
  EXPECT_EQ(service.upload("runner-1", key(1, ReportFile::kHtml), kPage).status, 201);

  const Got json = service.fetch("alice", Service::path(key(1)));
  EXPECT_EQ(json.status, 200);
  EXPECT_EQ(json.body, kReport);
  EXPECT_EQ(json.headers.at("content-type"), "application/json");
  EXPECT_EQ(json.headers.at("etag"), "\"" + digest(kReport) + "\"");
  EXPECT_EQ(json.headers.at("x-content-type-options"), "nosniff");
  EXPECT_EQ(json.headers.at("content-disposition"), "attachment; filename=\"edp-shop-why-slow.json\"");
  EXPECT_EQ(json.headers.at("cache-control"), "private, no-cache");

  const Got page = service.fetch("alice", Service::path(key(1, ReportFile::kHtml)));
  EXPECT_EQ(page.body, kPage);
  EXPECT_EQ(page.headers.at("content-type"), "text/html; charset=utf-8");
  EXPECT_THAT(page.headers.at("content-security-policy"),
              StartsWith("sandbox allow-scripts; default-src 'none'"));
  EXPECT_THAT(page.headers.at("content-disposition"), StartsWith("inline"));

  const Got head = service.fetch("alice", Service::path(key(1)), {}, "HEAD");
  EXPECT_EQ(head.status, 200);
  EXPECT_EQ(head.headers.at("content-length"), std::to_string(kReport.size()));
  EXPECT_EQ(head.body, "");

  for (const std::string& tag : {json.headers.at("etag"), "W/" + json.headers.at("etag"),
                                 "\"x\", " + json.headers.at("etag"), std::string("*")}) {
    const Got same = service.fetch("alice", Service::path(key(1)), {{"If-None-Match", tag}});
    EXPECT_EQ(same.status, 304) << tag;
    EXPECT_EQ(same.headers.at("etag"), json.headers.at("etag"));
    EXPECT_EQ(same.body, "");
  }
  EXPECT_EQ(service.fetch("alice", Service::path(key(1)), {{"If-None-Match", "\"x\""}}).status, 200);

  const auto events = service.events();
  ASSERT_GE(events.size(), 3U);
  EXPECT_EQ(events[0].kind, ServeEvent::Kind::kStored);
  EXPECT_EQ(events[0].user, testing::kRunner);
  EXPECT_EQ(events[0].bytes, kReport.size());
  EXPECT_EQ(events[0].file, "report.json");
  EXPECT_EQ(events[2].kind, ServeEvent::Kind::kServed);
  EXPECT_EQ(events[2].user, "alice");
  EXPECT_EQ(events[2].peer, "127.0.0.1");
}

TEST(ReportService, ListsTheNewestRunOfAName) {
  int64_t now = 1000;
  Service service([&](ReportServiceOptions& options) { options.now = [&] { return now; }; });
  EXPECT_EQ(reason(service.fetch("alice", "/api/v1/runs/shop/why-slow")), "NotFound");
  ASSERT_TRUE(testing::put(*service.store, key(1, ReportFile::kJson, 7), kReport, 1, 500));
  service.runner_token("runner-2", 2);
  ASSERT_EQ(service.upload("runner-2", key(2), kReport).status, 201);
  now = 1001;
  ASSERT_EQ(service.upload("runner-1", key(1), kReport).status, 201);
  ASSERT_EQ(service.upload("runner-1", key(1, ReportFile::kHtml), kPage).status, 201);
  const Got got = service.fetch("alice", "/api/v1/runs/shop/why-slow");
  ASSERT_EQ(got.status, 200);
  const auto json = nlohmann::json::parse(got.body);
  EXPECT_EQ(json.at("uid"), uid(1));
  ASSERT_EQ(json.at("reports").size(), 3U);
  const auto& first = json.at("reports")[0];
  EXPECT_EQ(first.at("podUid"), uid(1001));
  EXPECT_EQ(first.at("file"), "report.json");
  EXPECT_EQ(first.at("digest"), digest(kReport));
  EXPECT_EQ(first.at("stored"), 1001);
  EXPECT_EQ(service.fetch("alice", first.at("path")).body, kReport);
}

TEST(ReportService, TakesPackedReportsAndRepeatedOnes) {
  Service service;
  EXPECT_EQ(service
                .upload("runner-1", key(1), gzip(kReport),
                        {{"Content-Encoding", "gzip"}, {"X-EDP-Digest", digest(kReport)}})
                .status,
            201);
  EXPECT_EQ(get(*service.store, key(1)), kReport);
  EXPECT_EQ(service.upload("runner-1", key(1), kReport).status, 200);
  const std::string other = R"({"schema":"edp.report/v1","findings":[1]})";
  EXPECT_EQ(service.upload("runner-1", key(1), other).status, 201);
  EXPECT_EQ(get(*service.store, key(1)), other);
  service.runner_token("retry", 1, 2);
  EXPECT_EQ(service.upload("retry", key(1), kReport).status, 201);
  EXPECT_EQ(reason(service.upload("runner-1", key(1), other)), "Superseded");
  EXPECT_EQ(get(*service.store, key(1)), kReport);
}

struct Refusal {
  std::string name;
  std::string token;
  ReportKey to;
  std::string body;
  std::vector<std::pair<std::string, std::string>> headers;
  int status;
  std::string reason;
};
class Refusals : public ::testing::TestWithParam<Refusal> {};
TEST_P(Refusals, LeaveNothingBehind) {
  Service service;
  service.api.add("pod-less", {testing::kRunner, "", {}, {"edp-reports"}, {}});
  service.api.add("other-account", {"system:serviceaccount:shop:edp-runner",
                                    "",
                                    {},
                                    {"edp-reports"},
                                    {{"authentication.kubernetes.io/pod-name", {"edp-runner-1"}},
                                     {"authentication.kubernetes.io/pod-uid", {uid(5011)}}}});
  // The pod that had the name before.
  service.api.add("old-pod", {testing::kRunner,
                              "",
                              {},
                              {"edp-reports"},
                              {{"authentication.kubernetes.io/pod-name", {"edp-runner-1"}},
                               {"authentication.kubernetes.io/pod-uid", {uid(9999)}}}});
  const Refusal& one = GetParam();
  const Got got = service.upload(one.token, one.to, one.body, one.headers);
  EXPECT_EQ(got.status, one.status) << got.body;
  EXPECT_EQ(reason(got), one.reason);
  EXPECT_EQ(got.headers.count("www-authenticate"), one.status == 401 ? 1U : 0U);
  EXPECT_EQ(service.store->usage().reports, 0U);
  EXPECT_EQ(service.store->find(key(1)).error().kind, StoreErrorKind::kNotFound);
  if (one.status != 404) {
    ASSERT_EQ(service.events().size(), 1U);
    EXPECT_EQ(service.events()[0].reason, one.reason);
    EXPECT_EQ(service.events()[0].kind, ServeEvent::Kind::kUploadRefused);
  }
}
INSTANTIATE_TEST_SUITE_P(
    All, Refusals,
    ::testing::Values(
        Refusal{"no_token", "", key(1), kReport, {}, 401, "NoToken"},
        Refusal{"unknown_token", "stolen", key(1), kReport, {}, 401, "BadToken"},
        Refusal{"token_of_another_audience", "alice", key(1), kReport, {}, 401, "BadToken"},
        Refusal{"another_account", "other-account", key(1), kReport, {}, 403, "NotARunner"},
        Refusal{"token_without_pod", "pod-less", key(1), kReport, {}, 403, "NotARunner"},
        Refusal{"pod_that_was_there_before", "old-pod", key(1), kReport, {}, 403, "NotARunner"},
        Refusal{"another_target", "runner-1", key(2), kReport, {}, 403, "OtherTarget"},
        Refusal{"another_run", "runner-1", key(1, ReportFile::kJson, 2), kReport, {}, 403, "OtherTarget"},
        Refusal{"another_name",
                "runner-1",
                key(1, ReportFile::kJson, 1, "other"),
                kReport,
                {},
                403,
                "OtherTarget"},
        Refusal{"another_namespace",
                "runner-1",
                {"bank", "why-slow", uid(1), uid(1001), ReportFile::kJson},
                kReport,
                {},
                403,
                "OtherTarget"},
        Refusal{"no_report", "runner-1", key(1), "hello", {}, 422, "NotAReport"},
        Refusal{"no_page", "runner-1", key(1, ReportFile::kHtml), kReport, {}, 422, "NotAReport"},
        Refusal{"cut_report", "runner-1", key(1), kReport.substr(0, 20), {}, 422, "NotAReport"},
        Refusal{
            "deep_report", "runner-1", key(1), "{\"a\":" + std::string(500'000, '['), {}, 422, "NotAReport"},
        Refusal{"wrong_digest",
                "runner-1",
                key(1),
                kReport,
                {{"X-EDP-Digest", digest("x")}},
                422,
                "DigestMismatch"},
        Refusal{"no_digest", "runner-1", key(1), kReport, {{"X-EDP-Digest", "md5:1"}}, 422, "BadDigest"},
        Refusal{"unknown_encoding",
                "runner-1",
                key(1),
                kReport,
                {{"Content-Encoding", "br"}},
                415,
                "BadEncoding"},
        Refusal{"not_gzip", "runner-1", key(1), kReport, {{"Content-Encoding", "gzip"}}, 422, "NotGzip"},
        Refusal{"too_large", "runner-1", key(1), std::string(1'000'001, ' '), {}, 413, "TooLarge"},
        Refusal{"bomb",
                "runner-1",
                key(1),
                gzip("{\"schema\":\"edp.report/v1\"}" + std::string(100'000'000, ' ')),
                {{"Content-Encoding", "gzip"}},
                413,
                "TooLarge"},
        Refusal{"bad_namespace",
                "runner-1",
                {"..", "why-slow", uid(1), uid(1001), ReportFile::kJson},
                kReport,
                {},
                404,
                "NotFound"},
        Refusal{"bad_name",
                "runner-1",
                {"shop", "%2e%2e", uid(1), uid(1001), ReportFile::kJson},
                kReport,
                {},
                404,
                "NotFound"},
        Refusal{"bad_uid",
                "runner-1",
                {"shop", "why-slow", "1", uid(1001), ReportFile::kJson},
                kReport,
                {},
                404,
                "NotFound"}),
    [](const auto& test) { return test.param.name; });

TEST(ReportService, ShowsNothingToOthers) {
  Service service;
  ASSERT_EQ(service.upload("runner-1", key(1), kReport).status, 201);
  for (const std::string& target : {Service::path(key(1)), std::string("/api/v1/runs/shop/why-slow")}) {
    const Got anonymous = service.fetch("", target);
    EXPECT_EQ(anonymous.status, 401);
    EXPECT_EQ(reason(anonymous), "NoToken");
    EXPECT_THAT(anonymous.headers.at("www-authenticate"), StartsWith("Bearer"));
    EXPECT_EQ(service.fetch("stolen", target).status, 401);
    EXPECT_EQ(service.fetch("runner-1", target).status, 401);  // runners only bring
    const Got bob = service.fetch("bob", target);
    EXPECT_EQ(bob.status, 403);
    EXPECT_EQ(reason(bob), "Forbidden");
    EXPECT_EQ(bob.body.find(kReport), std::string::npos);
  }
  // Whether a run is there is nobody's business either.
  EXPECT_EQ(service.fetch("bob", Service::path(key(9))).status, 403);
  EXPECT_EQ(service.fetch("alice", "/api/v1/runs/bank/why-slow").status, 403);
  EXPECT_EQ(service.fetch("alice", Service::path(key(9))).status, 404);
  for (const std::string target : {"/api/v1/runs/shop/why-slow/../../bank/x", "/api/v1/runs/shop/%2e%2e",
                                   "/api/v1/runs/shop/why-slow/x/targets/y/report.json",
                                   "/api/v1/runs//why-slow", "/api/v1/runs/shop/why-slow/", "/etc/passwd"}) {
    EXPECT_EQ(service.fetch("alice", target).status, 404) << target;
  }
  EXPECT_EQ(service.fetch("alice", Service::path(key(1)), {}, "DELETE").status, 405);
}

TEST(ReportService, NeverOpensWhenTheApiserverIsAway) {
  Service service([](ReportServiceOptions& options) { options.review.cache_time = std::chrono::seconds(0); });
  ASSERT_EQ(service.upload("runner-1", key(1), kReport).status, 201);
  for (const int status : {-1, 403, 500}) {
    service.api.status = status;
    const Got get = service.fetch("alice", Service::path(key(1)));
    EXPECT_EQ(get.status, 503);
    EXPECT_EQ(reason(get), "ReviewUnavailable");
    EXPECT_EQ(get.headers.at("retry-after"), "5");
    EXPECT_EQ(get.body.find("10.0.0.1"), std::string::npos);
    EXPECT_EQ(service.upload("runner-1", key(1), kReport).status, 503);
  }
  EXPECT_EQ(service.events().back().kind, ServeEvent::Kind::kUnavailable);
  EXPECT_FALSE(service.events().back().detail.empty());
  service.api.status = 0;
  service.runners.is_ready = false;
  service.api.add("late", {testing::kRunner,
                           "",
                           {},
                           {"edp-reports"},
                           {{"authentication.kubernetes.io/pod-name", {"edp-late"}},
                            {"authentication.kubernetes.io/pod-uid", {uid(77)}}}});
  EXPECT_EQ(reason(service.upload("late", key(1), kReport)), "NotReady");
  service.runners.is_ready = true;
  EXPECT_EQ(reason(service.upload("late", key(1), kReport)), "NotARunner");
}

TEST(ReportService, SaysWhenAStoredReportIsDamaged) {
  Service service;
  ASSERT_EQ(service.upload("runner-1", key(1), kReport).status, 201);
  const std::string hex = sha256_hex(kReport);
  service.dir.write("reports/blobs/sha256/" + hex.substr(0, 2) + "/" + hex, "something else");
  const Got got = service.fetch("alice", Service::path(key(1)));
  EXPECT_EQ(got.status, 500);
  EXPECT_EQ(reason(got), "Corrupt");
  EXPECT_EQ(got.body.find("blobs"), std::string::npos);
  EXPECT_EQ(service.events().back().kind, ServeEvent::Kind::kFailed);
  EXPECT_THAT(service.events().back().detail, HasSubstr("blobs"));
}

// A service whose acts are audited on a disk that may fail.
struct AuditedService {
  edp::testing::TempDir dir;
  const std::string path = dir.path() / "a.jsonl";
  std::atomic<bool> full{false};
  std::unique_ptr<audit::Log> log =
      std::move(*audit::Log::open({.path = path, .calls = {.write = [this](int fd, std::string_view bytes) {
                                                   return full ? ENOSPC : write_all(fd, bytes);
                                                 }}}));
  audit::Journal journal{*log};
  Service service{[this](ReportServiceOptions& options) { options.journal = &journal; }};

  // "act outcome actor", and the intention or the reason.
  std::vector<std::string> lines() const {
    std::vector<std::string> told;
    (void)audit::for_each_line(path, [&](std::string_view text, uint64_t, bool) {
      const auto line = audit::parse_line(text);
      if (!line || line->act.starts_with("audit.")) return true;
      told.push_back(line->act + " " + line->outcome + " " + line->object["actor"].value("name", "") +
                     (line->intent ? " of " + std::to_string(*line->intent) : "") +
                     (line->object.contains("reason") ? " " + line->object.value("reason", "") : ""));
      return true;
    });
    return told;
  }
};

TEST(ReportService, WhatItDoesIsInTheAudit) {
  AuditedService audited;
  Service& service = audited.service;
  EXPECT_EQ(service.upload("runner-1", key(1), kReport).status, 201);
  EXPECT_EQ(service.upload("runner-1", key(2), kReport).status, 403);
  EXPECT_EQ(service.fetch("alice", Service::path(key(1))).status, 200);
  EXPECT_EQ(service.fetch("alice", "/api/v1/runs/shop/why-slow").status, 200);
  EXPECT_EQ(service.fetch("bob", Service::path(key(1))).status, 403);
  const std::string runner = testing::kRunner;
  const auto lines = audited.lines();
  ASSERT_EQ(lines.size(), 6U);
  EXPECT_EQ(lines[0], "report.upload intended " + runner);
  EXPECT_EQ(lines[1], "report.upload done " + runner + " of 2");
  EXPECT_THAT(lines[2], StartsWith("report.upload refused " + runner + " 403 "));
  EXPECT_EQ(lines[3], "report.download done alice");
  EXPECT_EQ(lines[4], "report.list done alice");
  EXPECT_EQ(lines[5], "report.download refused bob 403 Forbidden");
}

TEST(ReportService, WhatCantBeAuditedIsNotDone) {
  AuditedService audited;
  Service& service = audited.service;
  EXPECT_EQ(service.upload("runner-1", key(1), kReport).status, 201);
  audited.full = true;
  const std::string other = kReport + "\n";
  const Got put = service.upload("runner-1", key(1), other);
  EXPECT_EQ(put.status, 503);
  EXPECT_EQ(reason(put), "AuditUnavailable");
  EXPECT_EQ(get(*service.store, key(1)), kReport);  // not replaced
  EXPECT_EQ(reason(service.fetch("alice", Service::path(key(1)))), "AuditUnavailable");
  EXPECT_EQ(reason(service.fetch("alice", "/api/v1/runs/shop/why-slow")), "AuditUnavailable");
  EXPECT_THAT(service.events().back().detail, HasSubstr("No space left on device"));
  audited.full = false;
  EXPECT_EQ(service.upload("runner-1", key(1), other).status, 201);
  EXPECT_EQ(service.fetch("alice", Service::path(key(1))).body, other);
}

TEST(ReportService, RefusedStrangersDontFillTheAudit) {
  AuditedService audited;
  for (int i = 0; i < 70; ++i) EXPECT_EQ(audited.service.fetch("nobody", Service::path(key(1))).status, 401);
  EXPECT_EQ(audited.lines().size(), 60U);
}

TEST(ReportService, AnswersAFullDiskWith507) {
  const std::string said = edp::testing::in_small_volume("/tmp", "3m", []() -> std::string {
    Service service;
    std::string large = kReport;
    large.insert(large.size() - 1, 900'000, ' ');
    int stored = 0;
    int full = 0;
    for (int pod = 1; pod <= 6; ++pod) {
      service.runner_token("t" + std::to_string(pod), pod);
      // Without a length: the service finds out while it writes.
      const Got got = service.upload("t" + std::to_string(pod), key(pod), gzip(large + std::string(pod, ' ')),
                                     {{"Content-Encoding", "gzip"}});
      if (got.status == 201) {
        ++stored;
        if (get(*service.store, key(pod)).size() != large.size() + pod)
          return "an acknowledged report is not there";
      } else if (got.status == 507 && reason(got) == "DiskFull") {
        ++full;
        if (service.events().back().kind != ServeEvent::Kind::kDiskFull) return "no event";
      } else {
        return "status " + std::to_string(got.status) + " " + got.body;
      }
    }
    if (stored != 3 || full != 3)
      return std::to_string(stored) + " stored, " + std::to_string(full) + " refused";
    return "";
  });
  EXPECT_EQ(said, "");
}

TEST(ReportService, TakesManyUploadsAtOnceBesideHostileClients) {
  Service service([](ReportServiceOptions& options) { options.max_uploads = 16; });
  std::atomic<bool> done{false};
  std::vector<std::thread> hostile;
  // Uploads that never end, lie about their length, or break off, all with a good token.
  for (int h = 0; h < 3; ++h) {
    hostile.emplace_back([&, h] {
      while (!done) {
        RawClient client(service.server->port(), service.identity->ca_pem());
        std::string head = "PUT " + Service::path(key(1)) + " HTTP/1.1\r\nAuthorization: Bearer runner-1\r\n";
        head +=
            h == 0 ? "Content-Length: 500000\r\n\r\n{" : "Transfer-Encoding: chunked\r\n\r\n5\r\n{\"a\":\r\n";
        client.send(head);
        if (h == 1)
          client.reset();
        else
          std::this_thread::sleep_for(std::chrono::milliseconds(100));
      }
    });
  }
  std::atomic<int> good{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 8; ++t) service.runner_token("up" + std::to_string(t), 10 + t);
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 10; ++i) {
        std::string text =
            R"({"schema":"edp.report/v1","n":")" + std::to_string(t) + "." + std::to_string(i) + "\"}";
        text.insert(text.size() - 1, 100'000, ' ');
        const Got got = service.upload("up" + std::to_string(t), key(10 + t), text);
        const Got back = service.fetch("alice", Service::path(key(10 + t)));
        good += got.status == 201 && back.body == text ? 1 : 0;
      }
    });
  }
  for (auto& thread : threads) thread.join();
  done = true;
  for (auto& thread : hostile) thread.join();
  EXPECT_EQ(good, 80);
  EXPECT_EQ(service.store->find(key(1)).error().kind, StoreErrorKind::kNotFound);
}

TEST(ReportService, BoundsUploadsAtOnce) {
  Service service([](ReportServiceOptions& options) { options.max_uploads = 1; });
  RawClient slow(service.server->port(), service.identity->ca_pem());
  slow.send("PUT " + Service::path(key(1)) +
            " HTTP/1.1\r\nAuthorization: Bearer runner-1\r\nContent-Length: " +
            std::to_string(kReport.size()) + "\r\n\r\n{");
  std::this_thread::sleep_for(std::chrono::milliseconds(200));
  const Got busy = service.upload("runner-1", key(1), kReport);
  EXPECT_EQ(busy.status, 503);
  EXPECT_EQ(reason(busy), "Busy");
  slow.send(kReport.substr(1));
  EXPECT_THAT(slow.read_answer(), StartsWith("HTTP/1.1 201"));
  EXPECT_EQ(service.upload("runner-1", key(1), kReport).status, 200);
}

}  // namespace
}  // namespace edp::serve
