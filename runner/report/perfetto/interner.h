// What a packet names by number is told once, in the packet that first needs it.
#pragma once

#include <cstdint>
#include <protozero/pbf_writer.hpp>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "runner/model/timeline.h"
#include "runner/report/perfetto/fields.h"

namespace edp::report::perfetto {

class Interner {
 public:
  explicit Interner(const model::Timeline& timeline);

  // Numbers; what is new goes into pending().
  uint64_t name(std::string_view text) { return text_of(interned::kEventName, text); }
  uint64_t category(std::string_view text) { return text_of(interned::kCategory, text); }
  uint64_t annotation(std::string_view text) { return text_of(interned::kAnnotationName, text); }
  uint64_t annotation_text(std::string_view text) { return text_of(interned::kAnnotationText, text); }
  // 0 for no stack.
  uint64_t callstack(uint32_t stack);
  // "main.(*Cache).Put cache.go:57": the innermost frame that is not the standard library's.
  std::string_view place(uint32_t stack);

  // InternedData of what is new since the last call.
  std::string take_pending() { return std::exchange(pending_, {}); }

 private:
  uint64_t text_of(Tag table, std::string_view text);
  uint64_t frame(uint32_t frame);

  const model::Timeline& timeline_;
  std::unordered_map<std::string, uint64_t> texts_[32];  // NOLINT(modernize-avoid-c-arrays): by table
  std::vector<bool> frames_, stacks_;                    // told; their number is the timeline's + 1
  std::unordered_map<uint32_t, std::string> places_;
  std::string pending_;
};

}  // namespace edp::report::perfetto
