// One line of an audit stream: JSON with its keys in order and nothing outside ASCII, so that no text from
// outside can break a line or make one.
//   v        1
//   stream   32 hex digits, made when the stream was
//   seq      1, 2, 3, ... over all files of the stream
//   prev     SHA-256 of the line before, without its line feed; 64 zeros before the first
//   time     UTC, in microseconds
//   act ...  see act.h; of the log's own acts ("audit.*") also `segment`, `head`, `pruned`, `torn`
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "common/audit/signature.h"
#include "common/result.h"

namespace edp::audit {

inline constexpr size_t kMaxLine = size_t{64} << 10U;
// In front of a line that shares standard output with others.
inline constexpr std::string_view kTag = "EDP-AUDIT ";
inline const std::string kNoLine(64, '0');

// `act` with the chain's keys, without a line feed.
std::string compose(nlohmann::json act, const std::string& stream, uint64_t seq, const std::string& prev,
                    const std::string& time);

struct Line {
  std::string stream;
  uint64_t seq = 0;
  std::string prev, time, act, outcome;
  std::optional<uint64_t> intent;
  bool begins_segment = false;
  std::optional<Head> head;
  // Of audit.prune: lines up to this one, which has this hash, were old enough and are gone.
  uint64_t pruned_to = 0;
  std::string pruned_hash, pruned_stream;
  nlohmann::json object;  // all of it
};

// The error says what is not as compose() would have it.
Result<Line> parse_line(std::string_view text);

// What stands behind the tag; the text itself where there is none.
std::string_view without_tag(std::string_view text);

}  // namespace edp::audit
