#include "runner/collect/collectors.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>

namespace edp::collect {
namespace {

constexpr std::string_view kProto = "application/vnd.google.protobuf";
constexpr std::string_view kText = "text/plain";

CollectorSpec profile(std::string_view name, std::string_view what, std::string_view path, When when) {
  CollectorSpec spec;
  spec.info = {name, what, when == When::kWindow, when == When::kBoth ? 2 : 1};
  spec.when = when;
  spec.path = path;
  spec.extension = ".pb.gz";
  spec.media_type = kProto;
  return spec;
}

CollectorSpec delta(std::string_view name, std::string_view what, std::string_view path) {
  CollectorSpec spec = profile(name, what, path, When::kWindow);
  spec.is_delta = true;
  return spec;
}

CollectorSpec text(std::string_view name, std::string_view what, std::string_view path,
                   std::string_view query, When when) {
  CollectorSpec spec = profile(name, what, path, when);
  spec.query = query;
  spec.extension = ".txt";
  spec.media_type = kText;
  return spec;
}

std::vector<CollectorSpec> make_specs() {
  // What happens in net/http/pprof: https://pkg.go.dev/net/http/pprof
  CollectorSpec dump = text("goroutine.debug2", "state, wait time and full stack of each goroutine",
                            "/goroutine", "debug=2", When::kBoth);
  dump.useful_in_part = true;
  CollectorSpec goroutine = profile("goroutine", "goroutines by stack", "/goroutine", When::kBoth);
  goroutine.info.snapshots = 3;
  CollectorSpec memstats =
      text("memstats", "runtime.MemStats, at the end of heap?debug=1", "/heap", "debug=1", When::kBoth);
  memstats.info.snapshots = 5;
  CollectorSpec rate =
      text("mutex.rate", "the sampling rate of mutex profiling in force", "/mutex", "debug=1", When::kStart);
  rate.only_bytes = 4096;
  CollectorSpec vars = text("vars", "expvar: /debug/vars", "/debug/vars", "", When::kBoth);
  vars.info.snapshots = 5;
  vars.root = Root::kService;
  vars.extension = ".json";
  vars.media_type = "application/json";
  CollectorSpec metrics = text("metrics", "Prometheus metrics: /metrics", "/metrics", "", When::kBoth);
  metrics.info.snapshots = 5;
  metrics.root = Root::kService;
  metrics.useful_in_part = true;
  CollectorSpec trace =
      profile("trace", "execution traces: a flight recorder's, else short windows", "/trace", When::kShort);
  trace.extension = ".out";
  trace.media_type = "application/octet-stream";
  trace.useful_in_part = true;
  return {
      profile("cpu", "where CPU time goes, sampled over the window", "/profile", When::kWindow),
      profile("heap", "live memory by allocation site", "/heap", When::kBoth),
      delta("heap.delta", "change of live memory over the window", "/heap"),
      profile("allocs", "all allocations since the start", "/allocs", When::kEnd),
      delta("allocs.delta", "allocations within the window", "/allocs"),
      goroutine,
      delta("goroutine.delta", "change of goroutines over the window", "/goroutine"),
      dump,
      profile("mutex", "who held contended locks, since the start", "/mutex", When::kEnd),
      delta("mutex.delta", "who held contended locks, within the window", "/mutex"),
      rate,
      profile("block", "who waited for locks and channels, since the start", "/block", When::kEnd),
      delta("block.delta", "who waited for locks and channels, within the window", "/block"),
      profile("threadcreate", "what made operating system threads", "/threadcreate", When::kEnd),
      memstats,
      vars,
      metrics,
      trace,
  };
}

bool is_word(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0; }

}  // namespace

const std::vector<CollectorSpec>& collector_specs() {
  static const std::vector<CollectorSpec> specs = make_specs();
  return specs;
}

const std::vector<CollectorInfo>& all_collectors() {
  static const std::vector<CollectorInfo> infos = [] {
    std::vector<CollectorInfo> out;
    for (const CollectorSpec& spec : collector_specs()) out.push_back(spec.info);
    return out;
  }();
  return infos;
}

const CollectorInfo* find_collector(std::string_view name) {
  for (const CollectorInfo& info : all_collectors()) {
    if (info.name == name) return &info;
  }
  return nullptr;
}

std::optional<int64_t> parse_mutex_period(std::string_view text) {
  // runtime/pprof, writeProfileInternal: "--- mutex:\ncycles/second=N\nsampling period=N\n", then the
  // samples.
  if (!text.starts_with("--- mutex:\n")) return std::nullopt;
  for (int line = 0; line < 8 && !text.empty(); ++line) {
    const size_t end = text.find('\n');
    if (end == std::string_view::npos) return std::nullopt;  // cut off: the number may go on
    constexpr std::string_view kKey = "sampling period=";
    if (text.starts_with(kKey)) {
      int64_t period = 0;
      const char* last = text.data() + end;
      const auto [rest, error] = std::from_chars(text.data() + kKey.size(), last, period);
      if (error != std::errc{} || rest != last || period < 0) return std::nullopt;
      return period;
    }
    text.remove_prefix(end + 1);
  }
  return std::nullopt;
}

std::string collector_from_file_name(std::string_view name) {
  name.remove_prefix(name.rfind('/') + 1);  // npos + 1 is 0
  std::string lower(name);
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  std::vector<std::string_view> words;
  for (size_t i = 0; i < lower.size();) {
    size_t end = i;
    while (end < lower.size() && is_word(lower[end])) ++end;
    if (end > i) words.push_back(std::string_view(lower).substr(i, end - i));
    i = end + 1;
  }
  const auto has = [&](std::string_view word) {
    return std::find(words.begin(), words.end(), word) != words.end();
  };
  struct Hint {
    std::string_view word, collector;
  };
  // The first one that fits; "heap.profile" is a heap profile, so "profile" comes last.
  constexpr std::array<Hint, 20> kHints{{{"memstats", "memstats"},
                                         {"vars", "vars"},
                                         {"expvar", "vars"},
                                         {"metrics", "metrics"},
                                         {"trace", "trace"},
                                         {"goroutine", "goroutine"},
                                         {"goroutines", "goroutine"},
                                         {"mutex", "mutex"},
                                         {"block", "block"},
                                         {"threadcreate", "threadcreate"},
                                         {"inuse", "heap"},
                                         {"allocs", "allocs"},
                                         {"alloc", "allocs"},
                                         {"heap", "heap"},
                                         {"mem", "heap"},
                                         {"memprofile", "heap"},
                                         {"memory", "heap"},
                                         {"cpu", "cpu"},
                                         {"cpuprofile", "cpu"},
                                         {"profile", "cpu"}}};
  for (const Hint& hint : kHints) {
    if (!has(hint.word)) continue;
    std::string collector(hint.collector);
    if (has("delta") && find_collector(collector + ".delta") != nullptr) return collector + ".delta";
    if (collector == "goroutine" && (has("debug2") || has("dump"))) return "goroutine.debug2";
    if (collector == "mutex" && has("rate")) return "mutex.rate";
    return collector;
  }
  return "";
}

}  // namespace edp::collect
