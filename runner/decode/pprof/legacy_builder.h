// Builds a Profile from lines of values and addresses, the way google/pprof's legacy parsers do: a location
// for each address, numbered as they come, one mapping for all of them.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "runner/decode/decoder.h"
#include "runner/decode/pprof/id_index.h"

namespace edp::decode::pprof {

class LegacyBuilder {
 public:
  explicit LegacyBuilder(const Limits& limits) : limits_(limits) {}

  model::Profile profile;

  // Reads every "0x..." in `text`; an address is a return address, so 1 is taken off. False where one is too
  // long for 64 bits.
  bool read_addresses(std::string_view text);
  // With the addresses read since the last sample.
  void add_sample(std::initializer_list<int64_t> values);
  void add_number_label(std::string_view key, int64_t number);
  // A line that begins with "#": a frame "#	0x4a5b	main.work+0x1b	/src/x.go:12" names its address.
  void read_comment(std::string_view line);

  [[nodiscard]] bool passes_limit() const { return memory_ > limits_.max_model_bytes; }

  // Gives the locations their mapping: one, of everything, as Go's text forms name none. `text` is what was
  // read.
  model::Profile finish(std::shared_ptr<const std::string> text);

 private:
  struct Hash {
    size_t operator()(uint64_t address) const { return keyed_hash(address); }
  };
  uint32_t function(std::string_view name, std::string_view file);

  Limits limits_;
  std::unordered_map<uint64_t, uint32_t, Hash> locations_;
  std::unordered_map<std::string, uint32_t> functions_;  // by name and file
  bool any_symbol_ = false;
  uint64_t memory_ = 0;
};

}  // namespace edp::decode::pprof
