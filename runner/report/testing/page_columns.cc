#include "runner/report/testing/page_columns.h"

#include <stdexcept>

#include "runner/model/trace_stream.h"
#include "runner/report/timeline/occupancy.h"

namespace edp::report::testing {
namespace {

class Reader {
 public:
  explicit Reader(std::string_view bytes) : bytes_(bytes) {}
  uint64_t varint() {
    uint64_t value = 0;
    for (unsigned shift = 0;; shift += 7) {
      const auto byte = static_cast<uint8_t>(bytes_.at(at_++));
      value |= static_cast<uint64_t>(byte & 0x7fU) << shift;
      if (byte < 0x80) return value;
    }
  }
  int64_t index() { return static_cast<int64_t>(varint()) - 1; }
  std::vector<uint64_t> column(size_t size) {
    std::vector<uint64_t> values(size);
    for (uint64_t& value : values) value = varint();
    return values;
  }
  std::vector<int64_t> deltas(size_t size) {
    std::vector<int64_t> values(size);
    int64_t last = 0;
    for (int64_t& value : values) value = last += model::trace_stream::unzigzag(varint());
    return values;
  }
  std::string text() {
    const size_t size = varint();
    const std::string_view text = bytes_.substr(at_, size);
    if (text.size() != size) throw std::out_of_range("text");
    at_ += size;
    return std::string(text);
  }
  [[nodiscard]] bool at_end() const { return at_ == bytes_.size(); }

 private:
  std::string_view bytes_;
  size_t at_ = 0;
};

class Parser {
 public:
  explicit Parser(std::string_view bytes) : in_(bytes) {}

  PageColumns run() {
    tables();
    shapes();
    groups();
    lanes();
    slices();
    out_.procs.resize(in_.varint());
    in_.column(out_.procs.size());
    for (auto& busy : out_.procs) busy = in_.deltas(Occupancy::kSteps);
    ranges();
    for (size_t i = 0; i < 3; ++i) {
      const size_t size = in_.varint();
      const auto times = in_.deltas(size), values = in_.deltas(size);
      auto& points = out_.series.emplace_back();
      for (size_t k = 0; k < size; ++k) points.emplace_back(times[k], values[k]);
    }
    const size_t samples = in_.varint();
    const auto times = in_.deltas(samples);
    const auto goroutines = in_.column(samples);
    in_.column(samples);
    in_.column(samples);
    for (size_t i = 0; i < samples; ++i) out_.samples.emplace_back(times[i], id(goroutines[i]));
    out_.at_end = in_.at_end();
    return std::move(out_);
  }

 private:
  struct Shape {
    uint8_t of, cause;
    std::string reason;
    std::vector<std::string> stack, by_stack;
  };

  [[nodiscard]] int64_t id(uint64_t index) const { return index == 0 ? -1 : ids_.at(index - 1); }

  void tables() {
    out_.texts.resize(in_.varint());
    for (std::string& text : out_.texts) text = in_.text();
    const size_t frames = in_.varint();
    const auto functions = in_.column(frames), files = in_.column(frames), lines = in_.column(frames);
    for (size_t i = 0; i < frames; ++i) {
      frames_.push_back(out_.texts.at(functions[i]) + " " + out_.texts.at(files[i]) + ":" +
                        std::to_string(lines[i]));
    }
    const size_t nodes = in_.varint();
    const auto distances = in_.column(nodes), of = in_.column(nodes);
    for (size_t i = 0; i < nodes; ++i) nodes_.emplace_back(i - distances[i], of[i]);
  }
  std::vector<std::string> stack(uint64_t node) {
    std::vector<std::string> frames;
    for (; node != 0; node = nodes_.at(node).first) frames.push_back(frames_.at(nodes_.at(node).second));
    return frames;
  }
  void shapes() {
    const size_t size = in_.varint();
    const auto of = in_.column(size), causes = in_.column(size), reasons = in_.column(size),
               stacks = in_.column(size), by_stacks = in_.column(size);
    for (size_t i = 0; i < size; ++i) {
      shapes_.push_back({static_cast<uint8_t>(of[i]), static_cast<uint8_t>(causes[i]),
                         out_.texts.at(reasons[i]), stack(stacks[i]), stack(by_stacks[i])});
    }
  }
  void groups() {
    const size_t size = in_.varint();
    const auto functions = in_.column(size), goroutines = in_.column(size), without = in_.column(size);
    for (size_t i = 0; i < size; ++i) {
      PageGroup& group = out_.groups.emplace_back();
      group = {out_.texts.at(functions[i]), goroutines[i], without[i], {{}}};
      for (size_t of = 1; of < kSliceClasses; ++of) group.states.push_back(in_.deltas(Occupancy::kSteps));
    }
  }
  void lanes() {
    out_.lanes.resize(in_.varint());
    const size_t named = in_.varint();
    ids_ = in_.deltas(named);
    const auto functions = in_.column(named), groups = in_.column(named);
    counts_ = in_.column(out_.lanes.size());
    const auto begins = in_.deltas(out_.lanes.size());
    for (size_t i = 0; i < out_.lanes.size(); ++i) {
      out_.lanes[i] = {static_cast<uint64_t>(ids_[i]), out_.texts.at(functions[i]), groups[i], begins[i], {}};
    }
  }
  void slices() {
    std::vector<PageSlice*> all;
    for (size_t i = 0; i < out_.lanes.size(); ++i) {
      out_.lanes[i].slices.resize(counts_[i]);
      for (PageSlice& slice : out_.lanes[i].slices) all.push_back(&slice);
    }
    for (PageSlice* slice : all) slice->duration = in_.varint();
    for (PageSlice* slice : all) {
      const Shape& shape = shapes_.at(in_.varint());
      slice->of = shape.of;
      slice->cause = shape.cause;
      slice->reason = shape.reason;
      slice->stack = shape.stack;
      slice->by_stack = shape.by_stack;
    }
    for (PageSlice* slice : all) {
      if (slice->cause == 1 || slice->cause == 6) slice->by = id(in_.varint());
    }
    for (PageSlice* slice : all) {
      if (slice->of == 1 || slice->of == 6) slice->proc = in_.index();
    }
    for (PageSlice* slice : all) {
      if (slice->of != 8) continue;
      slice->merged = in_.varint();
      slice->share = in_.column(kSliceClasses - 1);
      slice->share.insert(slice->share.begin(), 0);
    }
  }
  void ranges() {
    const size_t size = in_.varint();
    const auto kinds = in_.column(size);
    const auto begins = in_.deltas(size);
    const auto durations = in_.column(size), goroutines = in_.column(size), procs = in_.column(size),
               texts = in_.column(size);
    in_.column(size);
    const auto a = in_.column(size), b = in_.column(size);
    for (size_t i = 0; i < size; ++i) {
      out_.ranges.push_back({kinds[i] >> 2U, kinds[i] & 3U, begins[i], durations[i], id(goroutines[i]),
                             static_cast<int64_t>(procs[i]) - 1, out_.texts.at(texts[i]), a[i], b[i]});
    }
  }

  Reader in_;
  PageColumns out_;
  std::vector<std::string> frames_;
  std::vector<std::pair<uint64_t, uint64_t>> nodes_;
  std::vector<Shape> shapes_;
  std::vector<int64_t> ids_;
  std::vector<uint64_t> counts_;
};

}  // namespace

PageColumns read_columns(std::string_view bytes) { return Parser(bytes).run(); }

}  // namespace edp::report::testing
