#include "runner/decode/go_trace/reader.h"

#include <algorithm>
#include <charconv>

#include "runner/decode/go_trace/generation_reader.h"
#include "runner/decode/go_trace/one_stream.h"

namespace edp::decode::go_trace {
namespace {

constexpr size_t kHeader = 16;
constexpr std::string_view kHeaderBegin = "go 1.", kHeaderEnd = " trace";
constexpr int kOldest = 19, kFirstWithGenerations = 22;
constexpr std::array kFormats = {19, 21, 22, 23, 25, 26};

// The version in a whole header; 0 where it is none.
int version_of(std::string_view header) {
  if (header.size() < kHeader || !header.starts_with(kHeaderBegin)) return 0;
  int minor = 0;
  const char* begin = header.data() + kHeaderBegin.size();
  const auto [end, error] = std::from_chars(begin, header.data() + kHeader, minor);
  if (error != std::errc() || minor <= 0 || end - begin > 3) return 0;
  std::string_view rest = header.substr(static_cast<size_t>(end - header.data()));
  rest = rest.substr(0, kHeader - static_cast<size_t>(end - header.data()));
  if (!rest.starts_with(kHeaderEnd)) return 0;
  rest.remove_prefix(kHeaderEnd.size());
  return std::ranges::all_of(rest, [](char c) { return c == '\0'; }) ? minor : 0;
}

// Where a header begins in `bytes`, from `from` on; npos where none does.
size_t find_header(std::string_view bytes, size_t from) {
  for (size_t at = bytes.find(kHeaderBegin, from); at != std::string_view::npos;
       at = bytes.find(kHeaderBegin, at + 1)) {
    if (version_of(bytes.substr(at)) != 0) return at;
  }
  return std::string_view::npos;
}

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
  sink_.on_trace({.go_minor = minor, .offset = begin_});
  if (minor >= kFirstWithGenerations) generations_ = std::make_unique<GenerationReader>(minor, sink_);
  return {};
}

Result<void> TraceReader::feed(std::string_view bytes) {
  pending_.append(bytes);
  return read_pending(false);
}

Result<void> TraceReader::read_pending(bool last) {
  for (;;) {
    std::string_view rest = std::string_view(pending_).substr(consumed_);
    const uint64_t offset = offset_ + consumed_;
    if (go_minor_ == 0) {
      if (rest.empty()) break;
      if (rest.size() < kHeader && !last) break;
      begin_ = offset;
      if (auto read = read_header(rest); !read) {
        if (!any_) return read;
        sink_.on_problem(read.error().to_string());  // another trace follows, and can't be read
        const size_t next = find_header(rest, 1);
        consumed_ = next == std::string_view::npos ? pending_.size() : consumed_ + next;
        continue;
      }
      consumed_ += kHeader;
      continue;
    }
    if (!generations_) {  // one stream: all of it is needed
      if (!last) break;
      rest = rest.substr(0, find_header(rest, 0));
      read_one_stream(rest, go_minor_, sink_);
      consumed_ += rest.size();
      go_minor_ = 0;
      continue;
    }
    const size_t before = consumed_;
    consumed_ += generations_->take(rest, offset - begin_);
    rest = std::string_view(pending_).substr(consumed_);
    if (generations_->is_stopped()) {
      if (version_of(rest) != 0) {
        end_trace();
        continue;
      }
      if (rest.size() < kHeader && !last) break;
      generations_->tell_obstacle();
      const size_t next = find_header(rest, 0);
      const bool ends = last || next != std::string_view::npos;
      // A header may have begun to arrive: what could be part of one decides nothing yet.
      const size_t end = ends ? std::min(next, rest.size()) : rest.size() - (kHeader - 1);
      consumed_ += generations_->resync(rest.substr(0, end), ends);
      if (!generations_->is_stopped()) continue;
    }
    if (consumed_ == before) break;
  }
  // What has been read goes, though not for each batch.
  if (consumed_ > pending_.size() / 2) {
    pending_.erase(0, consumed_);
    offset_ += consumed_;
    consumed_ = 0;
  }
  return {};
}

void TraceReader::end_trace() {
  generations_->finish(0, offset_ + consumed_ - begin_);
  generations_.reset();
  go_minor_ = 0;
}

Result<void> TraceReader::finish() {
  if (auto read = read_pending(true); !read) return read;
  if (!any_) return fail("is empty");
  if (go_minor_ != 0) generations_->finish(pending_.size() - consumed_, offset_ + pending_.size() - begin_);
  return {};
}

Result<void> TraceReader::read_all(std::string bytes) {
  pending_ = std::move(bytes);
  return finish();
}

}  // namespace edp::decode::go_trace
