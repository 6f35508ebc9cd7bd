// The lines of which a goroutine traceback is made.
#pragma once

#include <optional>
#include <string_view>

#include "runner/model/goroutines.h"

namespace edp::decode::go_text {

// Without the time stamp (and stream) that a container runtime, kubectl logs --timestamps, or docker puts
// before it.
std::string_view without_log_prefix(std::string_view line);

// "goroutine 7 gp=0xc000007 m=0 mp=0x5 [chan receive, 3 minutes, locked to thread]:"
std::optional<model::Goroutine> parse_header(std::string_view line);

// "main.(*Store).Put(0xc000010018, {0x4713e40, 0x3})": the name without the arguments; empty where it is no
// call.
std::string_view parse_call(std::string_view line);

// "\t/src/store.go:31 +0x8c": sets the file and line.
bool parse_position(std::string_view line, model::GoroutineFrame& frame);

// "created by main.main in goroutine 1": sets the creator's name and id.
bool parse_created_by(std::string_view line, model::Goroutine& goroutine);

// "...additional frames elided...", "...23 frames elided..."
bool is_elided(std::string_view line);

// The text behind "fatal error: " or "panic: "; empty where the line is neither.
std::string_view parse_fatal_error(std::string_view line);

}  // namespace edp::decode::go_text
