// Golden cases of the rules: facts in, verdicts out, as text that people can read and write.
//
//   # A comment. Blank lines don't matter.
//   go go1.23.12
//   rates mutex=0                         # sampling rates; mutex=off leaves it unknown
//   missing mutex: the target answered 404
//   threshold syncmap.cpu_percent=5
//   memory at=0 mallocs=1000 heap_alloc=4096 gc_cpu_fraction=0.25 go_version=go1.23.12
//
//   profile cpu window=10                 # kinds and types as in Go; `delta`, at=, period=, types= on demand
//     120 1200000000 | main.main@/app/main.go:9 > main.(*Cache).Put@/app/cache.go:42 >
//     ~sync.(*Map).Store@map.go:155
//   goroutines at=5                       # as ?debug=2 prints them; x20 after the id makes 20 alike
//   goroutine 18 [sync.Mutex.Lock, 3 minutes]:
//   main.(*Store).Put(0xc000010000)
//   	/app/store.go:42 +0x1d
//   created by main.main in goroutine 1
//   	/app/main.go:12 +0x2f
//   trace at=5 end=100                    # see case_trace.h
//
//   expect
//     fired GO-SYNCMAP-WRITE-HEAVY CRITICAL main.(*Cache).Put cache.go:42
//     fired GO-HEAP-FRAGMENTATION INFO - -             # a finding without a line
//     clean GO-SYNCMAP-RANGE
//     cannot_tell GO-MAP-LOCK-CONVOY mutex profile     # the rest of the line must be part of the reason
//     not_applicable GO-SYNCMAP-MISS-STORM 1.24
//     says GO-SYNCMAP-WRITE-HEAVY 90%                  # must be part of what the findings of the rule say
//     confirms GO-MAP-LOCK-WAIT GO-MAP-LOCK-CONVOY     # its finding has become part of that rule's
//     silent GO-SYNCMAP-WRITE-HEAVY otter              # must not be
//
// A sample line has one value for each sample type, then the stack, root first. `~` marks a frame inlined
// into the one before it (they share a location). Types default to Go's own of the kind. Only the rules named
// in `expect` run, and each finding of theirs must be expected.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "common/result.h"
#include "runner/config/thresholds.h"
#include "runner/model/facts.h"
#include "runner/model/finding.h"

namespace edp::analyse::testing {

struct Expectation {
  std::string verdict;  // "fired", "clean", "cannot_tell", "not_applicable", "says", "silent", "confirms"
  std::string rule;
  std::string severity;  // fired only, as are function and place
  std::string function;
  std::string place;  // "cache.go:42"
  std::string text;   // what the reason or the findings must contain
  int line = 0;       // in the case file
};

struct Case {
  model::Facts facts;
  config::Thresholds thresholds;
  std::vector<Expectation> expectations;
};

// Errors name the line.
Result<Case> parse_case(std::string_view text, std::string_view name);

// What differs between the case's expectations and what the rules say; empty where all is as expected.
std::vector<std::string> check_case(const Case& golden);

}  // namespace edp::analyse::testing
