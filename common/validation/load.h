// How much work a target did while it was diagnosed, told so that fixing a fault does not change the figure.
//
// A fault burns CPU and memory itself, so the whole process's figures fall when it is fixed, with the same
// requests. What is compared is what the program did *elsewhere*: CPU seconds a second outside the function
// at fault (with all that it calls) and outside the garbage collector's and the scheduler's own goroutines;
// and, where that is too little to tell, objects allocated a second outside the function at fault. Both fall
// when requests stay away. A fault that held requests up lets more of them through once it is fixed, so only
// less is held against a run: at least kLeastShare of the load then is comparable, and more is.
#pragma once

#include <string>
#include <string_view>

#include "common/validation/reading.h"

namespace edp::validation {

inline constexpr double kLeastShare = 0.7;
inline constexpr int64_t kLeastSamples =
    30;  // of a sampled CPU second figure: fewer are noise (18 % at one sigma)

// Negative: not known.
struct Load {
  double cpu = -1;          // CPU seconds a second, elsewhere
  int64_t cpu_samples = 0;  // how many samples that is
  double allocs = -1;       // objects a second, elsewhere
  bool operator==(const Load&) const = default;
};

// `function`: of the fault; empty: nothing is left out.
Load load_of(const Reading& reading, std::string_view function);

struct LoadComparison {
  bool comparable = false;
  std::string measure;  // "CPU" or "allocations"; empty: neither is known on both sides
  double then = 0, now = 0;
  std::string text;  // for people, with both figures and their basis
};
LoadComparison compare(const Load& then, const Load& now);

}  // namespace edp::validation
