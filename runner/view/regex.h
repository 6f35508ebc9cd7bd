// RE2 with errors as Results, and its answers remembered: a name is asked for many times.
#pragma once

#include <re2/re2.h>

#include <memory>
#include <string>
#include <string_view>

#include "common/result.h"

namespace edp::view {

// nullptr for an empty pattern. `option` is named in the error.
inline Result<std::unique_ptr<re2::RE2>> compile(std::string_view option, const std::string& pattern) {
  if (pattern.empty()) return nullptr;
  re2::RE2::Options settings;
  settings.set_log_errors(false);
  auto regex = std::make_unique<re2::RE2>(pattern, settings);
  if (!regex->ok()) return fail("parsing " + std::string(option) + " regexp: " + regex->error());
  return regex;
}

inline bool matches(const re2::RE2& regex, std::string_view text) {
  return re2::RE2::PartialMatch(re2::StringPiece(text.data(), text.size()), regex);
}

}  // namespace edp::view
