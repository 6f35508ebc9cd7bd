#include "runner/decode/go_vars/go_vars.h"

#include <cmath>
#include <nlohmann/json.hpp>

#include "common/json_nesting.h"
#include "runner/decode/sniff.h"
#include "runner/decode/text/lines.h"

namespace edp::decode::go_vars {
namespace {

// A parsed value takes some ten times the text of a short one.
constexpr uint64_t kJsonFactor = 40;

std::optional<uint64_t> count_of(const nlohmann::json& object, const char* key) {
  const auto value = object.find(key);
  if (value == object.end() || !value->is_number()) return std::nullopt;
  if (value->is_number_unsigned()) return value->get<uint64_t>();
  if (value->is_number_integer()) return std::nullopt;  // negative
  const double number = value->get<double>();
  constexpr double kLimit = 18446744073709551616.0;
  if (!(number >= 0 && number < kLimit)) return std::nullopt;
  return static_cast<uint64_t>(number);
}

// package runtime/debug's BuildInfo or a variable of the program's own may name the version;
// runtime.Version() has this form.
std::string version_of(const nlohmann::json& vars) {
  for (const char* key : {"go_version", "goversion", "runtime.version", "version"}) {
    const auto value = vars.find(key);
    if (value == vars.end() || !value->is_string()) continue;
    const auto& text = value->get_ref<const std::string&>();
    if (text.starts_with("go1.") && text.size() < 40) return text;
  }
  return {};
}

std::optional<uint64_t> first_count(const nlohmann::json& vars, std::initializer_list<const char*> keys) {
  for (const char* key : keys) {
    if (const auto count = count_of(vars, key)) return count;
  }
  return std::nullopt;
}

model::MemoryStats read_memstats(const nlohmann::json& vars, const nlohmann::json& memstats) {
  model::MemoryStats stats;
  stats.alloc = count_of(memstats, "Alloc");
  stats.total_alloc = count_of(memstats, "TotalAlloc");
  stats.sys = count_of(memstats, "Sys");
  stats.mallocs = count_of(memstats, "Mallocs");
  stats.frees = count_of(memstats, "Frees");
  stats.heap_alloc = count_of(memstats, "HeapAlloc");
  stats.heap_sys = count_of(memstats, "HeapSys");
  stats.heap_idle = count_of(memstats, "HeapIdle");
  stats.heap_inuse = count_of(memstats, "HeapInuse");
  stats.heap_released = count_of(memstats, "HeapReleased");
  stats.heap_objects = count_of(memstats, "HeapObjects");
  stats.stack_inuse = count_of(memstats, "StackInuse");
  stats.next_gc = count_of(memstats, "NextGC");
  stats.gc_count = count_of(memstats, "NumGC");
  stats.gc_pause_total_ns = count_of(memstats, "PauseTotalNs");
  if (const auto fraction = memstats.find("GCCPUFraction");
      fraction != memstats.end() && fraction->is_number()) {
    stats.gc_cpu_fraction = fraction->get<double>();
  }
  stats.goroutines =
      first_count(vars, {"goroutines", "Goroutines", "num_goroutine", "NumGoroutine", "runtime.goroutines"});
  stats.gomaxprocs = first_count(vars, {"gomaxprocs", "GOMAXPROCS"});
  stats.go_version = version_of(vars);
  return stats;
}

}  // namespace

// NOLINTNEXTLINE(performance-unnecessary-value-param): the signature of every decoder
Result<Decoded> decode_vars(std::string bytes, const Limits& limits) {
  if (bytes.size() > limits.max_model_bytes / kJsonFactor) {
    return fail("is JSON of " + std::to_string(bytes.size()) +
                " bytes, which may take more than the limit of " + std::to_string(limits.max_model_bytes) +
                " bytes decoded");
  }
  if (nests_deeper(bytes)) return fail("is JSON nested more than " + std::to_string(kMaxNesting) + " deep");
  nlohmann::json vars;
  try {
    vars = nlohmann::json::parse(bytes);
  } catch (const nlohmann::json::parse_error& error) {
    return fail("the JSON can't be read: " + std::string(error.what()), "", error.byte);
  } catch (const nlohmann::json::exception& error) {  // a number out of range
    return fail("the JSON can't be read: " + std::string(error.what()));
  }
  const auto memstats = vars.is_object() ? vars.find("memstats") : vars.end();
  if (!vars.is_object() || memstats == vars.end() || !memstats->is_object()) {
    return fail("is JSON, but not that of /debug/vars: it has no object \"memstats\"");
  }
  Decoded decoded;
  decoded.format = "go_vars";
  decoded.memory = read_memstats(vars, *memstats);
  return decoded;
}

}  // namespace edp::decode::go_vars

namespace edp::decode {

Decoder go_vars_decoder() {
  return {.format = "go_vars",
          .sniff =
              [](std::string_view prefix) {
                // expvar sorts its keys, so "memstats" may stand behind the prefix; "cmdline" is always there
                // too.
                return text::trim(prefix).starts_with('{') && looks_like_text(prefix) &&
                       (prefix.find("\"memstats\"") != std::string_view::npos ||
                        prefix.find("\"cmdline\"") != std::string_view::npos);
              },
          .decode = go_vars::decode_vars};
}

}  // namespace edp::decode
