// Files, written whole or not at all.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "common/result.h"

namespace edp {

// Writes to a file beside `path`, syncs it and renames it, so that a reader never sees half a file and a full
// disk leaves the old one. Errors name the path and the system's reason.
Result<void> write_file(const std::string& path, std::string_view bytes);

// False: no more can be written, and the rest need not be made.
using PutPiece = std::function<bool(std::string_view)>;
// The same for what is too large to be held at once: `produce` puts piece after piece.
Result<void> write_pieces(const std::string& path, const std::function<void(const PutPiece&)>& produce);

// The whole file; an error beyond `max_bytes`.
Result<std::string> read_file(const std::string& path, uint64_t max_bytes);

std::string sha256_hex(std::string_view bytes);

}  // namespace edp
