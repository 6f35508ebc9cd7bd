#include "runner/decode/pprof/pprof.h"

#include <memory>

#include "runner/decode/pprof/counts.h"
#include "runner/decode/pprof/fields.h"
#include "runner/decode/pprof/reading.h"
#include "runner/decode/sniff.h"

namespace edp::decode::pprof {
namespace {

// From this size on, the inflated bytes are let go and the strings copied, where the strings are few.
constexpr size_t kLarge = 1 << 20;

ByteRange range_of(std::string_view text) {
  const auto* begin = reinterpret_cast<const Byte*>(text.data());
  return {begin, begin + text.size()};
}

// Fills the string table; copies the strings behind one another into `*copy` where it is given.
bool read_strings(Reading& reading, std::string* copy) {
  reading.strings.reserve(reading.counts.strings);
  if (copy != nullptr) copy->reserve(reading.counts.string_bytes);
  FieldReader field(reading.bytes);
  while (field.next()) {
    if (field.number() != profile_field::kStringTable) continue;
    std::string_view text = field.bytes().view();
    if (copy != nullptr) {
      const size_t begin = copy->size();
      copy->append(text);  // within what was reserved, so earlier views stay
      text = std::string_view(*copy).substr(begin, text.size());
    }
    reading.strings.push_back(text);
  }
  return reading.done(field);
}

Result<model::Profile> read_profile(std::string bytes, const Limits& limits) {
  if (bytes.empty()) return fail("is empty");
  auto raw = std::make_shared<const std::string>(std::move(bytes));
  const ByteRange range = range_of(*raw);
  const auto counts = count(range);
  if (!counts) return tl::unexpected(counts.error());
  if (counts->strings == 0) return fail("has no string table: it is cut, or no profile", "", raw->size());
  if (counts->memory() > limits.max_model_bytes) {
    return fail("would take " + std::to_string(counts->memory()) + " bytes decoded, more than the limit of " +
                std::to_string(limits.max_model_bytes) + " bytes");
  }
  if (counts->locations >= model::kNone || counts->functions >= model::kNone ||
      counts->mappings >= model::kNone || counts->lines >= model::kNone) {
    return fail("has more than 4,294,967,294 locations, lines, functions or mappings");
  }

  Reading reading(range, *counts);
  std::shared_ptr<std::string> copy;
  if (raw->size() >= kLarge && counts->string_bytes < raw->size() / 2) copy = std::make_shared<std::string>();
  if (!read_strings(reading, copy.get()) || !read_mappings_and_functions(reading) ||
      !read_locations(reading) || !read_samples(reading, copy != nullptr)) {
    return tl::unexpected(std::move(reading.error));
  }
  if (copy) {
    reading.profile.storage = std::move(copy);
  } else {
    reading.profile.storage = std::move(raw);
  }
  return std::move(reading.profile);
}

}  // namespace

Result<Decoded> decode_proto(std::string bytes, const Limits& limits) {
  auto profile = read_profile(std::move(bytes), limits);
  if (!profile) return tl::unexpected(profile.error());
  Decoded decoded;
  decoded.format = "pprof";
  decoded.profile = std::move(*profile);
  return decoded;
}

bool sniff_proto(std::string_view prefix) {
  constexpr size_t kSure = 3;  // after so many fields it is a profile, and what comes next is its fault
  FieldReader field(range_of(prefix));
  size_t known = 0;
  while (field.next() && known < kSure) {
    if (!is_known_field(field)) continue;
    if (!has_right_wire_type(field)) return false;
    ++known;
  }
  if (known > 0 || field.error() == nullptr) return known > 0;
  // The first field is longer than the prefix.
  return prefix.size() >= kSniffPrefix && is_known_field(field) && field.wire() == Wire::kBytes &&
         has_right_wire_type(field);
}

}  // namespace edp::decode::pprof

namespace edp::decode {

Decoder pprof_decoder() {
  return {.format = "pprof",
          .sniff =
              [](std::string_view prefix) {
                return !looks_like_text(prefix) && !has_foreign_magic(prefix) && pprof::sniff_proto(prefix);
              },
          .decode = pprof::decode_proto};
}

}  // namespace edp::decode
