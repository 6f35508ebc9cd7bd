// Reads chosen parts of a JSON text without building a tree. A reader names the places that it wants as nodes
// of a path, and is told of what is found there; all else is passed over without a copy.
//
// A reader R has
//   uint8_t child(uint8_t node, std::string_view key)    where a key of an object at `node` leads; kSkip:
//   nowhere void enter(uint8_t node), leave(uint8_t node)        an object begins, ends void text(uint8_t
//   node, std::string& value)          may be moved from void number(uint8_t node, int64_t value),
//   boolean(uint8_t node, bool value)
// Elements of an array are at the array's node.
#pragma once

#include <array>
#include <cmath>
#include <cstdint>
#include <limits>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "common/result.h"

namespace edp::watch {

constexpr uint8_t kSkip = 0, kRoot = 1;

constexpr uint8_t when(bool is, uint8_t node) { return is ? node : kSkip; }

template <typename R>
class PathSax {
 public:
  explicit PathSax(R& reader) : reader_(reader) {}

  // Named as nlohmann::json::sax_parse calls them.
  bool null() { return true; }
  bool boolean(bool value) {
    if (const uint8_t node = place(); node != kSkip) reader_.boolean(node, value);
    return true;
  }
  bool number_integer(int64_t value) {
    if (const uint8_t node = place(); node != kSkip) reader_.number(node, value);
    return true;
  }
  bool number_unsigned(uint64_t value) {
    constexpr uint64_t kMost = std::numeric_limits<int64_t>::max();
    return number_integer(static_cast<int64_t>(value < kMost ? value : kMost));
  }
  bool number_float(double value, const std::string& /*text*/) {
    if (std::isfinite(value) && std::fabs(value) < 9e18) number_integer(static_cast<int64_t>(value));
    return true;
  }
  bool string(std::string& value) {
    if (const uint8_t node = place(); node != kSkip) reader_.text(node, value);
    return true;
  }
  bool binary(nlohmann::json::binary_t& /*value*/) { return true; }
  bool key(std::string& name) {
    if (skipping_ == 0) next_ = reader_.child(frames_[depth_ - 1].node, name);
    return true;
  }
  bool start_object(size_t /*elements*/) {
    if (!push(false)) return false;
    if (skipping_ == 0) reader_.enter(frames_[depth_ - 1].node);
    return true;
  }
  bool start_array(size_t /*elements*/) { return push(true); }
  bool end_object() {
    if (skipping_ == 0) reader_.leave(frames_[depth_ - 1].node);
    return pop();
  }
  bool end_array() { return pop(); }
  bool parse_error(size_t position, const std::string& /*token*/, const nlohmann::json::exception& /*why*/) {
    error_ = Error{"not valid JSON", {}, position};
    return false;
  }

  [[nodiscard]] const Error& error() const { return error_; }

 private:
  struct Frame {
    uint8_t node = kSkip;
    bool array = false;
  };
  static constexpr size_t kMaxSkipped = 10'000;  // nesting, as the apiserver's own limit

  // Where the value that comes is.
  [[nodiscard]] uint8_t place() const {
    if (skipping_ != 0) return kSkip;
    return depth_ != 0 && frames_[depth_ - 1].array ? frames_[depth_ - 1].node : next_;
  }
  bool push(bool array) {
    const uint8_t node = place();
    const bool nested_array = array && depth_ != 0 && frames_[depth_ - 1].array;
    if (node == kSkip || nested_array || depth_ == frames_.size()) {
      if (++skipping_ <= kMaxSkipped) return true;
      error_ = Error{"nested too deeply"};
      return false;
    }
    frames_[depth_++] = {node, array};
    next_ = kSkip;
    return true;
  }
  bool pop() {
    if (skipping_ != 0) {
      --skipping_;
    } else {
      --depth_;
    }
    return true;
  }

  R& reader_;
  std::array<Frame, 32> frames_{};
  size_t depth_ = 0;
  size_t skipping_ = 0;  // depth below the outermost value that is passed over
  uint8_t next_ = kRoot;
  Error error_{"not valid JSON"};
};

template <typename R>
Result<void> read_paths(std::string_view json, R& reader) {
  PathSax<R> sax(reader);
  try {
    if (nlohmann::json::sax_parse(json.begin(), json.end(), &sax)) return {};
  } catch (const std::exception& error) {  // out of memory, say
    return fail(error.what());
  }
  return tl::unexpected(sax.error());
}

}  // namespace edp::watch
