// Cuts what a list or a watch sends into objects, from chunks that end anywhere, in bounded memory. JSON is
// followed (strings, nesting), not checked: that is done by whoever reads the object.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>

#include "common/result.h"

namespace edp::watch {

// Valid during the call; false: no more, please.
using OnObject = std::function<bool(std::string_view bytes)>;

// Lines of a watch. Blank ones are left out, so is one longer than `max_line`.
class LineSplitter {
 public:
  LineSplitter(size_t max_line, OnObject on_line) : max_line_(max_line), on_line_(std::move(on_line)) {}

  // False: on_line said so; the rest of the chunk is dropped.
  bool feed(std::string_view chunk);
  [[nodiscard]] uint64_t too_long() const { return too_long_; }

 private:
  bool deliver(std::string_view line);

  size_t max_line_;
  OnObject on_line_;
  std::string line_;  // begun, not ended
  bool skipping_ = false;
  uint64_t too_long_ = 0;
};

// Frames of a watch in protobuf: four bytes of length, the highest first, then a metav1.WatchEvent. Empty
// ones are left out, so is one longer than `max_frame`.
class FrameSplitter {
 public:
  FrameSplitter(size_t max_frame, OnObject on_frame)
      : max_frame_(max_frame), on_frame_(std::move(on_frame)) {}

  bool feed(std::string_view chunk);  // as LineSplitter's
  [[nodiscard]] uint64_t too_long() const { return too_long_; }

 private:
  size_t max_frame_;
  OnObject on_frame_;
  std::string frame_;  // begun, not ended
  size_t head_ = 0;    // bytes of the length that have come
  size_t left_ = 0;    // the length as far as it has come, then what is left of the frame
  bool skipping_ = false;
  uint64_t too_long_ = 0;
};

// Events of a watch, in whichever of the two forms the server chose: no JSON begins with a zero, and a
// frame's length does below 16 MiB.
class EventSplitter {
 public:
  EventSplitter(size_t max_event, const OnObject& on_event)
      : lines_(max_event, on_event), frames_(max_event, on_event) {}

  bool feed(std::string_view chunk);  // as LineSplitter's
  [[nodiscard]] uint64_t too_long() const { return lines_.too_long() + frames_.too_long(); }

 private:
  LineSplitter lines_;
  FrameSplitter frames_;
  bool begun_ = false, framed_ = false;
};

// Items of a list: the elements of the array "items" of the outermost object.
class ListSplitter {
 public:
  ListSplitter(size_t max_item, OnObject on_item) : max_item_(max_item), on_item_(std::move(on_item)) {}

  // False: on_item said so, or this is no list (see error()).
  bool feed(std::string_view chunk);
  // The outermost object is complete and had an array "items" (or "items": null).
  [[nodiscard]] bool complete() const { return depth_ == 0 && ended_ && items_seen_; }
  // Empty where nothing is wrong.
  [[nodiscard]] const std::string& error() const { return error_; }
  // The list without its items: a JSON object once complete.
  [[nodiscard]] const std::string& envelope() const { return envelope_; }
  [[nodiscard]] uint64_t too_long() const { return too_long_; }

 private:
  static constexpr size_t kMaxEnvelope = size_t{64} << 10;

  // Into the item or the envelope, whichever is being read.
  void keep(std::string_view bytes);
  bool end_item(std::string_view last_part);
  bool broken(std::string what);

  size_t max_item_;
  OnObject on_item_;
  std::string envelope_;
  std::string item_;  // the part of an item that earlier chunks brought
  int depth_ = 0;
  bool in_string_ = false, escaped_ = false, ended_ = false;
  bool key_next_ = false;     // at depth 1: the next string is a key
  bool reading_key_ = false;  // within that key
  std::string key_;           // the last one at depth 1
  bool in_items_ = false;     // within the array
  bool in_item_ = false;      // within one of its elements
  bool skipping_ = false;     // it is too long
  bool items_seen_ = false;
  uint64_t too_long_ = 0;
  std::string error_;
};

struct WatchEvent {
  std::string_view type;    // "ADDED"; escapes are left as they are
  std::string_view object;  // JSON, or protobuf in its envelope
};
// Of a line or a frame; views into it.
Result<WatchEvent> split_event(std::string_view bytes);

}  // namespace edp::watch
