// Builds a model::Profile from the sample lines of a golden case.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "common/result.h"
#include "common/string_arena.h"
#include "runner/model/facts.h"

namespace edp::analyse::testing {

class CaseProfile {
 public:
  // `types` as "samples/count,cpu/nanoseconds"; empty = Go's own of the kind.
  Result<void> begin(model::ProfileKind kind, std::string_view types);
  Result<void> add_sample(std::string_view line);
  model::Profile finish();

 private:
  struct Frame {
    std::string_view function, file;
    int64_t line = 0;
    bool inlined = false;
  };
  static Result<Frame> parse_frame(std::string_view text);
  uint32_t function_of(const Frame& frame);

  std::shared_ptr<StringArena> arena_ = std::make_shared<StringArena>();
  model::Profile profile_;
  std::map<std::pair<std::string, std::string>, uint32_t> functions_;
  std::map<std::vector<std::pair<uint32_t, int64_t>>, uint32_t> locations_;
};

std::vector<std::string_view> split(std::string_view text, std::string_view separator);
std::string_view trim(std::string_view text);

}  // namespace edp::analyse::testing
