// Result<T>: a value or an Error. No exception crosses a module's border.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <tl/expected.hpp>

namespace edp {

// What went wrong, where, and why: enough to act on without reading the code.
// to_string() gives "where: at byte N: what".
struct Error {
  // The cause, lower case, no full stop: "sample refers to location 7, which is not defined".
  std::string what;
  // A file, URL or object; empty where the caller knows it and adds it.
  std::string where;
  // In `where`, counted in decoded bytes where it was compressed.
  std::optional<uint64_t> offset;

  [[nodiscard]] std::string to_string() const;
  // The same error with its place named; an inner place is kept.
  [[nodiscard]] Error at(std::string place) const;
};

template <typename T>
using Result = tl::expected<T, Error>;

inline tl::unexpected<Error> fail(std::string what, std::string where = {},
                                  std::optional<uint64_t> offset = std::nullopt) {
  return tl::unexpected<Error>(Error{std::move(what), std::move(where), offset});
}

}  // namespace edp
