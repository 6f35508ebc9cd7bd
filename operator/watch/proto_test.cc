#include "operator/watch/proto.h"

#include <gtest/gtest.h>

#include <fstream>
#include <protozero/pbf_writer.hpp>
#include <sstream>
#include <string>
#include <vector>

#include "operator/watch/readers.h"
#include "operator/watch/splitter.h"

namespace edp::watch {
namespace {

std::string recorded(const std::string& name) {
  std::ifstream file(EDP_SOURCE_DIR "/tests/data/kube/" + name, std::ios::binary);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

struct Event {
  std::string type, object;
};

std::vector<Event> events_of(const std::string& stream, size_t chunk) {
  std::vector<Event> events;
  EventSplitter splitter(1 << 20, [&](std::string_view bytes) {
    const auto event = split_event(bytes);
    EXPECT_TRUE(event) << event.error().to_string();
    if (event) events.push_back({std::string(event->type), std::string(event->object)});
    return true;
  });
  for (size_t at = 0; at < stream.size(); at += chunk)
    splitter.feed(std::string_view(stream).substr(at, chunk));
  return events;
}

std::string show(const PodRecord& pod) {
  std::ostringstream out;
  const auto text = [&](std::string_view value) { out << '[' << value << ']'; };
  text(pod.ns.view()), text(pod.name), text(pod.uid), text(pod.owner_kind.view()),
      text(pod.owner_name.view());
  text(pod.node.view()), text(pod.ip), text(pod.pprof_path.view()), text(pod.pprof_scheme.view());
  for (const auto& [key, value] : *pod.labels) text(key.view()), text(value.view());
  out << pod.version << ' ' << pod.created << ' ' << pod.ready_since << ' ' << static_cast<int>(pod.phase)
      << ' ' << pod.ready << pod.deleting << ' ' << pod.restarts << ' ' << pod.last_termination.exit_code
      << ' ' << pod.last_termination.finished << ' ' << static_cast<int>(pod.readiness.kind) << ' '
      << pod.readiness.port << ' ' << pod.readiness.timeout_seconds << ' ' << pod.readiness.period_seconds
      << ' ' << pod.pprof_port;
  text(pod.last_termination.reason.view()), text(pod.readiness.path.view());
  if (pod.runner == nullptr) return out.str();
  text(pod.runner->message), text(pod.runner->waiting_reason), text(pod.runner->waiting_message);
  out << pod.runner->exit_code.value_or(-1);
  return out.str();
}

// Kubernetes 1.37.2's own answers to one question, in both forms.
TEST(ReadProto, SaysOfPodsWhatJsonSays) {
  const std::vector<Event> json = events_of(recorded("pods.watch.json"), 1000);
  const std::string stream = recorded("pods.watch.pb");
  for (const size_t chunk : {stream.size(), size_t{1}, size_t{7}, size_t{4096}}) {
    const std::vector<Event> proto = events_of(stream, chunk);
    ASSERT_EQ(proto.size(), json.size());
    for (size_t i = 0; i < json.size(); ++i) {
      EXPECT_EQ(proto[i].type, json[i].type);
      if (json[i].type == "BOOKMARK") continue;
      const auto a = read_pod(json[i].object), b = read_pod(proto[i].object);
      ASSERT_TRUE(a && b) << b.error().to_string();
      EXPECT_EQ(show(*b), show(*a));
      const auto identity = read_identity(proto[i].object);
      ASSERT_TRUE(identity);
      EXPECT_EQ(identity->name + "/" + identity->uid, a->name + "/" + a->uid);
      EXPECT_EQ(metadata_resource_version(proto[i].object), std::to_string(a->version));
    }
  }
}

TEST(ReadProto, ReadsTheRecordedPodsWhole) {
  const std::vector<Event> events = events_of(recorded("pods.watch.pb"), 100'000);
  ASSERT_EQ(events.size(), 5U);
  const auto runner = read_pod(events[0].object), rich = read_pod(events[3].object);
  ASSERT_TRUE(runner && rich);
  ASSERT_NE(runner->runner, nullptr);
  EXPECT_EQ(runner->runner->exit_code, 0);
  EXPECT_TRUE(runner->runner->message.starts_with(R"({"schema":"edp.summary/v1")"))
      << runner->runner->message;
  EXPECT_EQ(rich->readiness.kind, ReadinessProbe::Kind::kHttps);
  EXPECT_EQ(rich->readiness.port, 8443);
  EXPECT_EQ(rich->readiness.path, "/ready?x=1");
  EXPECT_EQ(rich->pprof_port, 7000);
  EXPECT_EQ(rich->restarts, 3);
  EXPECT_EQ(rich->last_termination.reason, "OOMKilled");
  EXPECT_EQ(rich->owner_name, "checkout-7d4b9");
  EXPECT_EQ(rich->ready_since, parse_time("2026-11-25T10:00:05Z"));
}

TEST(ReadProto, FindsTheEndOfAStreamingList) {
  const auto end = read_list_meta(events_of(recorded("pods.watch.pb"), 100'000).at(4).object);
  ASSERT_TRUE(end);
  EXPECT_TRUE(end->initial_events_end);
  EXPECT_EQ(end->resource_version, "10489");
}

std::string envelope(const std::string& object) {
  std::string unknown(kube::kProtobufMagic);
  protozero::pbf_writer(unknown).add_bytes(2, object);
  return unknown;
}

std::string message_of_seconds(int64_t seconds) {
  std::string time;
  protozero::pbf_writer(time).add_int64(1, seconds);
  return time;
}

TEST(ReadProto, ReadsEphemeralContainers) {
  const auto message = [](auto&& write) {
    std::string bytes;
    protozero::pbf_writer writer(bytes);
    write(writer);
    return bytes;
  };
  using Writer = protozero::pbf_writer;
  const std::string name = "edp-0123456789ab-1";
  const auto named = message([&](Writer& w) { w.add_string(1, name); });
  const auto spec =
      message([&](Writer& w) { w.add_message(34, message([&](Writer& c) { c.add_message(1, named); })); });
  const auto ended = message([](Writer& w) {
    w.add_int32(1, 0);
    w.add_string(4, "the verdict");
    w.add_message(6, message_of_seconds(1767323045));
  });
  const auto state = message([&](Writer& w) { w.add_message(3, ended); });
  const auto status = message([&](Writer& w) {
    w.add_string(1, name);
    w.add_message(2, state);
  });
  const auto pod_of = [&](bool with_status) {
    return envelope(message([&](Writer& w) {
      w.add_message(1, message([](Writer& m) { m.add_string(1, "p"); }));
      w.add_message(2, spec);
      if (with_status) w.add_message(3, message([&](Writer& p) { p.add_message(13, status); }));
    }));
  };
  const auto begun = read_pod(pod_of(false)), over = read_pod(pod_of(true));
  ASSERT_TRUE(begun && begun->ephemeral && over && over->ephemeral);
  EXPECT_EQ(*begun->ephemeral, (std::vector{EphemeralContainer{.name = name}}));
  EXPECT_EQ(*over->ephemeral,
            (std::vector{EphemeralContainer{
                .name = name, .state = {.message = "the verdict", .exit_code = 0}, .finished = 1767323045}}));
}

TEST(ReadProto, PassesOverWhatItDoesNotKnow) {
  std::string meta, pod;
  {
    protozero::pbf_writer writer(meta);
    writer.add_string(1, "p");
    writer.add_string(99, "from the future");
    writer.add_int64(3, 7);  // a namespace that is a number
  }
  {
    protozero::pbf_writer writer(pod);
    writer.add_message(1, meta);
    writer.add_fixed64(77, 1);
  }
  const auto read = read_pod(envelope(pod));
  ASSERT_TRUE(read) << read.error().to_string();
  EXPECT_EQ(read->name, "p");
  EXPECT_EQ(read->ns, "");
}

TEST(ReadProto, SaysWhatIsBroken) {
  const std::string stream = recorded("pods.watch.pb");
  const std::string whole = events_of(stream, stream.size()).at(3).object;
  // The envelope's last two fields, both empty, are not missed.
  for (size_t size = 0; size + 4 < whole.size(); ++size) {
    ASSERT_FALSE(read_pod(std::string_view(whole).substr(0, size))) << size;
  }
  const auto error = read_pod(std::string_view(whole).substr(0, 100));
  EXPECT_NE(error.error().to_string().find("not valid protobuf"), std::string::npos)
      << error.error().to_string();
  EXPECT_FALSE(read_pod(envelope("")));  // without a name
}

TEST(FrameSplitter, LeavesOutWhatIsTooLongOrEmpty) {
  const auto frame = [](const std::string& text) {
    return std::string{'\0', '\0', static_cast<char>(text.size() >> 8U), static_cast<char>(text.size())} +
           text;
  };
  const std::string stream =
      frame("a") + frame("") + frame(std::string(300, 'x')) + frame("bc") + frame("de").substr(0, 5);
  for (size_t chunk = 1; chunk <= stream.size(); ++chunk) {
    std::string found;
    FrameSplitter splitter(200, [&](std::string_view bytes) {
      found += std::string(bytes) + " ";
      return true;
    });
    for (size_t at = 0; at < stream.size(); at += chunk)
      splitter.feed(std::string_view(stream).substr(at, chunk));
    EXPECT_EQ(found, "a bc ") << chunk;
    EXPECT_EQ(splitter.too_long(), 1U);
  }
}

TEST(SplitEvent, NamesABrokenFrame) {
  EXPECT_FALSE(split_event(std::string_view("\n\5ADD", 5)));
  EXPECT_FALSE(split_event(std::string_view("\n\5ADDED", 7)));  // no object
}

}  // namespace
}  // namespace edp::watch
