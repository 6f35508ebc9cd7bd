#include "runner/report/timeline/encode.h"

#include <algorithm>
#include <numeric>
#include <unordered_map>

#include "runner/report/timeline/beside.h"
#include "runner/report/timeline/columns.h"
#include "runner/report/timeline/detail.h"
#include "runner/report/timeline/groups.h"
#include "runner/report/timeline/tables.h"

namespace edp::report {
namespace {

using model::GoCause;
using model::GoSlice;
using model::kNone;
using model::Timeline;

struct Shape {
  uint8_t of = 0;
  GoCause cause = GoCause::kStatus;
  uint32_t reason = kNone, stack = kNone, by_stack = kNone;
  bool operator==(const Shape&) const = default;
};

struct ShapeHash {
  size_t operator()(const Shape& shape) const {
    uint64_t hash = uint64_t{shape.stack} << 32 | shape.by_stack;
    hash =
        (hash ^ uint64_t{shape.reason} << 20 ^ uint64_t{shape.of} << 8 ^ static_cast<uint64_t>(shape.cause)) *
        0x9e3779b97f4a7c15U;
    return hash ^ hash >> 32;
  }
};

bool has_by(GoCause cause) { return cause == GoCause::kCreate || cause == GoCause::kUnblock; }
bool has_proc(uint8_t of) {
  return of == static_cast<uint8_t>(SliceClass::kRunning) || of == static_cast<uint8_t>(SliceClass::kSyscall);
}

class Encoder {
 public:
  Encoder(const Timeline& timeline, const TimelineLimits& limits)
      : timeline_(timeline),
        limits_(limits),
        classes_(timeline),
        detail_(choose_detail(timeline, classes_, limits.slices, limits.lanes)),
        groups_(timeline, classes_, detail_, limits.groups),
        tables_(timeline),
        lane_of_(timeline.goroutines.size(), kNone) {
    for (const uint32_t goroutine : detail_.goroutines) name(goroutine);
    lanes_ = named_.size();
  }

  EncodedTimeline run() {
    EncodedTimeline out{.merge_below = detail_.merging.below, .lanes = lanes_};
    for (size_t i = 0; i < lanes_; ++i) encode_lane(named_[i]);
    out.slices = slices_.size();
    std::string slices;
    append_slices(slices);
    std::string beside;
    Beside other{
        .timeline = timeline_, .limits = limits_, .tables = tables_, .name = [this](uint32_t goroutine) {
          return name(goroutine);
        }};
    out.ranges = other.append_ranges(beside);
    other.append_series(beside);
    out.samples = other.append_samples(beside);
    // All that names a text, a stack or a goroutine has done so when the tables are written.
    std::string shapes, groups, lanes;
    append_shapes(shapes);
    groups_.append_to(groups, tables_);
    append_lanes(lanes);
    tables_.append_to(out.columns);
    for (const std::string* part : {&shapes, &groups, &lanes, &slices}) out.columns += *part;
    groups_.append_procs(out.columns);
    out.columns += beside;
    return out;
  }

 private:
  struct Slice {
    int64_t duration;
    uint32_t shape, by, proc;
  };

  // The goroutine's number in the page.
  uint32_t name(uint32_t goroutine) {
    if (goroutine == kNone) return kNone;
    uint32_t& lane = lane_of_[goroutine];
    if (lane == kNone) {
      lane = static_cast<uint32_t>(named_.size());
      named_.push_back(goroutine);
    }
    return lane;
  }

  uint32_t shape(const Shape& shape) {
    const auto [at, added] = shape_of_.try_emplace(shape, static_cast<uint32_t>(shapes_.size()));
    if (added) {
      shapes_.push_back(shape);
      uses_.push_back(0);
    }
    ++uses_[at->second];
    return at->second;
  }

