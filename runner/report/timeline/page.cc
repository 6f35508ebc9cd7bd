#include "runner/report/timeline/page.h"

#include <libdeflate.h>

#include <algorithm>
#include <memory>
#include <new>
#include <nlohmann/json.hpp>

#include "common/base64.h"
#include "runner/report/facts_json.h"
#include "runner/report/layout.h"

namespace edp::report {
namespace {

using Json = nlohmann::ordered_json;

constexpr size_t kProblems = 50;

std::string deflated(std::string_view bytes) {
  constexpr int kLevel = 6;
  const std::unique_ptr<libdeflate_compressor, decltype(&libdeflate_free_compressor)> compressor(
      libdeflate_alloc_compressor(kLevel), &libdeflate_free_compressor);
  if (!compressor) throw std::bad_alloc();
  std::string packed(libdeflate_deflate_compress_bound(compressor.get(), bytes.size()), '\0');
  packed.resize(libdeflate_deflate_compress(compressor.get(), bytes.data(), bytes.size(), packed.data(),
                                            packed.size()));
  return packed;
}

Json trace_json(const model::Facts& facts, const model::TraceFact& trace, const TimelineLimits& limits) {
  const model::Timeline& timeline = *trace.timeline;
  const EncodedTimeline encoded = encode_timeline(timeline, limits);
  Json problems = Json::array();
  for (const std::string& problem : timeline.problems) {
    if (problems.size() == kProblems) break;
    problems.push_back(problem);
  }
  uint64_t ranges = 0;
  for (size_t i = 0; i < model::kRangeKinds; ++i)
    ranges += timeline.range_count(static_cast<model::RangeKind>(i));
  const auto wall = timeline.wall_ns(0);
  return {{"target", facts.target},
          {"artefact", trace.artefact},
          {"taken_at", number(trace.taken_at)},
          {"go_minor", timeline.go_minor},
          {"duration_ns", timeline.end},
          {"wall_ms", wall ? Json(*wall / 1'000'000) : Json(nullptr)},
          {"events", timeline.event_count()},
          {"merge_below_ns", encoded.merge_below},
          {"slices", {timeline.slice_count(), encoded.slices}},
          {"goroutines", {timeline.goroutines.size(), encoded.lanes}},
          {"ranges", {ranges, encoded.ranges}},
          {"samples", {timeline.cpu_samples.size(), encoded.samples}},
          {"problems", std::move(problems)},
          {"data", base64(deflated(encoded.columns))}};
}

}  // namespace

std::string timelines_json(const std::vector<model::Facts>& targets, const TimelineLimits& limits) {
  struct Each {
    const model::Facts* facts;
    const model::TraceFact* trace;
  };
  std::vector<Each> all;
  for (const model::Facts& facts : targets) {
    for (const model::TraceFact& trace : facts.traces) all.push_back({&facts, &trace});
  }
  // A small trace leaves what it doesn't need to the larger ones.
  std::vector<size_t> order(all.size());
  for (size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::ranges::sort(order, {}, [&](size_t i) { return all[i].trace->timeline->slice_count(); });
  std::vector<std::string> traces(all.size());
  TimelineLimits left = limits;
  for (size_t i = 0; i < order.size(); ++i) {
    const auto share = [&](auto of) { return of / static_cast<decltype(of)>(order.size() - i); };
    const TimelineLimits own{.slices = share(left.slices),
                             .lanes = share(left.lanes),
                             .ranges = share(left.ranges),
                             .samples = share(left.samples),
                             .points = limits.points,
                             .groups = limits.groups};
    const Json json = trace_json(*all[order[i]].facts, *all[order[i]].trace, own);
    traces[order[i]] = dump_json(json, -1);
    // Merging is by powers of two and may end a little above its share.
    const auto take = [&](auto& of, const char* name) {
      of -= std::min<decltype(of + 0)>(of, json[name][1].get<decltype(of + 0)>());
    };
    take(left.slices, "slices");
    take(left.lanes, "goroutines");
    take(left.ranges, "ranges");
    take(left.samples, "samples");
  }
  std::string out = "[";
  for (const std::string& trace : traces) out += (out.size() > 1 ? ",\n" : "") + trace;
  return out + "]";
}

}  // namespace edp::report
