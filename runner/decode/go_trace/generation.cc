#include "runner/decode/go_trace/generation.h"

#include <algorithm>

namespace edp::decode::go_trace {
namespace {

// From here on a generation has a batch of its own for clocks.
constexpr int kSyncBatches = 25;

ByteReader reader_of(std::string_view bytes) {
  const auto* begin = reinterpret_cast<const Byte*>(bytes.data());
  return {begin, begin + bytes.size()};
}

}  // namespace

void Generation::begin(uint64_t new_number, uint64_t new_offset) {
  number = new_number;
  offset = new_offset;
  first_tick = 0;
  complete = true;
  clock = {};
  has_snapshot = false;
  threads.clear();
  thread_index_.clear();
  cpu_samples.clear();
  tables = {};
  store_.clear();
}

std::string Generation::add(const BatchHeader& header, std::string_view payload, uint64_t batch_offset) {
  if (first_tick == 0 || header.time < first_tick) first_tick = header.time;
  if (header.is_experimental) return {};  // addresses and types of allocfree: no figure is made of them
  const auto kind = payload.empty() ? kNoEvent : static_cast<EventType>(payload.front());
  switch (kind) {
    case kStrings: {
      const std::string_view kept(reinterpret_cast<const char*>(store_.add(payload)), payload.size());
      return add_texts(reader_of(kept.substr(1)));
    }
    case kStacks:
      return add_stacks(reader_of(payload.substr(1)));
    case kCpuSamples:
      return add_cpu_samples(reader_of(payload.substr(1)));
    case kFrequency:
      if (go_minor_ < kSyncBatches) return add_sync(reader_of(payload), header.time);
      break;
    case kSync:
      if (go_minor_ >= kSyncBatches) return add_sync(reader_of(payload.substr(1)), header.time);
      break;
    default:
      break;
  }
  size_t* known = thread_index_.find(static_cast<uint64_t>(header.thread));
  if (known == nullptr) {
    known = &thread_index_.add(static_cast<uint64_t>(header.thread), threads.size());
    threads.push_back({.thread = header.thread});
  }
  threads[*known].batches.push_back({.begin = store_.add(payload),
                                     .size = static_cast<uint32_t>(payload.size()),
                                     .time = header.time,
                                     .offset = batch_offset});
  return {};
}

std::string Generation::add_texts(ByteReader bytes) {
  while (!bytes.empty()) {
    uint8_t type = 0;
    uint64_t id = 0, size = 0;
    std::string_view text;
    if (!bytes.byte(type) || type != kString) return "something else than a string stands among the strings";
    if (!bytes.varint(id) || !bytes.varint(size)) return "a string's length can't be read";
    if (size > kMaxText) return "a string is longer than 1 KiB";
    if (!bytes.bytes(size, text)) return "a string is longer than its batch";
    if (!tables.add_text(id, text)) return "string " + std::to_string(id) + " is given twice";
  }
  return {};
}

std::string Generation::add_stacks(ByteReader bytes) {
  while (!bytes.empty()) {
    uint8_t type = 0;
    uint64_t id = 0, count = 0;
    if (!bytes.byte(type) || type != kStack) return "something else than a stack stands among the stacks";
    if (!bytes.varint(id) || !bytes.varint(count)) return "a stack's length can't be read";
    if (count > kMaxFrames) return "a stack has more than 128 frames";
    for (uint64_t i = 0; i < count; ++i) {
      Frame frame;
      if (!bytes.varint(frame.pc) || !bytes.varint(frame.function_id) || !bytes.varint(frame.file_id) ||
          !bytes.varint(frame.line)) {
        tables.drop_frames();
        return "a frame of stack " + std::to_string(id) + " can't be read";
      }
      tables.add_frame(frame);
    }
    if (!tables.add_stack(id)) return "stack " + std::to_string(id) + " is given twice";
  }
  return {};
}

std::string Generation::add_cpu_samples(ByteReader bytes) {
  while (!bytes.empty()) {
    uint8_t type = 0;
    uint64_t thread = 0, proc = 0;
    RawCpuSample sample;
    if (!bytes.byte(type) || type != kCpuSample)
      return "something else than a CPU sample stands among the CPU samples";
    if (!bytes.varint(sample.ticks) || !bytes.varint(thread) || !bytes.varint(proc) ||
        !bytes.varint(sample.goroutine) || !bytes.varint(sample.stack)) {
      return "a CPU sample can't be read";
    }
    sample.thread = static_cast<int64_t>(thread);
    sample.proc = static_cast<int64_t>(proc);
    cpu_samples.push_back(sample);
  }
  return {};
}

std::string Generation::add_sync(ByteReader bytes, uint64_t time) {
  while (!bytes.empty()) {
    uint8_t type = 0;
    bytes.byte(type);
    if (type == kFrequency) {
      uint64_t frequency = 0;
      if (clock.known()) return "the clock's frequency is given twice";
      if (!bytes.varint(frequency) || frequency == 0) return "the clock's frequency can't be read";
      clock.set_frequency(frequency);
    } else if (type == kClockSnapshot && go_minor_ >= kSyncBatches) {
      uint64_t ticks = 0, seconds = 0, nanoseconds = 0;
      if (has_snapshot) return "the clocks are given twice";
      if (!bytes.varint(ticks) || !bytes.varint(snapshot.monotonic_ns) || !bytes.varint(seconds) ||
          !bytes.varint(nanoseconds)) {
        return "the clocks can't be read";
      }
      has_snapshot = true;
      snapshot_ticks = time + ticks;
      snapshot.wall_ns = static_cast<int64_t>(seconds * 1'000'000'000 + nanoseconds);
    } else {
      return "something else than clocks stands in a batch of clocks";
    }
  }
  return {};
}

std::string Generation::finish() {
  std::string missing;
  if (!clock.known())
    missing = "the clock's frequency is missing";
  else if (go_minor_ >= kSyncBatches && !has_snapshot)
    missing = "the clocks are missing";
  for (size_t i = 0; i < tables.frame_count() && missing.empty(); ++i) {
    const Frame& frame = tables.frame(static_cast<uint32_t>(i));
    for (const uint64_t id : {frame.function_id, frame.file_id}) {
      if (id != 0 && tables.text_index(id) == kNone) {
        missing = "a frame refers to string " + std::to_string(id) + ", which is not in the table";
      }
    }
  }
  if (!missing.empty()) complete = false;
  return missing;
}

}  // namespace edp::decode::go_trace
