// Packets of one sequence, in Perfetto's native format, handed on in pieces.
#pragma once

#include <cstdint>
#include <functional>
#include <protozero/pbf_writer.hpp>
#include <string>
#include <string_view>

#include "runner/report/perfetto/fields.h"
#include "runner/report/perfetto/interner.h"

namespace edp::report::perfetto {

// False: it can take no more.
using Sink = std::function<bool(std::string_view)>;

class Writer {
 public:
  Writer(const model::Timeline& timeline, Sink sink) : sink_(std::move(sink)), interner_(timeline) {}

  struct Track {
    uint64_t uuid = 0, parent = 0;
    std::string_view name;
    int32_t rank = 0;
    int32_t unit = 0;  // a counter's; 0: none
    bool process = false;
    bool ordered = false;  // its children stand by their rank
  };
  void track(const Track& track);

  struct Event {
    int64_t time = 0;
    int32_t type = 0;
    uint64_t track = 0;
    std::string_view category, name;
    uint32_t stack = model::kNone;
    uint64_t flow = 0, end_of_flow = 0;
    uint64_t value = 0;  // a counter's
    // Shown beside the slice; empty and kNone: not.
    std::string_view at;
    uint32_t by_stack = model::kNone;
    uint64_t goroutine = 0;
  };
  void event(const Event& event);
  // The trace's time 0 in Unix time.
  void clock(int64_t wall_ns);

  // Whether the sink took everything.
  bool finish();

 private:
  void packet(const std::string& bytes);
  void text_annotation(protozero::pbf_writer& event, std::string_view name, std::string_view text);

  Sink sink_;
  Interner interner_;
  std::string out_, packet_, event_;
  bool begun_ = false, failed_ = false;
};

}  // namespace edp::report::perfetto
