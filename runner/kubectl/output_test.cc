#include "runner/kubectl/output.h"

#include <gtest/gtest.h>
#include <yaml-cpp/yaml.h>

#include "operator/kube/client.h"
#include "runner/kubectl/reports.h"
#include "runner/kubectl/top.h"

namespace edp::kubectl {
namespace {

TEST(TableTest, AlignsAndDisarms) {
  EXPECT_EQ(table({{"NAME", "AGE"}, {"a", "5m"}, {"\x1b[31mlong name", ""}}),
            "NAME             AGE\n"
            "a                5m\n"
            " [31mlong name\n");
}

// Whatever the text, YAML gives it back as the same text.
TEST(YamlTest, KeepsStringsStrings) {
  for (const char* text :
       {"plain", "true", "No",   "null",   "~",    "1",     "1e3", "0x1f", "2026-05-04", "",
        " x",    "a: b", "- a",  "#x",     "a\nb", "\"q\"", "'",   "\\",   "%",          "@",
        "é",     "y",    "1:30", "tab\tx", "{}",   "[]",    "*a",  "&a",   "!x"}) {
    const YAML::Node node = YAML::Load(to_yaml({{"key", text}, {"list", {text}}}));
    EXPECT_EQ(node["key"].as<std::string>(), text);
    EXPECT_EQ(node["list"][0].as<std::string>(), text);
    EXPECT_NE(node["key"].Type(), YAML::NodeType::Null) << text;
  }
}

TEST(YamlTest, WritesNestedObjects) {
  EXPECT_EQ(to_yaml(Json::parse(R"({"a":{"b":[1,{"c":true}],"d":{},"e":[]},"f":null})")),
            "a:\n  b:\n    - 1\n    -\n      c: true\n  d: {}\n  e: []\nf: null\n");
}

TEST(TimeTest, AgesAreShort) {
  const int64_t then = seconds_of("2026-05-04T03:12:00Z");
  EXPECT_EQ(then, 1777864320);
  EXPECT_EQ(seconds_of("yesterday"), 0);
  EXPECT_EQ(age(then, then + 119), "119s");
  EXPECT_EQ(age(then, then + 120), "2m");
  EXPECT_EQ(age(then, then + 7200), "2h");
  EXPECT_EQ(age(then, then + 3 * 86'400), "3d");
  EXPECT_EQ(age(then, then - 5), "0s");
  EXPECT_EQ(age(0, then), "");
}

TEST(ServiceUrlTest, KnowsServicesOfTheCluster) {
  const auto service = service_url("https://edp-reports.edp.svc:8443/api/v1/runs/shop/x");
  ASSERT_TRUE(service);
  EXPECT_EQ(service->name, "edp-reports");
  EXPECT_EQ(service->ns, "edp");
  EXPECT_EQ(service->proxy_path, "/api/v1/namespaces/edp/services/https:edp-reports:8443/proxy");
  EXPECT_TRUE(service_url("http://r.ns.svc.cluster.local"));
  for (const char* other : {"https://reports.example.com", "https://edp-reports:8443", "https://a.b.svcs",
                            "https://svc", "", "x"}) {
    EXPECT_FALSE(service_url(other)) << other;
  }
}

Json pod(const char* name, const char* uid, int restarts) {
  return {{"metadata", {{"name", name}, {"namespace", "shop"}, {"uid", uid}}},
          {"status", {{"containerStatuses", {{{"restartCount", restarts}}}}}}};
}
Json run(const char* name, const char* end, const char* uid, int critical, int warning,
         const char* digest = "sha256:1") {
  return {{"metadata", {{"name", name}}},
          {"status",
           {{"completionTime", end},
            {"targets",
             {{{"pod", "p"},
               {"uid", uid},
               {"digest", digest},
               {"findings", {{"critical", critical}, {"warning", warning}}}}}},
            {"worst", {{{"title", name}, {"pod", "p"}}}}}}};
}

TEST(TopTest, TakesEachPodsLatestReportAndPutsTheWorstFirst) {
  const auto rows = top_rows(
      {pod("quiet", "1", 0), pod("restarted", "2", 9), pod("warned", "3", 0), pod("bad", "4", 0)},
      {run("late", "2026-05-04T04:00:00Z", "1", 0, 0), run("early", "2026-05-04T03:00:00Z", "1", 5, 0),
       run("w", "2026-05-04T03:00:00Z", "3", 0, 2), run("c", "2026-05-04T03:00:00Z", "4", 1, 0),
       run("unfinished", "2026-05-04T05:00:00Z", "4", 0, 0, "")});
  ASSERT_EQ(rows.size(), 4U);
  EXPECT_EQ(rows[0].pod, "bad");
  EXPECT_EQ(rows[0].worst, "c");
  EXPECT_EQ(rows[1].pod, "warned");
  EXPECT_EQ(rows[2].pod, "quiet");
  EXPECT_EQ(rows[2].run, "late");
  EXPECT_EQ(rows[3].pod, "restarted");
  EXPECT_FALSE(rows[3].judged);
}

// A pod of the same name that came after the diagnosed one has not been judged.
TEST(TopTest, GoesByUid) {
  const auto rows = top_rows({pod("p", "new", 0)}, {run("r", "2026-05-04T04:00:00Z", "old", 1, 0)});
  ASSERT_EQ(rows.size(), 1U);
  EXPECT_FALSE(rows[0].judged);
}

}  // namespace
}  // namespace edp::kubectl
