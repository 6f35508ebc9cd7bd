#include "operator/publish/events.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <set>

namespace edp::publish {
namespace {

using nlohmann::json;
using std::chrono::minutes;
using std::chrono::seconds;
using Kind = EventPlan::Kind;

class EventsTest : public ::testing::Test {
 protected:
  static Event event(const std::string& note = "Job edp-1 created", const std::string& name = "why-slow") {
    Event out;
    out.regarding = {"edp.dev/v1alpha1", "DiagnosticRun", "shop", name, "uid-1"};
    out.reason = "JobCreated";
    out.action = "Admit";
    out.note = note;
    return out;
  }
  EventRecorder::Time now{std::chrono::microseconds(1'790'000'000'000'042)};
  EventOptions options{.instance = "edp-operator-abc"};
  EventRecorder recorder{options};
};

TEST_F(EventsTest, TheFirstIsCreated) {
  const auto plan = recorder.plan(event(), now);
  EXPECT_EQ(plan.kind, Kind::kCreate);
  EXPECT_EQ(plan.method, "POST");
  EXPECT_EQ(plan.path, "/apis/events.k8s.io/v1/namespaces/shop/events");
  json body = json::parse(plan.body);
  const auto name = body["metadata"]["name"].get<std::string>();
  EXPECT_TRUE(name.starts_with("why-slow.")) << name;
  body["metadata"].erase("name");
  const json expected = {{"apiVersion", "events.k8s.io/v1"},
                         {"kind", "Event"},
                         {"metadata", {{"namespace", "shop"}}},
                         {"eventTime", "2026-09-21T14:13:20.000042Z"},
                         {"reportingController", "edp-operator"},
                         {"reportingInstance", "edp-operator-abc"},
                         {"type", "Normal"},
                         {"reason", "JobCreated"},
                         {"action", "Admit"},
                         {"note", "Job edp-1 created"},
                         {"regarding",
                          {{"apiVersion", "edp.dev/v1alpha1"},
                           {"kind", "DiagnosticRun"},
                           {"namespace", "shop"},
                           {"name", "why-slow"},
                           {"uid", "uid-1"}}}};
  EXPECT_EQ(body.dump(), expected.dump());
}

TEST_F(EventsTest, TheSameAgainIsCounted) {
  const auto first = recorder.plan(event(), now);
  now += minutes(9);
  const auto second = recorder.plan(event(), now);
  EXPECT_EQ(second.kind, Kind::kPatch);
  EXPECT_EQ(second.method, "PATCH");
  EXPECT_EQ(second.content_type, "application/merge-patch+json");
  EXPECT_EQ(second.path, first.path + "/" + json::parse(first.body)["metadata"]["name"].get<std::string>());
  EXPECT_EQ(json::parse(second.body).dump(),
            R"({"series":{"count":2,"lastObservedTime":"2026-09-21T14:22:20.000042Z"}})");
  // In case the event has expired: the whole of it under the same name.
  const json whole = json::parse(second.create_body);
  EXPECT_EQ(second.create_path, first.path);
  EXPECT_EQ(whole["series"]["count"], 2);
  EXPECT_EQ(whole["eventTime"], "2026-09-21T14:13:20.000042Z");
  now += minutes(9);
  EXPECT_EQ(json::parse(recorder.plan(event(), now).body)["series"]["count"], 3)
      << "ten minutes since the last one";
  now += minutes(10);
  EXPECT_EQ(recorder.plan(event(), now).kind, Kind::kCreate);
}

TEST_F(EventsTest, WhatDiffersIsAnotherEvent) {
  std::set<std::string> names;
  std::vector<Event> events(7, event());
  events[1].note = "another";
  events[2].reason = "Other";
  events[3].warning = true;
  events[4].regarding.uid = "uid-2";
  events[5].related = {"v1", "Pod", "shop", "p", "uid-p"};
  events[6].action = "Look";
  for (const Event& e : events) {
    const auto plan = recorder.plan(e, now);
    ASSERT_EQ(plan.kind, Kind::kCreate);
    names.insert(json::parse(plan.body)["metadata"]["name"]);
  }
  EXPECT_EQ(names.size(), 7U) << "of one microsecond, and yet different";
  for (const Event& e : events) EXPECT_EQ(recorder.plan(e, now).kind, Kind::kPatch);
}

TEST_F(EventsTest, OfClusterObjectsInDefault) {
  Event e = event();
  e.regarding = {"edp.dev/v1alpha1", "DiagnosticPolicy", "", "nightly", "uid"};
  const auto plan = recorder.plan(e, now);
  EXPECT_EQ(plan.path, "/apis/events.k8s.io/v1/namespaces/default/events");
  const json body = json::parse(plan.body);
  EXPECT_EQ(body["metadata"]["namespace"], "default");
  EXPECT_FALSE(body["regarding"].contains("namespace"));
}

TEST_F(EventsTest, AnObjectMayNotFlood) {
  int sent = 0;
  for (int i = 0; i < 1'000; ++i) {
    sent += recorder.plan(event("note " + std::to_string(i)), now).kind != Kind::kDrop ? 1 : 0;
    now += std::chrono::milliseconds(1);
  }
  EXPECT_EQ(sent, 25);
  EXPECT_EQ(recorder.plan(event("x", "other-run"), now).kind, Kind::kCreate) << "others are not hushed";
  now += seconds(301);
  EXPECT_NE(recorder.plan(event("again"), now).kind, Kind::kDrop);
  EXPECT_EQ(recorder.plan(event("again"), now).kind, Kind::kDrop);
}

TEST_F(EventsTest, AClockThatGoesBackGivesNoTokens) {
  for (int i = 0; i < 25; ++i) (void)recorder.plan(event(std::to_string(i)), now);
  EXPECT_EQ(recorder.plan(event("x"), now - std::chrono::hours(5)).kind, Kind::kDrop);
}

TEST_F(EventsTest, RemembersSoManyAndNoMore) {
  options.max_series = 10;
  options.max_objects = 10;
  EventRecorder small(options);
  for (int i = 0; i < 100; ++i)
    EXPECT_EQ(small.plan(event("n", "run-" + std::to_string(i)), now).kind, Kind::kCreate);
  EXPECT_EQ(small.plan(event("n", "run-99"), now).kind, Kind::kPatch);
  EXPECT_EQ(small.plan(event("n", "run-90"), now).kind, Kind::kPatch);
  EXPECT_EQ(small.plan(event("n", "run-0"), now).kind, Kind::kCreate) << "forgotten";
  EXPECT_EQ(small.plan(event("n", "run-90"), now).kind, Kind::kPatch) << "used lately";
  EXPECT_EQ(small.plan(event("n", "run-91"), now).kind, Kind::kCreate) << "made room for run-0";
}

TEST_F(EventsTest, KeepsTheApiserversLimits) {
  Event e = event(std::string(1023, 'x') + "\xC3\xA4" + "tail", std::string(253, 'n'));
  e.reason = std::string(300, 'R');
  e.action = "";
  const json body = json::parse(recorder.plan(e, now).body);
  EXPECT_EQ(body["note"], std::string(1023, 'x')) << "cut before the character, not within";
  EXPECT_EQ(body["reason"].get<std::string>().size(), 128U);
  EXPECT_EQ(body["action"], body["reason"]);
  EXPECT_LE(body["metadata"]["name"].get<std::string>().size(), 253U);
  e.note = "bad \xff\xfe bytes";
  EXPECT_TRUE(json::accept(recorder.plan(e, now).body));
  Event dotted = event("x", "name-");
  dotted.regarding.name = std::string(230, 'a') + std::string(23, '.');
  const auto name = json::parse(recorder.plan(dotted, now).body)["metadata"]["name"].get<std::string>();
  EXPECT_EQ(name.find(".."), std::string::npos) << name;
}

}  // namespace
}  // namespace edp::publish
