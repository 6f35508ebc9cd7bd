// Writes the report page of a synthetic trace of about a given number of states, the same each time:
//
//   gen_timeline SLICES GOROUTINES FILE.html [FILE.pftrace]
//
// Goroutines take turns at one lock; console/bench/timeline.mjs measures how the page moves.
#include <charconv>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <fstream>

#include "runner/model/report.h"
#include "runner/report/perfetto/perfetto.h"
#include "runner/report/report.h"
#include "runner/report/testing/sample_timeline.h"
#include "runner/report/timeline/page.h"

namespace {

uint64_t number(const char* text) {
  uint64_t value = 0;
  std::from_chars(text, text + std::strlen(text), value);
  return value;
}

double seconds_since(std::chrono::steady_clock::time_point begin) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

}  // namespace

int main(int argc, char** argv) {
  using namespace edp;
  if (argc < 4) {
    (void)std::fputs("usage: gen_timeline SLICES GOROUTINES FILE.html [FILE.pftrace]\n", stderr);
    return 1;
  }
  const auto goroutines = static_cast<uint32_t>(std::max<uint64_t>(number(argv[2]), 1));
  constexpr uint64_t kSlicesARound = 6;
  model::Report report{.run_id = "bench"};
  model::Facts& facts = report.targets.emplace_back();
  facts.target = "bench";
  facts.traces.push_back({.taken_at = 1,
                          .artefact = "trace.out",
                          .timeline = std::make_shared<model::Timeline>(report::testing::sample_timeline(
                              {.workers = goroutines,
                               .procs = 16,
                               .rounds = number(argv[1]) / kSlicesARound / goroutines + 1}))});
  const auto begin = std::chrono::steady_clock::now();
  const std::string html = report::to_html(report, report::to_json(report));
  std::printf("%llu states, %.1f ms, page %.2f MB in %.2f s\n",
              static_cast<unsigned long long>(facts.traces[0].timeline->slice_count()),
              static_cast<double>(facts.traces[0].timeline->end) / 1e6,
              static_cast<double>(html.size()) / 1e6, seconds_since(begin));
  std::ofstream(argv[3], std::ios::binary) << html;
  if (argc > 4) {
    std::ofstream file(argv[4], std::ios::binary);
    const auto sink = [&](std::string_view bytes) { return static_cast<bool>(file << bytes); };
    return report::write_perfetto(*facts.traces[0].timeline, "bench", sink) ? 0 : 1;
  }
  return 0;
}
