#include "runner/decode/go_text/go_text.h"

#include <memory>
#include <utility>

#include "runner/decode/go_text/traceback_line.h"
#include "runner/decode/sniff.h"
#include "runner/decode/text/lines.h"

namespace edp::decode::go_text {
namespace {

constexpr size_t kMostProblems = 20;
constexpr uint64_t kGoCutsAt = uint64_t{64} << 20;  // net/http/pprof's buffer for debug=2

class DumpReader {
 public:
  DumpReader(std::string_view text, const Limits& limits) : lines_(text), limits_(limits) {}

  Result<model::Goroutines> read() {
    while (lines_.next()) {
      read_line(without_log_prefix(lines_.line()));
      if (memory_ > limits_.max_model_bytes) {
        return fail(
            "would take more than the limit of " + std::to_string(limits_.max_model_bytes) + " bytes decoded",
            "", lines_.offset());
      }
    }
    const bool in_frame =
        where_ == Where::kPosition || where_ == Where::kCreatorPosition || where_ == Where::kFirst;
    const bool in_header =
        !lines_.ended() && lines_.line().starts_with("goroutine ") && where_ != Where::kFirst;
    end_goroutine();
    dump_.truncated = in_frame || in_header;
    if (more_problems_ > 0) dump_.problems.push_back("and " + std::to_string(more_problems_) + " more");
    return std::move(dump_);
  }

 private:
  // What the next line of the current goroutine should be.
  enum class Where { kOutside, kFirst, kCall, kPosition, kCreatorPosition, kAncestor };

  void read_line(std::string_view line) {
    if (auto header = parse_header(line)) {
      end_goroutine();
      dump_.list.push_back(std::move(*header));
      memory_ += sizeof(model::Goroutine);
      where_ = Where::kFirst;
      has_problem_ = false;
      return;
    }
    if (where_ == Where::kOutside) {
      if (dump_.fatal_error.empty()) dump_.fatal_error = parse_fatal_error(line);
      if (line.starts_with("goroutine ") && line.ends_with("]:"))
        problem("a goroutine's header can't be read");
      return;
    }
    if (line.empty()) {
      end_goroutine();
      return;
    }
    read_frame_line(line, dump_.list.back());
  }

  void read_frame_line(std::string_view line, model::Goroutine& goroutine) {
    if (where_ == Where::kAncestor) return;
    if (where_ == Where::kPosition && parse_position(line, goroutine.frames.back())) {
      where_ = Where::kCall;
    } else if (where_ == Where::kCreatorPosition && parse_position(line, goroutine.created_by)) {
      where_ = Where::kCall;
    } else if (line.starts_with("created by ")) {
      begin_frame(Where::kCreatorPosition);
      parse_created_by(line, goroutine);
    } else if (is_elided(line)) {
      begin_frame(Where::kCall);
      goroutine.frames_elided = true;
    } else if (line.starts_with("[originating from goroutine ")) {
      begin_frame(Where::kAncestor);
    } else if (const std::string_view name = parse_call(line); !name.empty()) {
      begin_frame(Where::kPosition);
      goroutine.frames.push_back(
          {.function = name, .arguments = line.substr(name.size() + 1, line.size() - name.size() - 2)});
      memory_ += 2 * sizeof(model::GoroutineFrame);
    } else if (line == "\tgoroutine running on other thread; stack unavailable") {
      begin_frame(Where::kCall);
    } else {
      problem("a line is no part of a stack");  // a log's, between: the stack goes on behind it
    }
  }

  void begin_frame(Where next) {
    if (where_ == Where::kPosition || where_ == Where::kCreatorPosition)
      problem("a frame has no file and line");
    where_ = next;
  }

  void end_goroutine() {
    if (where_ == Where::kPosition || where_ == Where::kCreatorPosition)
      problem("a frame has no file and line");
    if (where_ == Where::kFirst) problem("a goroutine has no stack");
    where_ = Where::kOutside;
  }

  // One for each goroutine: what follows it comes of the first, mostly.
  void problem(std::string what) {
    if (where_ != Where::kOutside && std::exchange(has_problem_, true)) return;
    if (dump_.problems.size() >= kMostProblems) {
      ++more_problems_;
      return;
    }
    std::string where;
    if (!dump_.list.empty() && where_ != Where::kOutside) {
      where = "goroutine " + std::to_string(dump_.list.back().id);
    }
    dump_.problems.push_back(Error{std::move(what), where, lines_.offset()}.to_string());
  }

  text::Lines lines_;
  Limits limits_;
  model::Goroutines dump_;
  Where where_ = Where::kOutside;
  bool has_problem_ = false;  // the current goroutine
  size_t more_problems_ = 0;
  uint64_t memory_ = 0;
};

}  // namespace

Result<Decoded> decode_text(std::string bytes, const Limits& limits) {
  auto storage = std::make_shared<const std::string>(std::move(bytes));
  auto dump = DumpReader(*storage, limits).read();
  if (!dump) return tl::unexpected(dump.error());
  if (storage->size() == kGoCutsAt) {
    dump->truncated = true;
    dump->problems.emplace_back("the dump has just the 64 MB at which Go cuts it");
  }
  if (dump->list.empty() && dump->fatal_error.empty()) return fail("holds no goroutine", "", storage->size());
  dump->storage = std::move(storage);
  Decoded decoded;
  decoded.format = "go_text";
  decoded.problems = dump->problems;
  decoded.goroutines = std::move(*dump);
  return decoded;
}

bool holds_traceback(std::string_view text) {
  text::Lines lines(text);
  while (lines.next()) {
    const std::string_view line = without_log_prefix(lines.line());
    if (parse_header(line) || line.starts_with("fatal error: ")) return true;
  }
  return false;
}

}  // namespace edp::decode::go_text

namespace edp::decode {

Decoder go_text_decoder() {
  return {
      .format = "go_text",
      .sniff =
          [](std::string_view prefix) { return looks_like_text(prefix) && go_text::holds_traceback(prefix); },
      .decode = go_text::decode_text};
}

}  // namespace edp::decode
