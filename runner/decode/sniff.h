// What unknown content looks like, for errors that help: a login page is not "malformed protobuf".
#pragma once

#include <string>
#include <string_view>

namespace edp::decode {

// Whether the prefix reads as text: no control bytes but white space, and UTF-8 as far as it goes.
bool looks_like_text(std::string_view prefix);

// Whether the first bytes are those of a well-known format that no decoder reads.
bool has_foreign_magic(std::string_view prefix);

// "an HTML page (title: Sign in)", "an ELF file", "text that begins with ...", ... `prefix` is as for
// Decoder::sniff.
std::string describe(std::string_view prefix);

}  // namespace edp::decode
