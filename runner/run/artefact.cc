#include "runner/run/artefact.h"

#include <algorithm>
#include <protozero/pbf_reader.hpp>
#include <protozero/pbf_writer.hpp>

#include "common/gzip.h"
#include "runner/decode/inflate.h"

namespace edp::run {
namespace {

constexpr protozero::pbf_tag_type kStringTable = 6;  // of pprof's Profile
constexpr protozero::pbf_tag_type kLastField = 15;

// Unlike decode::looks_like_text(): what is not UTF-8 is text to be masked all the same.
bool is_text(std::string_view bytes) {
  return std::ranges::none_of(
      bytes.substr(0, 4096), [](char c) { return c >= 0 && c < ' ' && c != '\n' && c != '\r' && c != '\t'; });
}

// Every field but the string table as it is, in its place.
Result<std::string> mask_profile(const std::string& bytes,
                                 const std::shared_ptr<const masking::Patterns>& patterns,
                                 masking::Counts& counts) {
  std::string out;
  out.reserve(bytes.size());
  try {
    protozero::pbf_writer writer(out);
    protozero::pbf_reader profile(bytes);
    const char* copied = bytes.data();
    while (profile.next()) {
      if (profile.tag() > kLastField) return fail("it is binary, and no profile: it can't be masked");
      if (profile.tag() != kStringTable ||
          profile.wire_type() != protozero::pbf_wire_type::length_delimited) {
        profile.skip();
        out.append(copied, profile.data().data());
      } else {
        writer.add_string(kStringTable, masking::mask(profile.get_string(), patterns, counts));
      }
      copied = profile.data().data();
    }
  } catch (const protozero::exception&) {
    return fail("it is binary, and no whole profile: it can't be masked");
  }
  return out;
}

}  // namespace

Result<std::string> mask_artefact(const std::string& bytes, const decode::Limits& limits,
                                  const std::shared_ptr<const masking::Patterns>& patterns) {
  masking::Counts counts;
  const bool packed = decode::is_gzip(bytes);
  Result<std::string> plain = packed ? decode::inflate(bytes, limits) : bytes;
  if (!plain) return plain;
  Result<std::string> masked;
  if (!is_text(*plain)) {
    masked = mask_profile(*plain, patterns, counts);
  } else if (plain->starts_with('{')) {
    masked = masking::mask_json(*plain, patterns, counts);
  } else {
    masked = masking::mask(*plain, patterns, counts);
  }
  if (!masked) return masked;
  if (counts.total() == 0) return bytes;
  return packed ? gzip(*masked) : *masked;
}

}  // namespace edp::run
