// Where the time of reading a profile goes. EDP_BENCH_PROFILE names the file (default: default.pgo of the
// corpus):
//
//   EDP_BENCH_PROFILE=cpu-1m.pb.gz build/release/bin/bench_pprof_decode
#include <benchmark/benchmark.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

#include "runner/decode/decoder.h"
#include "runner/decode/pprof/pprof.h"
#include "runner/view/report.h"

namespace {

using namespace edp;

const std::string& file() {
  static const std::string bytes = [] {
    const char* path = std::getenv("EDP_BENCH_PROFILE");
    const char* home = std::getenv("HOME");
    const std::string name = path != nullptr ? path
                                             : std::string(home != nullptr ? home : "") +
                                                   "/.cache/edp/corpus/default-pgo/go1.24.9.pgo";
    std::stringstream text;
    text << std::ifstream(name, std::ios::binary).rdbuf();
    return text.str();
  }();
  return bytes;
}

template <typename T>
const T* ok(benchmark::State& state, const Result<T>& result) {
  if (result) return &*result;
  state.SkipWithError(result.error().to_string().c_str());
  return nullptr;
}

void inflate(benchmark::State& state) {
  size_t size = 0;
  for (auto _ : state) {
    const auto bytes = decode::inflate(file(), {});
    if (ok(state, bytes) == nullptr) return;
    size = bytes->size();
  }
  state.SetBytesProcessed(static_cast<int64_t>(state.iterations() * size));
}

void decode_inflated(benchmark::State& state) {
  const auto inflated = decode::inflate(file(), {});
  if (ok(state, inflated) == nullptr) return;
  for (auto _ : state) {
    state.PauseTiming();
    std::string copy = *inflated;
    state.ResumeTiming();
    const auto decoded = decode::pprof::decode_proto(std::move(copy), {});
    if (ok(state, decoded) == nullptr) return;
  }
  state.SetBytesProcessed(static_cast<int64_t>(state.iterations() * inflated->size()));
}

void inflate_and_decode(benchmark::State& state) {
  for (auto _ : state) {
    const auto decoded = decode::decode(file(), "profile");
    if (ok(state, decoded) == nullptr) return;
  }
}

void inflate_decode_and_top(benchmark::State& state) {
  for (auto _ : state) {
    auto decoded = decode::decode(file(), "profile");
    if (ok(state, decoded) == nullptr) return;
    std::vector<std::string> warnings;
    const auto report = view::make_report(std::move(*decoded->profile), {}, view::Kind::kTop, warnings);
    if (ok(state, report) == nullptr) return;
  }
}

BENCHMARK(inflate)->Unit(benchmark::kMillisecond);
BENCHMARK(decode_inflated)->Unit(benchmark::kMillisecond);
BENCHMARK(inflate_and_decode)->Unit(benchmark::kMillisecond);
BENCHMARK(inflate_decode_and_top)->Unit(benchmark::kMillisecond);

}  // namespace

BENCHMARK_MAIN();
