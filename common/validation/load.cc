#include "common/validation/load.h"

#include <algorithm>
#include <array>
#include <cstdio>

namespace edp::validation {
namespace {

constexpr double kLeastAllocs = 100;  // objects a second: the heap profile samples one in 512 KiB

// Goroutines and threads of Go's runtime itself: what they do follows from the program's work, and a fix
// changes it.
constexpr std::array<std::string_view, 5> kRuntime = {
    "runtime.gcBgMarkWorker", "runtime.mcall", "runtime.bgsweep", "runtime.bgscavenge", "runtime.mstart"};

int64_t cum_of(const ProfileFigures& profile, std::string_view function, size_t type) {
  const auto found = profile.cum.find(function);
  return found == profile.cum.end() || type >= found->second.size() ? 0 : found->second[type];
}

// Total of a sample type, less the function's part; nothing where the profile has no such type.
struct Elsewhere {
  int64_t value = -1, total = 0;
};
Elsewhere elsewhere(const ProfileFigures& profile, std::string_view type, std::string_view function,
                    bool runtime) {
  for (size_t i = 0; i < profile.totals.size(); ++i) {
    if (profile.totals[i].first != type) continue;
    Elsewhere result{.value = profile.totals[i].second, .total = profile.totals[i].second};
    if (!function.empty()) result.value -= cum_of(profile, function, i);
    if (runtime) {
      for (const std::string_view one : kRuntime) result.value -= cum_of(profile, one, i);
    }
    result.value = std::max<int64_t>(result.value, 0);
    return result;
  }
  return {};
}

std::string shown(double value) {
  std::array<char, 32> buffer{};
  const int size = std::snprintf(buffer.data(), buffer.size(), "%.3g", value);
  return {buffer.data(), static_cast<size_t>(size)};
}

}  // namespace

Load load_of(const Reading& reading, std::string_view function) {
  Load load;
  const ProfileFigures* first = nullptr;
  const ProfileFigures* last = nullptr;
  for (const ProfileFigures& profile : reading.profiles) {
    if (profile.kind == "cpu" && profile.window_seconds > 0) {
      const Elsewhere cpu = elsewhere(profile, "cpu", function, true);
      const Elsewhere count = elsewhere(profile, "samples", function, true);
      if (cpu.value >= 0) {
        load.cpu = std::max(load.cpu, static_cast<double>(cpu.value) / 1e9 / profile.window_seconds);
        load.cpu_samples = std::max(load.cpu_samples, std::max<int64_t>(count.value, 0));
      }
    } else if (profile.kind == "heap" || profile.kind == "allocs") {
      const Elsewhere objects = elsewhere(profile, "alloc_objects", function, false);
      if (objects.value < 0) continue;
      if (profile.delta && profile.window_seconds > 0) {
        load.allocs = std::max(load.allocs, static_cast<double>(objects.value) / profile.window_seconds);
      } else if (!profile.delta) {
        if (first == nullptr) first = &profile;
        last = &profile;
      }
    }
  }
  if (load.allocs < 0 && first != last && last->taken_at > first->taken_at) {
    const int64_t grown = elsewhere(*last, "alloc_objects", function, false).value -
                          elsewhere(*first, "alloc_objects", function, false).value;
    load.allocs = static_cast<double>(std::max<int64_t>(grown, 0)) / (last->taken_at - first->taken_at);
  }
  return load;
}

LoadComparison compare(const Load& then, const Load& now) {
  LoadComparison result;
  std::string unit;
  if (then.cpu > 0 && then.cpu_samples >= kLeastSamples && now.cpu >= 0) {
    result = {.measure = "CPU", .then = then.cpu, .now = now.cpu};
    unit = " CPU seconds a second outside the function at fault, sampled";
  } else if (then.allocs >= kLeastAllocs && now.allocs >= 0) {
    result = {.measure = "allocations", .then = then.allocs, .now = now.allocs};
    unit = " objects allocated a second outside the function at fault, sampled";
  } else {
    const auto known = [](const Load& load) {
      return load.cpu < 0 && load.allocs < 0
                 ? std::string("nothing known")
                 : (load.cpu < 0 ? std::string("no CPU profile")
                                 : shown(load.cpu) + " CPU seconds a second in " +
                                       std::to_string(load.cpu_samples) + " samples") +
                       (load.allocs < 0 ? ", allocations not known"
                                        : ", " + shown(load.allocs) + " objects a second");
    };
    result.text = "the load can't be compared: then " + known(then) + "; now " + known(now);
    return result;
  }
  result.comparable = result.now >= kLeastShare * result.then;
  result.text = std::string(result.comparable ? "load comparable" : "load not comparable") + ": then " +
                shown(result.then) + ", now " + shown(result.now) + unit + " (at least " +
                shown(kLeastShare * 100) + "% is needed)";
  return result;
}

}  // namespace edp::validation