  void encode_lane(uint32_t goroutine) {
    const size_t before = slices_.size();
    int64_t begin = -1;
    SliceMerger merger(
        detail_.merging,
        [&](const GoSlice& slice, SliceClass of) {
          if (begin < 0) begin = slice.begin;
          const auto number = static_cast<uint8_t>(of);
          slices_.push_back({.duration = slice.duration(),
                             .shape = shape({number, slice.cause, slice.reason, slice.stack, slice.by_stack}),
                             .by = has_by(slice.cause) ? name(slice.by) : kNone,
                             .proc = has_proc(number) ? slice.proc : kNone});
        },
        [&](const MergedSlices& merged) {
          if (begin < 0) begin = merged.begin;
          const int64_t duration = merged.end - merged.begin;
          slices_.push_back(
              {.duration = duration, .shape = shape({.of = kMerged}), .by = kNone, .proc = kNone});
          merged_.put(merged.count);
          for (size_t i = 1; i < kSliceClasses; ++i) {
            merged_.put(static_cast<uint64_t>((merged.time[i] * 255 + duration / 2) / duration));
          }
        });
    for (const GoSlice& slice : timeline_.slices(goroutine)) {
      if (!is_end(slice, timeline_)) merger.add(slice, classes_.of(slice));
    }
    merger.flush();
    lane_slices_.put(slices_.size() - before);
    lane_begins_.put(std::max<int64_t>(begin, 0));
  }

  void append_slices(std::string& out) {
    order_.resize(shapes_.size());
    std::iota(order_.begin(), order_.end(), 0U);
    std::ranges::stable_sort(order_, std::ranges::greater(), [&](uint32_t i) { return uses_[i]; });
    std::vector<uint32_t> rank(shapes_.size());
    for (uint32_t i = 0; i < order_.size(); ++i) rank[order_[i]] = i;
    Column durations, shapes, by, procs;
    for (const Slice& slice : slices_) {
      durations.put(static_cast<uint64_t>(slice.duration));
      shapes.put(rank[slice.shape]);
      if (has_by(shapes_[slice.shape].cause)) by.put_index(slice.by);
      if (has_proc(shapes_[slice.shape].of)) procs.put_index(slice.proc);
    }
    append_columns(out, durations, shapes, by, procs, merged_);
  }

  void append_shapes(std::string& out) {
    Column of, causes, reasons, stacks, by_stacks;
    of.put(order_.size());
    for (const uint32_t i : order_) {
      const Shape& shape = shapes_[i];
      of.put(shape.of);
      causes.put(static_cast<uint64_t>(shape.cause));
      reasons.put(tables_.text(shape.reason));
      stacks.put(tables_.stack(shape.stack));
      by_stacks.put(tables_.stack(shape.by_stack));
    }
    append_columns(out, of, causes, reasons, stacks, by_stacks);
  }

  void append_lanes(std::string& out) {
    Column functions, groups, count;
    DeltaColumn ids;
    count.put(lanes_);
    count.put(named_.size());
    for (const uint32_t goroutine : named_) {
      ids.put(static_cast<int64_t>(timeline_.goroutines[goroutine].id));
      functions.put(tables_.text(timeline_.goroutines[goroutine].function));
      groups.put(groups_.of(goroutine));
    }
    append_columns(out, count, ids, functions, groups, lane_slices_, lane_begins_);
  }

  const Timeline& timeline_;
  const TimelineLimits& limits_;
  SliceClasses classes_;
  Detail detail_;
  GoroutineGroups groups_;
  PageTables tables_;
  std::vector<uint32_t> lane_of_, named_;  // by goroutine; goroutines by their number in the page
  uint64_t lanes_ = 0;
  std::unordered_map<Shape, uint32_t, ShapeHash> shape_of_;
  std::vector<Shape> shapes_;
  std::vector<uint64_t> uses_;
  std::vector<uint32_t> order_;
  std::vector<Slice> slices_;
  Column merged_, lane_slices_;
  DeltaColumn lane_begins_;
};

}  // namespace

EncodedTimeline encode_timeline(const Timeline& timeline, const TimelineLimits& limits) {
  return Encoder(timeline, limits).run();
}

}  // namespace edp::report
