#include "runner/decode/go_trace/reader.h"

#include <algorithm>

#include "runner/decode/go_trace/generation_reader.h"
#include "runner/decode/go_trace/one_stream.h"
#include "runner/decode/go_trace/trace_header.h"

namespace edp::decode::go_trace {
namespace {

constexpr int kOldest = 19, kFirstWithGenerations = 22;
constexpr std::array kFormats = {19, 21, 22, 23, 25, 26};

}  // namespace

bool sniff(std::string_view prefix) { return version_of(prefix) != 0; }

TraceReader::TraceReader(EventSink& sink) : sink_(sink) {}
TraceReader::~TraceReader() = default;

Result<void> TraceReader::read_header(std::string_view header) {
  const int minor = version_of(header);
  if (minor == 0)
    return fail("is no execution trace of Go: it does not begin with \"go 1.N trace\"", "", offset_);
  const std::string name = "\"go 1." + std::to_string(minor) + " trace\"";
  if (minor < kOldest) {
    return fail("is an execution trace of an old Go (" + name + "): those of Go 1.19 and later are read", "",
                offset_);
  }
  if (std::ranges::find(kFormats, minor) == kFormats.end()) {
    return fail("is an execution trace in the format " + name +
                    ", which is not known: those of Go 1.19 to 1.26 are read",
                "", offset_);
  }
  go_minor_ = minor;
  any_ = true;
  next_ = minor >= kFirstWithGenerations ? Next::kBatches : Next::kOneStream;
  begin_ = offset_;
  sink_.on_trace({.go_minor = minor, .offset = begin_});
  if (next_ == Next::kBatches) generations_ = std::make_unique<GenerationReader>(minor, sink_);
  return {};
}

Result<void> TraceReader::feed(std::string_view bytes) {
  while (!bytes.empty()) {
    if (pending_.size() == 0) {
      const auto used = read(bytes, false);
      if (!used) return tl::unexpected(used.error());
      pending_.append(bytes.substr(*used));
      return {};
    }
    // What was left over is completed; what is behind is then read from where it stands.
    const size_t before = pending_.size();
    const size_t step = next_ == Next::kOneStream ? bytes.size() : std::min(bytes.size(), kMaxBatch);
    pending_.append(bytes.substr(0, step));
    const auto used = read(pending_.view(), false);
    if (!used) return tl::unexpected(used.error());
    const bool behind = *used >= before;
    pending_.erase_front(behind ? pending_.size() : *used);
    bytes.remove_prefix(behind ? *used - before : step);
  }
  return {};
}

Result<size_t> TraceReader::read(std::string_view bytes, bool last) {
  size_t used = 0;
  Releaser releaser(bytes, last);
  const auto pass = [&](size_t size) {
    used += size;
    offset_ += size;
  };
  for (;;) {
    std::string_view rest = bytes.substr(used);
    switch (next_) {
      case Next::kHeader:
        if (rest.empty() || (rest.size() < kHeader && !last)) return used;
        if (auto read = read_header(rest)) {
          pass(kHeader);
        } else if (any_) {
          sink_.on_problem(read.error().to_string());  // another trace follows, and can't be read
          pass(1);
          next_ = Next::kAnyHeader;
        } else {
          return tl::unexpected(read.error());
        }
        continue;
      case Next::kAnyHeader: {
        const size_t found = find_header(rest);
        if (found == std::string_view::npos) {
          // A header may have begun to arrive.
          pass(last ? rest.size() : rest.size() - std::min(rest.size(), kHeader - 1));
          return used;
        }
        pass(found);
        next_ = Next::kHeader;
        continue;
      }
      case Next::kOneStream:  // all of it is needed
        if (!last) return used;
        rest = rest.substr(0, find_header(rest));
        read_one_stream(rest, go_minor_, sink_, releaser);
        pass(rest.size());
        next_ = Next::kHeader;
        continue;
      case Next::kBatches:
        break;
    }
    pass(generations_->take(rest, offset_ - begin_, last, releaser));
    rest = bytes.substr(used);
    if (!generations_->is_stopped()) {
      if (!last) return used;
      // The trace is cut in a batch, and what is missing of it may be another trace's begin.
      const size_t left = std::min(find_header(rest), rest.size());
      pass(left);
      end_generations(left);
      continue;
    }
    if (version_of(rest) != 0) {
      end_generations(0);
      continue;
    }
    if (rest.size() < kHeader && !last) return used;
    generations_->tell_obstacle();
    const size_t next = find_header(rest);
    const bool ends = last || next != std::string_view::npos;
    // As far as no part of a header can be.
    const size_t end = ends ? std::min(next, rest.size()) : rest.size() - (kHeader - 1);
    pass(generations_->resync(rest.substr(0, end), ends));
    if (!generations_->is_stopped() || next != std::string_view::npos) continue;
    if (!last) return used;
    end_generations(0);
  }
}

void TraceReader::end_generations(size_t left) {
  generations_->finish(left, offset_ - begin_);
  generations_.reset();
  next_ = Next::kHeader;
}

Result<void> TraceReader::finish() {
  if (auto used = read(pending_.view(), true); !used) return tl::unexpected(used.error());
  if (!any_) return fail("is empty");
  return {};
}

Result<void> TraceReader::read_all(std::string bytes) {
  const std::string owned = std::move(bytes);
  if (auto used = read(owned, true); !used) return tl::unexpected(used.error());
  return finish();
}

}  // namespace edp::decode::go_trace
