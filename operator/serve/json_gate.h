// Looks at a JSON text as it streams by: is it one well-formed object, nested no deeper than allowed, and
// what do some of its own string fields say. Keeps nothing else, so a report of any size costs a few hundred
// bytes.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace edp::serve {

class JsonGate {
 public:
  // `field`: the key, at the top level, whose string value is wanted.
  JsonGate(size_t max_depth, std::string field);

  // False once it is certain that this is no such text; the rest needn't be fed.
  bool feed(std::string_view bytes);
  // After the last byte: was it whole.
  bool finish();
  // Why not: "is nested deeper than 64", "is no JSON at byte 17".
  [[nodiscard]] const std::string& fault() const { return fault_; }
  // The field's value: its first 128 bytes, escapes as they stood; empty where it is missing or no string. Of
  // several the last counts, as with most readers.
  [[nodiscard]] const std::string& value() const { return value_; }

 private:
  enum class State : uint8_t {
    kValue,       // a value must come
    kFirstValue,  // a value or ']'
    kFirstKey,    // a key or '}'
    kKey,         // a key
    kColon,
    kAfter,  // ',' or the end of what we are in
    kString,
    kEscape,
    kUnicode,
    kWord,  // true, false, null
    kNumber,
    kEnd,  // only white space
  };
  enum class Number : uint8_t {
    kSign,
    kZero,
    kInteger,
    kPoint,
    kFraction,
    kExponent,
    kExponentSign,
    kExponentDigits
  };

  bool step(char c);
  bool begin_value(char c);
  bool open(bool object);
  bool close(bool object);
  bool in_string(char c);
  bool in_number(char c);  // false: c is not part of it
  [[nodiscard]] bool number_may_end() const;
  void end_value();
  bool fail(std::string fault);

  const size_t max_depth_;
  const std::string field_;
  State state_ = State::kValue;
  Number number_ = Number::kSign;
  std::vector<bool> stack_;  // true: an object
  std::string_view word_;
  size_t word_at_ = 0;
  int hex_ = 0;
  bool key_ = false;     // the string under way is a key
  bool wanted_ = false;  // the last key at the top level was the field
  std::string text_;     // of the string under way, at the top level
  uint64_t offset_ = 0;
  std::string fault_, value_;
};

}  // namespace edp::serve
