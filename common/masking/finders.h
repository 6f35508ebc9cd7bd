// The patterns that find candidates, and what becomes of each: one entry a form.
#pragma once

#include <re2/re2.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/masking/masker.h"

namespace edp::masking {

// A candidate in a text: whole match and up to two groups; a group that took no part is empty.
struct Candidate {
  std::string_view text;  // the whole text, for what stands around it
  std::string_view match, first, second;
};

// What stands in a match's place; nothing where it only looks like one.
using Judge = std::optional<std::string> (*)(const Candidate&);

struct Form {
  Kind kind;
  const char* pattern;  // no more than two groups
  Judge judge;
};

// In order of precedence where two begin at the same place.
const std::vector<Form>& forms();

// Is the text that follows such a key a secret? ("db_password", "api-key")
bool is_secret_key(std::string_view key);

}  // namespace edp::masking
