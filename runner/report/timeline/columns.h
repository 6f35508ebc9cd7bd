// Columns of varints: alike figures side by side, which is what deflate is good at.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "runner/model/trace_stream.h"

namespace edp::report {

class Column {
 public:
  void put(uint64_t value) {
    model::trace_stream::Byte buffer[model::trace_stream::kMaxVarint];  // NOLINT(modernize-avoid-c-arrays)
    const auto* end = model::trace_stream::put_varint(buffer, value);
    bytes_.append(reinterpret_cast<const char*>(buffer), static_cast<size_t>(end - buffer));
  }
  void put_signed(int64_t value) { put(model::trace_stream::zigzag(value)); }
  void put_text(std::string_view text) {
    put(text.size());
    bytes_ += text;
  }
  // 0 for kNone.
  void put_index(uint32_t index) { put(static_cast<uint32_t>(index + 1)); }
  void append_to(std::string& out) const { out += bytes_; }

 private:
  std::string bytes_;
};

// What is first put absolutely and then by its distance from the one before.
class DeltaColumn {
 public:
  void put(int64_t value) {
    column_.put_signed(value - last_);
    last_ = value;
  }
  void append_to(std::string& out) const { column_.append_to(out); }

 private:
  Column column_;
  int64_t last_ = 0;
};

template <typename... Columns>
void append_columns(std::string& out, const Columns&... columns) {
  (columns.append_to(out), ...);
}

}  // namespace edp::report
