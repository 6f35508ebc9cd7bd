// Prints a trace as lines that peer/main.go prints as well, made by golang.org/x/exp/trace.
//   edp-trace-dump events FILE   every event, in order, with all that it carries
//   edp-trace-dump states FILE   each goroutine's and processor's states over time, from the Timeline
//   edp-trace-dump count FILE    events by kind, and nothing else: no Timeline is kept
#include <algorithm>
#include <array>
#include <cstdio>
#include <iostream>
#include <string>
#include <vector>

#include "common/files.h"
#include "runner/decode/decoder.h"
#include "runner/decode/go_trace/reader.h"

namespace {

using namespace edp;
using namespace edp::decode::go_trace;

class Hash {
 public:
  void add(std::string_view text) {
    for (const char c : text) byte(static_cast<unsigned char>(c));
    byte(0);
  }
  void add(uint64_t number) {
    for (int i = 0; i < 8; ++i) byte(number >> (8 * i) & 0xff);
  }
  [[nodiscard]] std::string text() const {
    std::array<char, 20> out{};
    (void)std::snprintf(out.data(), out.size(), "%016llx", static_cast<unsigned long long>(value_));
    return out.data();
  }

 private:
  void byte(uint64_t b) { value_ = (value_ ^ b) * 0x100000001b3; }
  uint64_t value_ = 0xcbf29ce484222325;
};

std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    const auto u = static_cast<unsigned char>(c);
    if (u < 0x20 || u > 0x7e || c == '"' || c == '\\') {
      std::array<char, 8> hex{};
      (void)std::snprintf(hex.data(), hex.size(), "\\x%02x", u);
      out += hex.data();
    } else {
      out += c;
    }
  }
  return out + '"';
}

constexpr std::array<const char*, 6> kGoStates = {"Undetermined", "NotExist", "Runnable",
                                                  "Running",      "Waiting",  "Syscall"};
constexpr std::array<const char*, 4> kProcStates = {"Undetermined", "NotExist", "Running", "Idle"};

class Out {
 public:
  ~Out() { flush(); }
  Out& operator<<(std::string_view text) {
    buffer_ += text;
    if (buffer_.size() > 1 << 16) flush();
    return *this;
  }
  Out& operator<<(int64_t number) { return *this << std::to_string(number); }
  Out& operator<<(uint64_t number) { return *this << std::to_string(number); }
  void flush() {
    (void)std::fwrite(buffer_.data(), 1, buffer_.size(), stdout);
    buffer_.clear();
  }

 private:
  std::string buffer_;
};

class EventPrinter : public EventSink {
 public:
  void on_generation(const GenerationStart& generation) override {
    tables_ = generation.tables;
    out_ << "- - - Sync " << generation.time;
    if (generation.has_clock) {
      out_ << " clock " << generation.clock.time << " " << generation.clock.wall_ns << " "
           << generation.clock.monotonic_ns;
    }
    out_ << "\n";
  }
  void on_event(const Event& event) override {
    out_ << event.thread << " " << event.proc << " " << event.goroutine << " "
         << model::to_string(kind_of(event.type)) << " " << event.time;
    details(event);
    if (event.stack != kNone) out_ << " at " << stack(event.stack);
    out_ << "\n";
  }
  void on_problem(std::string what) override { std::cerr << "problem: " << what << "\n"; }
  void on_gap(int64_t time) override { std::cerr << "gap at " << time << "\n"; }
  void on_trace_end(int64_t time, uint64_t) override { out_ << "- - - Sync " << time << "\n"; }

 private:
  std::string stack(uint32_t index) const {
    Hash hash;
    for (const uint32_t i : tables_->stack(index)) {
      const Frame& frame = tables_->frame(i);
      hash.add(frame.pc);
      hash.add(tables_->text(tables_->text_index(frame.function_id)));
      hash.add(tables_->text(tables_->text_index(frame.file_id)));
      hash.add(frame.line);
    }
    return hash.text();
  }
  std::string text(uint32_t index) const { return quoted(tables_->text(index)); }

