// One reader a text form. Each gets the whole text; `lines` of the shared helper are read until the samples
// end.
#pragma once

#include "runner/decode/pprof/legacy_builder.h"
#include "runner/decode/text/lines.h"

namespace edp::decode::pprof {

// Whether a line has nothing for the reader of samples.
bool is_blank_or_comment(std::string_view line);
// "--- Memory map: ---" or "MAPPED_LIBRARIES:": what Go never writes.
bool is_memory_map(std::string_view line);

// The error for a line of samples that can't be read.
tl::unexpected<Error> bad_line(const text::Lines& lines, std::string_view what);

using Read = Result<void> (*)(text::Lines&, LegacyBuilder&);

// heap?debug=1: "heap profile: 13: 1595680 [47130736: 2584596557304] @ heap/1048576"
Result<void> read_heap(text::Lines& lines, LegacyBuilder& builder);
// goroutine?debug=1, threadcreate?debug=1: "goroutine profile: total 7"
Result<void> read_count(text::Lines& lines, LegacyBuilder& builder);
// mutex?debug=1, block?debug=1: "--- mutex:", "--- contention:"
Result<void> read_contention(text::Lines& lines, LegacyBuilder& builder);

// The "# runtime.MemStats" that ends heap?debug=1; nothing where it is not there.
std::optional<model::MemoryStats> read_memstats_trailer(std::string_view text);

}  // namespace edp::decode::pprof
