// What a reader tells does not depend on the pieces in which the bytes come, whatever they are.
#include <gtest/gtest.h>

#include <array>
#include <span>

#include "runner/decode/go_trace/reader.h"
#include "tests/support/files.h"

namespace edp::decode::go_trace {
namespace {

using namespace std::string_literals;

// Everything that is told, in order.
class Recorder : public EventSink {
 public:
  void on_trace(const TraceStart& start) override { add("trace", start.go_minor, start.offset); }
  void on_generation(const GenerationStart& start) override {
    add("generation", start.number, start.offset, start.time);
  }
  void on_event(const Event& event) override {
    add("event", event.type, event.time, event.args[0], event.goroutine, event.subject);
  }
  void on_problem(std::string what) override { told += "problem " + what + "\n"; }
  void on_gap(int64_t time) override { add("gap", time); }
  void on_trace_end(int64_t time, uint64_t bytes) override { add("end", time, bytes); }

  std::string told;

 private:
  template <typename... Numbers>
  void add(const char* what, Numbers... numbers) {
    told += what;
    ((told += " " + std::to_string(numbers)), ...);
    told += "\n";
  }
};

// Pieces end at `ends`, which may reach beyond the bytes.
std::string told(std::string_view bytes, std::span<const size_t> ends) {
  Recorder recorder;
  TraceReader reader(recorder);
  size_t at = 0;
  Result<void> read;
  for (size_t i = 0; read && at < bytes.size(); ++i) {
    const size_t end = i < ends.size() ? std::min(ends[i], bytes.size()) : bytes.size();
    read = reader.feed(bytes.substr(at, end - at));
    at = end;
  }
  if (read) read = reader.finish();
  return recorder.told + (read ? "" : read.error().to_string());
}

std::string told_in_pieces(std::string_view bytes, size_t size) {
  std::vector<size_t> ends;
  for (size_t end = size; end < bytes.size(); end += size) ends.push_back(end);
  return told(bytes, ends);
}

std::string trace(const char* name) { return edp::testing::read_file(edp::testing::corpus_traces() / name); }

// A generation trace, a format that is not known, a one-stream trace without its end, another two.
std::string several() {
  const std::string one = trace("go122-create-syscall-reuse-thread-id.trace"),
                    two = trace("go125-sync.trace"), stream = trace("user_task_region_1_19_good");
  return one + "go 1.24 trace\0\0\0 and what it may hold "s + two + stream.substr(0, stream.size() - 200) +
         one.substr(0, one.size() - 5) + trace("go123-sync.trace");
}

TEST(GoTracePieces, AreAllTheSameToASoundInput) {
  const std::string bytes = trace("go125-sync.trace") + trace("go122-task-across-generations.trace");
  const std::string whole = told(bytes, {});
  for (size_t size = 1; size < 70; ++size) ASSERT_EQ(told_in_pieces(bytes, size), whole) << size;
}

TEST(GoTracePieces, ATraceBehindAnUnknownOneIsFoundWhereverItIsSplit) {
  const std::string bytes = several();
  const std::string whole = told(bytes, {});
  EXPECT_NE(whole.find("trace 25 "), std::string::npos) << whole;
  EXPECT_NE(whole.find("trace 19 "), std::string::npos) << whole;
  EXPECT_NE(whole.find("trace 23 "), std::string::npos) << whole;
  for (size_t at = 1; at < bytes.size(); ++at) ASSERT_EQ(told(bytes, std::array{at}), whole) << at;
}

// Each byte in turn is damaged, in several ways.
TEST(GoTracePieces, DamageIsToldTheSameInAnyPieces) {
  const std::string sound = several();
  const size_t end = sound.find("go 1.19") + 100;  // the one-stream trace is held whole in any case
  for (size_t at = 0; at < end; ++at) {
    for (const char damage : {'\x01', '\xff'}) {
      std::string bytes = sound;
      bytes[at] = damage;
      const std::string whole = told(bytes, {});
      for (const size_t size : {1U, 16U, 100U}) {
        ASSERT_EQ(told_in_pieces(bytes, size), whole) << "byte " << at << " damaged, pieces of " << size;
      }
    }
  }
}

// A batch that is cut says that it is as long as what follows: another trace, which is told nevertheless.
TEST(GoTracePieces, ATraceBehindACutOneIsTold) {
  const std::string cut = trace("go122-task-across-generations.trace"), next = trace("go125-sync.trace");
  for (size_t size = 17; size < cut.size(); ++size) {
    const std::string bytes = cut.substr(0, size) + next;
    const std::string whole = told(bytes, {});
    ASSERT_NE(whole.find("trace 25 " + std::to_string(size)), std::string::npos) << size << "\n" << whole;
    ASSERT_EQ(told_in_pieces(bytes, 1), whole) << size;
  }
}

}  // namespace
}  // namespace edp::decode::go_trace