  void range(const Event& event, const std::string& name, const std::string& scope) {
    out_ << " " << quoted(name) << " " << scope;
    if (event.type == kGcSweepEnd) out_ << " " << event.args[0] << " " << event.args[1];
  }

  void details(const Event& event) {
    const auto go_scope = [&] { return "Goroutine(" + std::to_string(event.goroutine) + ")"; };
    const auto proc_scope = [&](int64_t proc) { return "Proc(" + std::to_string(proc) + ")"; };
    switch (event.type) {
      case kProcsChange:
        out_ << " /sched/gomaxprocs:threads " << event.args[0];
        return;
      case kHeapAlloc:
        out_ << " /memory/classes/heap/objects:bytes " << event.args[0];
        return;
      case kHeapGoal:
        out_ << " /gc/heap/goal:bytes " << event.args[0];
        return;
      case kGoLabel:
        out_ << " " << text(event.text);
        return;
      case kStwBegin:
      case kStwEnd:
        return range(event, "stop-the-world (" + std::string(tables_->text(event.text)) + ")", go_scope());
      case kGcBegin:
      case kGcActive:
      case kGcEnd:
        return range(event, "GC concurrent mark phase", "None");
      case kGcSweepBegin:
      case kGcSweepEnd:
        return range(event, "GC incremental sweep", proc_scope(event.proc));
      case kGcSweepActive:
        return range(event, "GC incremental sweep", proc_scope(static_cast<int64_t>(event.args[0])));
      case kGcMarkAssistBegin:
      case kGcMarkAssistEnd:
        return range(event, "GC mark assist", go_scope());
      case kGcMarkAssistActive:
        return range(event, "GC mark assist", "Goroutine(" + std::to_string(event.args[0]) + ")");
      case kUserTaskBegin:
      case kUserTaskEnd:
        out_ << " " << event.args[0] << " " << event.args[1] << " " << text(event.text);
        return;
      case kUserRegionBegin:
      case kUserRegionEnd:
        out_ << " " << event.args[0] << " " << text(event.text);
        return;
      case kUserLog:
        out_ << " " << event.args[0] << " " << text(event.text) << " " << text(event.text2);
        return;
      case kProcStart:
      case kProcStop:
      case kProcSteal:
      case kProcStatus:
        out_ << " P " << event.subject << " " << kProcStates[static_cast<size_t>(event.proc_from)] << "->"
             << kProcStates[static_cast<size_t>(event.proc_to)];
        return;
      default:
        break;
    }
    if (event.subject_tag != nullptr) {
      out_ << " G " << event.subject << " " << kGoStates[static_cast<size_t>(event.go_from)] << "->"
           << kGoStates[static_cast<size_t>(event.go_to)] << " ";
      out_ << (event.type == kGoStop || event.type == kGoBlock ? text(event.text) : "\"\"");
      if (event.new_stack != kNone) out_ << " new " << stack(event.new_stack);
    } else if (kind_of(event.type) == model::EventKind::kExperimental) {
      const EventSpec& spec = spec_of(event.type);
      out_ << " " << spec.name;
      for (int i = 0; i < spec.args; ++i) out_ << " " << event.args[static_cast<size_t>(i)];
    }
  }

  Out out_;
  const Tables* tables_ = nullptr;
};

class Counter : public EventSink {
 public:
  void on_generation(const GenerationStart& /*generation*/) override { ++counts_[0]; }
  void on_event(const Event& event) override { ++counts_[static_cast<size_t>(kind_of(event.type))]; }
  void on_problem(std::string what) override { std::cerr << "problem: " << what << "\n"; }
  void on_gap(int64_t /*time*/) override {}
  void on_trace_end(int64_t /*time*/, uint64_t /*bytes*/) override {
    ++counts_[0];
    for (size_t i = 0; i < model::kEventKinds; ++i) {
      if (counts_[i] != 0)
        std::cout << model::to_string(static_cast<model::EventKind>(i)) << " " << counts_[i] << "\n";
    }
  }

 private:
  std::array<uint64_t, model::kEventKinds> counts_{};
};

