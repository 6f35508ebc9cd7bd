#include "runner/decode/go_trace/generation_reader.h"

#include <algorithm>
#include <cstring>

#include "runner/decode/go_trace/cursor.h"
#include "runner/decode/go_trace/ordering_hot.h"
#include "runner/decode/go_trace/trace_header.h"

namespace edp::decode::go_trace {
namespace {

// Formats from here on say where a generation ends; before, the first batch of the next one does.
constexpr int kMarkedEnds = 26;
// How far a generation's number may be ahead after a broken part.
constexpr uint64_t kPlausibleStep = 64;
// And how far its time: days.
constexpr uint64_t kPlausibleTicks = uint64_t{1} << 44;
// The clock that Go's runtime uses nearly everywhere: nanoseconds / 64.
constexpr uint64_t kUsualFrequency = 15'625'000;

ByteReader reader_of(std::string_view bytes) {
  const auto* begin = reinterpret_cast<const Byte*>(bytes.data());
  return {begin, begin + bytes.size()};
}

std::string at_byte(uint64_t offset) { return "at byte " + std::to_string(offset); }

std::string milliseconds(int64_t ns) {
  std::array<char, 48> text{};
  const int size = std::snprintf(text.data(), text.size(), "%.3f ms", static_cast<double>(ns) * 1e-6);
  return {text.data(), static_cast<size_t>(size)};
}

}  // namespace

void GenerationReader::problem(const std::string& what) {
  std::string text;
  if (generation_.number != 0) {
    text = "generation " + std::to_string(generation_.number) + " (from byte " +
           std::to_string(generation_.offset) + "): ";
  }
  emitter_.sink().on_problem(text + what);
}

size_t GenerationReader::take(std::string_view bytes, uint64_t offset, bool last, Releaser& releaser) {
  size_t taken = 0;
  while (!stopped_ && taken < bytes.size()) {
    ByteReader reader = reader_of(bytes.substr(taken));
    BatchHeader header;
    const char* what = nullptr;
    const Parsed parsed = read_batch_header(reader, header, what);
    const uint64_t at = offset + taken;
    if (parsed == Parsed::kShort) break;
    if (parsed == Parsed::kBad || (header.is_end_of_generation && go_minor_ < kMarkedEnds)) {
      stop(what == nullptr ? "a batch is expected" : what, at);
      break;
    }
    if (header.is_end_of_generation) {
      ++taken;
      if (generation_.number != 0) end_generation(false);
      continue;
    }
    std::string_view payload;
    if (!reader.bytes(header.size, payload)) break;
    // Where a trace is cut, another one may begin, and the batch ends in its midst: perhaps in its header.
    if (reader.left() < kHeader - 1 && !last) break;
    const auto end = static_cast<size_t>(reader.at() - reader_of(bytes).at());
    if (find_header(bytes.substr(taken, end + kHeader - 1 - taken)) < end - taken) {
      stop("a batch is cut by another trace's begin", at);
      break;
    }
    const bool follows = last_number_ == 0 || header.generation == last_number_ + 1;
    if (generation_.number != 0 && header.generation != generation_.number) {
      if (!follows || go_minor_ >= kMarkedEnds) {
        stop("a batch is of generation " + std::to_string(header.generation), at);
        break;
      }
      end_generation(false);
    }
    if (generation_.number == 0) {
      if (header.generation <= last_number_) {
        stop("a batch is of generation " + std::to_string(header.generation) + ", which is over", at);
        break;
      }
      generation_.begin(header.generation, at);
      last_number_ = header.generation;
    }
    if (const std::string error = generation_.add(header, payload, at); !error.empty()) {
      generation_.complete = false;
      problem(error + " (batch " + at_byte(at) + ")");
    }
    taken = static_cast<size_t>(reinterpret_cast<const char*>(reader.at()) - bytes.data());
    releaser.release(bytes.data() + taken);
  }
  return taken;
}

void GenerationReader::stop(const std::string& what, uint64_t offset) {
  stopped_ = true;
  obstacle_ = what + " " + at_byte(offset) + ": the trace is broken there";
}

void GenerationReader::tell_obstacle() {
  if (obstacle_.empty()) return;
  problem(obstacle_);
  obstacle_.clear();
  generation_.complete = false;
  if (generation_.number != 0) end_generation(false);
}

size_t GenerationReader::resync(std::string_view bytes, bool last) {
  for (size_t i = 0; i < bytes.size(); ++i) {
    const void* found = std::memchr(bytes.data() + i, kEventBatch, bytes.size() - i);
    if (found == nullptr) return bytes.size();
    i = static_cast<size_t>(static_cast<const char*>(found) - bytes.data());
    // A batch, and another one (or the end) right behind it, both of a generation that may come now.
    ByteReader reader = reader_of(bytes.substr(i));
    BatchHeader header, next;
    const char* what = nullptr;
    const auto fits = [this](const BatchHeader& h) {
      return h.generation > last_number_ && h.generation <= last_number_ + kPlausibleStep &&
             h.time >= generation_.first_tick && h.time - generation_.first_tick < kPlausibleTicks;
    };
    Parsed parsed = read_batch_header(reader, header, what);
    if (parsed == Parsed::kOk && !fits(header)) continue;
    std::string_view payload;
    if (parsed == Parsed::kOk && !reader.bytes(header.size, payload)) parsed = Parsed::kShort;
    if (parsed == Parsed::kOk && last && reader.empty()) {
      next = header;
    } else if (parsed == Parsed::kOk) {
      parsed = read_batch_header(reader, next, what);
    }
    if (parsed == Parsed::kShort && !last) return i;
    if (parsed != Parsed::kOk || (!next.is_end_of_generation && !fits(next))) continue;
    stopped_ = false;
    return i;
  }
  return bytes.size();
}

void GenerationReader::finish(size_t left, uint64_t offset) {
  if (!stopped_ && left > 0) {
    problem("the trace is cut " + at_byte(offset) + ", in a batch that begins " + at_byte(offset - left));
    generation_.complete = false;
  } else if (!stopped_ && go_minor_ >= kMarkedEnds && generation_.number != 0) {
    problem("the trace is cut " + at_byte(offset) + ": the generation's end is missing");
    generation_.complete = false;
  }
  if (generation_.number != 0) end_generation(true);
  emitter_.sink().on_trace_end(emitter_.next_time(emitter_.last()), offset);
}

void GenerationReader::end_generation(bool at_end) {
  const bool was_complete = generation_.complete;
  if (const std::string missing = generation_.finish(); !missing.empty()) {
    std::string what = missing;
    if (!generation_.clock.known()) {
      if (last_clock_.known()) {
        generation_.clock = last_clock_;
        what += " (that of the generation before is taken)";
      } else {
        generation_.clock.set_frequency(kUsualFrequency);
        what += " (15,625,000 a second is taken, as usual on Linux)";
      }
    }
    if (was_complete || !generation_.clock.known()) problem(what);
  }
  last_clock_ = generation_.clock;
  std::string why;
  const bool ordered = order_events(why);
  if (!ordered) {
    problem(why + "; its events up to " + milliseconds(emitter_.last() - first_time_) + " were read");
  }
  // What follows can't lean on what is not known.
  if (!ordered || !generation_.complete) {
    ordering_.reset();
    if (!at_end) emitter_.sink().on_gap(emitter_.last());
  }
  generation_.number = 0;
}

bool GenerationReader::order_events(std::string& why) {
  const Clock& clock = generation_.clock;
  GenerationStart start;
  start.number = generation_.number;
  start.offset = generation_.offset;
  start.time = emitter_.next_time(clock.ns(generation_.first_tick));
  start.tables = &generation_.tables;
  start.has_clock = generation_.has_snapshot;
  if (start.has_clock) {
    start.clock = generation_.snapshot;
    start.clock.time = clock.ns(generation_.snapshot_ticks);
  }
  if (first_time_ == 0) first_time_ = start.time;
  emitter_.sink().on_generation(start);
  ordering_.begin_generation(generation_.number, generation_.tables, generation_.complete);

  std::vector<RawCpuSample>& samples = generation_.cpu_samples;
  for (RawCpuSample& sample : samples) sample.time = clock.ns(sample.ticks);
  std::ranges::stable_sort(samples, {}, &RawCpuSample::time);
  size_t sample = 0;

  const auto bad_event = [&why](const Cursor& cursor) {
    why = std::string(cursor.error()) + " (batch " + at_byte(cursor.batch_offset()) + ")";
    return false;
  };
  std::vector<Cursor> cursors;
  cursors.reserve(generation_.threads.size());
  Frontier frontier;
  for (const ThreadBatches& batches : generation_.threads) {
    Cursor& cursor = cursors.emplace_back(batches, ordering_.thread(batches.thread), clock);
    const Cursor::Next next = cursor.next();
    if (next == Cursor::Next::kBad) return bad_event(cursor);
    if (next == Cursor::Next::kEvent) frontier.add(&cursor);
  }

  while (!frontier.empty() || sample < samples.size()) {
    if (sample < samples.size() && (frontier.empty() || samples[sample].time < frontier.first_time())) {
      const RawCpuSample& s = samples[sample++];
      ordering_.emit_cpu_sample(s.time, s.thread, s.proc, s.goroutine, s.stack);
      continue;
    }
    // The earliest event mostly fits; else the others are tried in order of time.
    size_t i = 0;
    Ordering::Step step = ordering_.advance(frontier[0].event(), frontier[0].thread());
    if (step == Ordering::Step::kNotYet) {
      frontier.sort();
      for (i = 1; i < frontier.size() && step == Ordering::Step::kNotYet; ++i) {
        step = ordering_.advance(frontier[i].event(), frontier[i].thread());
      }
      if (step == Ordering::Step::kDone) --i;
    }
    if (step == Ordering::Step::kDone) {
      const Cursor::Next next = frontier[i].next();
      if (next == Cursor::Next::kBad) return bad_event(frontier[i]);
      if (next == Cursor::Next::kEvent) {
        frontier.update(i);
      } else {
        frontier.remove(i);
      }
      continue;
    }
    const Cursor& stuck = frontier[step == Ordering::Step::kBroken && i > 0 ? i - 1 : 0];
    const std::string where =
        " (thread " + std::to_string(stuck.thread_id()) + ", batch " + at_byte(stuck.batch_offset()) + ")";
    why = step == Ordering::Step::kBroken ? ordering_.error() + where
                                          : std::string(spec_of(stuck.event().type).name) + where +
                                                " does not fit, and no other thread's next event does";
    return false;
  }
  return true;
}

}  // namespace edp::decode::go_trace
