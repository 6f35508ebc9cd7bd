// A decoder turns the bytes of one format into neutral facts (runner/model).
//
// To add one:
//  1. Write runner/decode/<format>/ with a `Decoder <format>_decoder()`; golden cases and tests beside it.
//  2. Name it in runner/decode/registry.cc; order matters only where two could sniff the same bytes.
//  3. Add a fuzz target in tests/fuzz/ and a corpus beside it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/result.h"
#include "runner/model/goroutines.h"
#include "runner/model/memory_stats.h"
#include "runner/model/profile.h"
#include "runner/model/timeline.h"

namespace edp::decode {

// Against decompression bombs and hostile sizes. An input that passes a limit is an error that names the
// limit; nothing is allocated on an input's word alone.
struct Limits {
  uint64_t max_inflated_bytes = uint64_t{4} << 30;
  uint64_t max_inflate_ratio = 1100;             // deflate itself reaches about 1,032
  uint64_t max_model_bytes = uint64_t{4} << 30;  // what the decoded facts may take, beside the inflated bytes
};

// What one input held. Several are set where a format carries several (heap?debug=1: profile and memory).
struct Decoded {
  std::string_view format;  // "pprof", "go_trace", ...; static
  std::optional<model::Profile> profile;
  std::optional<model::Goroutines> goroutines;
  std::optional<model::MemoryStats> memory;
  std::vector<model::Timeline> traces;  // more than one where several follow each other in a file
  std::vector<std::string> problems;  // what could not be read although the rest could, with offset
};

struct Decoder {
  std::string_view format;
  // Looks at a bounded prefix of the (already inflated) bytes.
  bool (*sniff)(std::string_view prefix) = nullptr;
  // `bytes` is inflated already, and owned: views in the result may point into it (Profile::storage).
  Result<Decoded> (*decode)(std::string bytes, const Limits& limits) = nullptr;
};

inline constexpr size_t kSniffPrefix = 4096;

const std::vector<Decoder>& all_decoders();

// Inflates where needed, sniffs, decodes. `name` is used in errors only. Content that no decoder knows is
// an error that says what it looks like ("an HTML page", "an ELF core file", ...).
//
// A compressed stream that is cut or corrupt is an error with the offset in the compressed bytes, unless what
// was inflated before the break can be read on its own: then the break is the first of `problems`.
Result<Decoded> decode(std::string bytes, std::string_view name, const Limits& limits = {});

// gzip (also several members), zlib, or bytes as they are. Offsets of errors are those of the compressed
// bytes.
Result<std::string> inflate(std::string bytes, const Limits& limits);

}  // namespace edp::decode