std::string stack_of(const model::Timeline& timeline, uint32_t index) {
  if (index == kNone) return "-";
  Hash hash;
  for (const uint32_t i : timeline.stack(index)) {
    const model::TraceFrame& frame = timeline.frames[i];
    hash.add(frame.pc);
    hash.add(timeline.text(frame.function));
    hash.add(timeline.text(frame.file));
    hash.add(frame.line);
  }
  return hash.text();
}

void print_states(const model::Timeline& timeline) {
  Out out;
  for (size_t i = 0; i < model::kEventKinds; ++i) {
    if (timeline.events[i] == 0) continue;
    out << "events " << model::to_string(static_cast<model::EventKind>(i)) << " " << timeline.events[i]
        << "\n";
  }
  std::vector<uint32_t> order;
  for (uint32_t i = 0; i < timeline.goroutines.size(); ++i) order.push_back(i);
  std::ranges::sort(order, {}, [&](uint32_t i) { return timeline.goroutines[i].id; });
  for (const uint32_t i : order) {
    const model::TraceGoroutine& goroutine = timeline.goroutines[i];
    out << "G " << goroutine.id << " " << quoted(timeline.text(goroutine.function)) << "\n";
    for (const model::GoSlice& slice : timeline.slices(i)) {
      out << slice.begin << " " << slice.end << " " << kGoStates[static_cast<size_t>(slice.state)] << " "
          << quoted(timeline.text(slice.reason)) << " " << stack_of(timeline, slice.event_stack()) << " "
          << (slice.by == kNone ? int64_t{-1} : static_cast<int64_t>(timeline.goroutines[slice.by].id));
      if (slice.cause == model::GoCause::kStart) {
        out << " on "
            << (slice.proc == kNone ? int64_t{-1} : static_cast<int64_t>(timeline.procs[slice.proc].id));
      }
      out << "\n";
    }
  }
  order.clear();
  for (uint32_t i = 0; i < timeline.procs.size(); ++i) order.push_back(i);
  std::ranges::sort(order, {}, [&](uint32_t i) { return timeline.procs[i].id; });
  for (const uint32_t i : order) {
    bool any = false;
    for (const model::ProcSlice& slice : timeline.proc_slices(i)) {
      if (!any) out << "P " << timeline.procs[i].id << "\n";
      any = true;
      out << slice.begin << " " << slice.end << " " << kProcStates[static_cast<size_t>(slice.state)] << " "
          << (slice.thread == kNone ? int64_t{-1} : static_cast<int64_t>(timeline.threads[slice.thread]))
          << "\n";
    }
  }
}

Result<void> stream(const std::string& path, EventSink& sink) {
  std::FILE* file = std::fopen(path.c_str(), "rb");
  if (file == nullptr) return fail("cannot be opened", path);
  TraceReader reader(sink);
  std::vector<char> chunk(256 << 10);
  Result<void> read;
  while (read) {
    const size_t size = std::fread(chunk.data(), 1, chunk.size(), file);
    if (size == 0) break;
    read = reader.feed({chunk.data(), size});
  }
  (void)std::fclose(file);
  return read ? reader.finish() : read;
}

int run(const std::string& command, const std::string& path) {
  Result<void> read;
  if (command == "events") {
    EventPrinter printer;
    read = stream(path, printer);
  } else if (command == "count") {
    Counter counter;
    read = stream(path, counter);
  } else if (command == "states") {
    auto bytes = read_file(path, uint64_t{8} << 30);
    if (!bytes) return 1;
    const auto decoded = decode::decode(std::move(*bytes), path);
    if (!decoded) {
      read = tl::unexpected(decoded.error());
    } else {
      for (const model::Timeline& timeline : decoded->traces) print_states(timeline);
      for (const std::string& problem : decoded->problems) std::cerr << "problem: " << problem << "\n";
    }
  }
  if (!read) std::cerr << read.error().to_string() << "\n";
  return read ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::cerr << "usage: edp-trace-dump events|states|count FILE\n";
    return 1;
  }
  return run(argv[1], argv[2]);
}
