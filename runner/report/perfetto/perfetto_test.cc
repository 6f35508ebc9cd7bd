#include "runner/report/perfetto/perfetto.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <protozero/pbf_reader.hpp>
#include <set>

#include "runner/model/timeline_builder.h"
#include "runner/report/testing/sample_timeline.h"

namespace edp::report {
namespace {

using protozero::pbf_reader;
namespace pf = perfetto;

struct Event {
  uint64_t time = 0, track = 0, stack = 0, flow = 0, end_of_flow = 0;
  int32_t type = 0;
  int64_t value = 0;
  std::string name, category;
  std::map<std::string, std::string> texts;
};

// Reads the trace as trace_processor does: numbers mean what the sequence has told so far.
class Trace {
 public:
  explicit Trace(const model::Timeline& timeline) {
    EXPECT_TRUE(write_perfetto(timeline, "shop", [&](std::string_view bytes) {
      bytes_ += bytes;
      return true;
    }));
    pbf_reader trace(bytes_);
    while (trace.next(pf::trace::kPacket)) packet(trace.get_message());
    std::ranges::stable_sort(events, {}, &Event::time);
  }

  std::map<uint64_t, std::string> tracks;
  std::map<uint64_t, uint64_t> parents;
  std::vector<Event> events;
  std::map<uint64_t, std::vector<std::string>> stacks;
  std::vector<std::pair<uint64_t, uint64_t>> clocks;

 private:
  void packet(pbf_reader packet) {
    uint64_t time = 0;
    std::optional<pbf_reader> event;
    uint32_t flags = 0;
    while (packet.next()) {
      switch (packet.tag()) {
        case pf::packet::kTimestamp:
          time = packet.get_uint64();
          break;
        case pf::packet::kSequenceId:
          EXPECT_EQ(packet.get_uint32(), 1U);
          break;
        case pf::packet::kSequenceFlags:
          flags = packet.get_uint32();
          break;
        case pf::packet::kInternedData:
          interned(packet.get_message());
          break;
        case pf::packet::kTrackDescriptor:
          track(packet.get_message());
          break;
        case pf::packet::kTrackEvent:
          event = packet.get_message();
          break;
        case pf::packet::kClockSnapshot:
          clock(packet.get_message());
          break;
        default:
          ADD_FAILURE() << "unknown field " << packet.tag();
          packet.skip();
      }
    }
    if (!event) return;
    // The first event clears what was told before; all need what is told.
    EXPECT_EQ(flags,
              events.empty() ? pf::packet::kNeedsState | pf::packet::kStateCleared : pf::packet::kNeedsState);
    read(time, *event);
  }
  void track(pbf_reader track) {
    uint64_t uuid = 0, parent = 0;
    std::string name;
    while (track.next()) {
      if (track.tag() == pf::track::kUuid) {
        uuid = track.get_uint64();
      } else if (track.tag() == pf::track::kParent) {
        parent = track.get_uint64();
      } else if (track.tag() == pf::track::kName) {
        name = track.get_string();
      } else {
        track.skip();
      }
    }
    EXPECT_TRUE(tracks.emplace(uuid, name).second) << "track " << uuid << " is told twice";
    EXPECT_TRUE(parent == 0 || tracks.contains(parent)) << name;
    parents[uuid] = parent;
  }
  void interned(pbf_reader data) {
    while (data.next()) {
      const auto table = data.tag();
      pbf_reader entry = data.get_message();
      uint64_t iid = 0, line = 0;
      std::string text, function, file;
      std::vector<std::string> frames;
      while (entry.next()) {
        if (entry.tag() == pf::interned::kIid) {
          iid = entry.get_uint64();
        } else if (table == pf::interned::kFrame) {
          const uint64_t value = entry.get_uint64();
          if (entry.tag() == pf::interned::kFrameFunction)
            function = texts_[pf::interned::kFunction].at(value);
          if (entry.tag() == pf::interned::kFrameSource) file = texts_[pf::interned::kSourcePath].at(value);
          if (entry.tag() == pf::interned::kFrameLine) line = value;
        } else if (table == pf::interned::kCallstack) {
          frames.push_back(texts_[pf::interned::kFrame].at(entry.get_uint64()));
        } else {
          text = entry.get_string();
        }
      }
      if (table == pf::interned::kFrame) text = function + " " + file + ":" + std::to_string(line);
      EXPECT_GT(iid, 0U);
      if (table == pf::interned::kCallstack) {
        EXPECT_TRUE(stacks.emplace(iid, frames).second);
      } else {
        EXPECT_TRUE(texts_[table].emplace(iid, text).second);
      }
    }
  }
  void read(uint64_t time, pbf_reader message) {
    Event event{.time = time};
    while (message.next()) {
      switch (message.tag()) {
        case pf::event::kType:
          event.type = message.get_enum();
          break;
        case pf::event::kTrack:
          event.track = message.get_uint64();
          EXPECT_TRUE(tracks.contains(event.track));
          break;
        case pf::event::kName:
          event.name = texts_[pf::interned::kEventName].at(message.get_uint64());
          break;
        case pf::event::kCategory:
          event.category = texts_[pf::interned::kCategory].at(message.get_uint64());
          break;
        case pf::event::kCallstack:
          event.stack = message.get_uint64();
          EXPECT_TRUE(stacks.contains(event.stack));
          break;
        case pf::event::kFlow:
          event.flow = message.get_fixed64();
          break;
        case pf::event::kEndOfFlow:
          event.end_of_flow = message.get_fixed64();
          break;
        case pf::event::kCounterValue:
          event.value = message.get_int64();
          break;
        case pf::event::kAnnotation: {
          pbf_reader annotation = message.get_message();
          std::string name, value;
          while (annotation.next()) {
            if (annotation.tag() == pf::annotation::kName) {
              name = texts_[pf::interned::kAnnotationName].at(annotation.get_uint64());
            } else if (annotation.tag() == pf::annotation::kText) {
              value = texts_[pf::interned::kAnnotationText].at(annotation.get_uint64());
            } else {
              value = std::to_string(annotation.get_uint64());
            }
          }
          event.texts[name] = value;
          break;
        }
        default:
          ADD_FAILURE() << "unknown field " << message.tag();
          message.skip();
      }
    }
    events.push_back(std::move(event));
  }
  void clock(pbf_reader snapshot) {
    while (snapshot.next(pf::clock_snapshot::kClocks)) {
      pbf_reader clock = snapshot.get_message();
      uint64_t id = 0, time = 0;
      while (clock.next()) (clock.tag() == pf::clock_snapshot::kClockId ? id : time) = clock.get_uint64();
      clocks.emplace_back(id, time);
    }
  }

