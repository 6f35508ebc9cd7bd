// The map that a line of Go source works on, as it is written there. Read in the source where that lies on
// this machine; a guess that findings label inferred.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace edp::analyse::go {

// "p.prices" of "p.prices[item] = x", "for k, v := range p.prices {" or "delete(p.prices, k)". Empty where
// the line has none of these forms.
std::string map_in_line(std::string_view line);

struct MapInSource {
  std::string name;
  int64_t line = 0;
  bool iterates = false;
};
// The first line after `first` (and before `last`, where that is not 0, else the end of the function) that
// works on what the same file declares to be a map. `text` is the whole file.
std::optional<MapInSource> find_map(std::string_view text, int64_t first, int64_t last);

}  // namespace edp::analyse::go
