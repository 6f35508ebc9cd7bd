// Builds profiles for tests from stacks written down as text.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "runner/model/profile.h"

namespace edp::report::testing {

struct TestStack {
  // Root first, frames parted by ';', each "function@file:line" or only a function: as one reads a flame
  // graph.
  std::string frames;
  std::vector<int64_t> values;
};

struct TestType {
  std::string_view type, unit;  // literals
};

model::Profile make_profile(const std::vector<TestType>& types, const std::vector<TestStack>& stacks);

}  // namespace edp::report::testing