  std::string bytes_;
  std::map<uint32_t, std::map<uint64_t, std::string>> texts_;
};

TEST(Perfetto, SlicesNestAndAreAsLongAsTheStates) {
  const model::Timeline timeline = testing::sample_timeline({.rounds = 60});
  const Trace trace(timeline);
  std::map<uint64_t, std::vector<const Event*>> open;
  std::map<std::pair<std::string, std::string>, uint64_t> shown;  // by track and name
  for (const Event& event : trace.events) {
    if (event.type == pf::event::kSliceBegin) open[event.track].push_back(&event);
    if (event.type != pf::event::kSliceEnd) continue;
    ASSERT_EQ(open[event.track].size(), 1U) << trace.tracks.at(event.track) << " at " << event.time;
    const Event& begin = *open[event.track].back();
    open[event.track].pop_back();
    shown[{trace.tracks.at(event.track), begin.name}] += event.time - begin.time;
  }
  for (const auto& [track, slices] : open) EXPECT_TRUE(slices.empty()) << trace.tracks.at(track);

  std::map<std::pair<std::string, std::string>, uint64_t> told;
  for (uint32_t i = 0; i < timeline.goroutines.size(); ++i) {
    const std::string id = std::to_string(timeline.goroutines[i].id);
    const std::string function(timeline.text(timeline.goroutines[i].function));
    for (const model::GoSlice& slice : timeline.slices(i)) {
      if (slice.state == model::GoState::kNotExist) continue;
      const bool waiting = slice.state == model::GoState::kWaiting;
      told[{"G " + id, std::string(waiting ? timeline.text(slice.reason) : to_string(slice.state))}] +=
          static_cast<uint64_t>(slice.duration());
      if (slice.proc == model::kNone) continue;
      told[{"P " + std::to_string(slice.proc), "G " + id + " " + function}] +=
          static_cast<uint64_t>(slice.duration());
    }
  }
  for (const auto& [key, time] : told) EXPECT_EQ(shown[key], time) << key.first << " " << key.second;
}

TEST(Perfetto, AFlowGoesFromWhoLetsGoToWhoIsLetGo) {
  const model::Timeline timeline = testing::sample_timeline({.rounds = 30});
  const Trace trace(timeline);
  size_t told = 0, shown = 0;
  for (uint32_t i = 0; i < timeline.goroutines.size(); ++i) {
    for (const model::GoSlice& slice : timeline.slices(i)) told += slice.by == model::kNone ? 0 : 1;
  }
  std::map<uint64_t, const Event*> active;
  for (const Event& event : trace.events) {
    if (event.flow != 0) {
      EXPECT_TRUE(active.emplace(event.flow, &event).second);
    }
    if (event.end_of_flow == 0) continue;
    const auto from = active.find(event.end_of_flow);
    ASSERT_NE(from, active.end()) << "a flow ends before it begins";
    EXPECT_EQ(from->second->time, event.time);
    EXPECT_EQ("G " + from->second->texts.at("goroutine"), trace.tracks.at(event.track));
    EXPECT_EQ(event.name, "runnable");
    if (from->second->name == "let go") {
      EXPECT_EQ(from->second->texts.at("at"), "main.(*PriceCache).Put price.go:61");
      EXPECT_EQ(trace.stacks.at(from->second->stack).front(), "main.(*API).Quote /src/orders/api.go:88");
      EXPECT_EQ(trace.stacks.at(from->second->stack).back(),
                "sync.(*Mutex).Unlock /usr/local/go/src/sync/mutex.go:65");
    }
    active.erase(from);
    ++shown;
  }
  EXPECT_TRUE(active.empty());
  EXPECT_EQ(shown, told);
  EXPECT_GT(shown, 20U);
}

TEST(Perfetto, CountersLogsAndSamples) {
  const model::Timeline timeline = testing::sample_timeline({.rounds = 60});
  const Trace trace(timeline);
  std::map<std::string, std::vector<int64_t>> counters;
  size_t samples = 0, logs = 0;
  for (const Event& event : trace.events) {
    if (event.type == pf::event::kCounter) counters[trace.tracks.at(event.track)].push_back(event.value);
    if (event.category == "cpu_sample") ++samples;
    if (event.category != "log") continue;
    ++logs;
    EXPECT_EQ(event.name, "shop");
    EXPECT_EQ(event.texts.at("at"), "prices reloaded");
    EXPECT_EQ(trace.tracks.at(event.track), "G 17");
  }
  EXPECT_EQ(samples, timeline.cpu_samples.size());
  EXPECT_EQ(logs, timeline.range_count(model::RangeKind::kLog));
  EXPECT_EQ(counters["Heap live"].size(), timeline.heap_live.size());
  EXPECT_EQ(counters["Heap live"].front(), 90 << 20);
  EXPECT_EQ(counters["Heap goal"].front(), 100 << 20);
}

TEST(Perfetto, RangesThatOverlapHaveTracksOfTheirOwn) {
  model::TimelineBuilder builder;
  const uint32_t goroutine = builder.add_goroutine(4);
  for (const auto& [begin, end] : {std::pair(10, 30), std::pair(20, 40), std::pair(30, 50)}) {
    builder.range({.kind = model::RangeKind::kRegion,
                   .begin = begin,
                   .end = end,
                   .goroutine = goroutine,
                   .text = builder.text("r" + std::to_string(begin))});
  }
  const Trace trace(builder.finish(100));
  std::map<std::string, uint64_t> track_of;
  for (const Event& event : trace.events) {
    if (event.type == pf::event::kSliceBegin) track_of[event.name] = event.track;
  }
  EXPECT_EQ(track_of["r10"], track_of["r30"]);
  EXPECT_NE(track_of["r10"], track_of["r20"]);
  EXPECT_EQ(trace.tracks.at(trace.parents.at(track_of["r20"])), "G 4");
}

TEST(Perfetto, TheWallClockIsTold) {
  model::TimelineBuilder builder;
  builder.timeline().clocks.push_back({.time = 50, .wall_ns = 1'700'000'000'000'000'050});
  const Trace trace(builder.finish(100));
  ASSERT_EQ(trace.clocks.size(), 2U);
  EXPECT_EQ(trace.clocks[0], (std::pair<uint64_t, uint64_t>(pf::clock_snapshot::kBoottime, 0)));
  EXPECT_EQ(trace.clocks[1],
            (std::pair<uint64_t, uint64_t>(pf::clock_snapshot::kRealtime, 1'700'000'000'000'000'000U)));
}

TEST(Perfetto, AFullDiskIsNoticed) {
  size_t pieces = 0;
  EXPECT_FALSE(
      write_perfetto(testing::sample_timeline(), "shop", [&](std::string_view) { return ++pieces > 1; }));
}

}  // namespace
}  // namespace edp::report
