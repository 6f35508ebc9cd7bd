// One pass over a profile's samples for sites.h. Internal to the readings.
#pragma once

#include <tsl/robin_map.h>

#include <cstdint>
#include <vector>

#include "runner/analyse/sites.h"
#include "runner/analyse/symbols.h"
#include "runner/model/profile.h"

namespace edp::analyse {

class StackWalk {
 public:
  explicit StackWalk(const model::Profile& profile);
  // Fills totals and sites; the rest of the reading is set already.
  void read_into(ProfileReading& reading);

 private:
  struct FunctionInfo {
    SymbolClass symbol_class = SymbolClass::kNone;
    bool is_plumbing = false;
    bool is_standard = false;
    bool hides_arguments = false;  // a HashTrieMap[...]: sync.Map's or package unique's
  };
  struct LocationInfo {
    ClassSet classes;
    bool has_operation = false;
    bool has_range = false;
    bool has_caller = false;  // a frame that is not plumbing
  };
  // A frame of the sample at hand: the location's place in the stack, the line's in the location.
  struct Frame {
    uint32_t depth = 0;
    uint32_t line = 0;
  };
  struct Operation {
    MapFamily family = MapFamily::kMap;
    SymbolClass symbol_class = SymbolClass::kNone;
    ClassSet within;                   // classes from the leaf up to the operation
    uint32_t function = model::kNone;  // the caller; kNone where the stack ends before one
    int64_t line = 0;
  };

  const FunctionInfo& info_of(const model::Line& line) const;
  // The operation whose innermost frame is `from`; kNone where it turns out to be none.
  Operation resolve(const model::Sample& sample, Frame from) const;
  bool next(const model::Sample& sample, Frame& frame) const;
  const model::Line& line_at(const model::Sample& sample, Frame frame) const;
  static uint64_t site_key(const Operation& operation);
  uint32_t site_of(const Operation& operation, ProfileReading& reading);
  void read_ranges(const model::Sample& sample, int64_t value, int64_t count, ProfileReading& reading);

  const model::Profile& profile_;
  std::vector<FunctionInfo> functions_;
  std::vector<LocationInfo> locations_;
  bool any_range_ = false;
  tsl::robin_map<uint64_t, uint32_t> site_index_;
};

}  // namespace edp::analyse
