// What of a collected artefact may be kept: the same bytes where nothing in them is to be masked.
#pragma once

#include <memory>
#include <string>

#include "common/masking/masker.h"
#include "common/result.h"
#include "runner/decode/decoder.h"

namespace edp::run {

// Text and JSON are masked as such, profiles (pprof, gzip or not) in their string table. An error says why it
// can't be kept: other binary formats can't be masked.
Result<std::string> mask_artefact(const std::string& bytes, const decode::Limits& limits,
                                  const std::shared_ptr<const masking::Patterns>& patterns);

}  // namespace edp::run
