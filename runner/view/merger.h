// The tables of merge(): every mapping, function, location and sample of the sources, once.
#pragma once

#include <tsl/robin_map.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "runner/model/profile.h"

namespace edp::view {

// Two things are the same where pprof takes them for the same: a mapping by its build id (or file), offset
// and size in pages; a location by its offset in the mapping, its lines (of columns only the last line's),
// and whether it is folded; a sample by its locations and labels.
class Merger {
 public:
  explicit Merger(size_t width);

  void add(const model::Profile& source);
  // `has_zero`: a sum is all zeros. Headers are not set, apart from the sample types' number of values.
  model::Profile finish(bool& has_zero);

 private:
  uint32_t mapping(const model::Profile& source, uint32_t index);
  uint32_t function(const model::Profile& source, uint32_t index);
  uint32_t location(const model::Profile& source, uint32_t index);
  void sample(const model::Sample& sample);
  void put_labels(const model::Sample& sample);
  [[nodiscard]] bool equals(uint32_t merged, uint64_t stack_begin, uint64_t label_begin) const;

  size_t width_;
  model::Profile sum_;
  tsl::robin_map<std::string, uint32_t> mappings_, functions_, locations_;
  // Open addressing over sum_'s samples: no copy of a key is kept.
  std::vector<uint32_t> slots_;
  std::vector<uint64_t> hashes_;
  void grow();
  // Of the current source: its index -> ours.
  const model::Profile* source_ = nullptr;
  std::vector<uint32_t> source_mappings_, source_functions_, source_locations_;
  std::vector<std::shared_ptr<const void>> storages_;
};

// What is not in the tables: times, period, comments, default type, link, frames to drop.
void combine_headers(const std::vector<model::Profile>& sources, model::Profile& sum);

}  // namespace edp::view
