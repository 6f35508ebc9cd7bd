#include "operator/serve/json_gate.h"

namespace edp::serve {
namespace {

constexpr size_t kMaxText = 128;

bool digit(char c) { return c >= '0' && c <= '9'; }
bool space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }
bool hex_digit(char c) { return digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }

}  // namespace

JsonGate::JsonGate(size_t max_depth, std::string field) : max_depth_(max_depth), field_(std::move(field)) {}

bool JsonGate::fail(std::string fault) {
  if (fault_.empty()) fault_ = std::move(fault);
  return false;
}

bool JsonGate::feed(std::string_view bytes) {
  if (!fault_.empty()) return false;
  for (const char c : bytes) {
    if (!step(c)) return fail("is no JSON at byte " + std::to_string(offset_));
    ++offset_;
  }
  return true;
}

bool JsonGate::finish() {
  if (!fault_.empty()) return false;
  return state_ == State::kEnd || fail("ends at byte " + std::to_string(offset_) + ", in the middle");
}

bool JsonGate::open(bool object) {
  if (stack_.size() >= max_depth_) return fail("is nested deeper than " + std::to_string(max_depth_));
  stack_.push_back(object);
  state_ = object ? State::kFirstKey : State::kFirstValue;
  return true;
}

bool JsonGate::close(bool object) {
  if (stack_.empty() || stack_.back() != object) return false;
  stack_.pop_back();
  end_value();
  return true;
}

void JsonGate::end_value() { state_ = stack_.empty() ? State::kEnd : State::kAfter; }

bool JsonGate::begin_value(char c) {
  // Whatever it is now: an earlier value of the field no longer counts.
  if (wanted_ && stack_.size() == 1) value_.clear();
  if (stack_.empty() && c != '{') return fail("is no JSON object");
  switch (c) {
    case '{':
      return open(true);
    case '[':
      return open(false);
    case '"':
      state_ = State::kString;
      key_ = false;
      text_.clear();
      return true;
    case 't':
    case 'f':
    case 'n':
      word_ = c == 't' ? "true" : c == 'f' ? "false" : "null";
      word_at_ = 1;
      state_ = State::kWord;
      return true;
    default:
      state_ = State::kNumber;
      if (c == '-') {
        number_ = Number::kSign;
        return true;
      }
      number_ = c == '0' ? Number::kZero : Number::kInteger;
      return digit(c);
  }
}

bool JsonGate::in_string(char c) {
  const auto keep = [this](char what) {
    if (stack_.size() == 1 && text_.size() < kMaxText) text_ += what;
  };
  if (state_ == State::kUnicode) {
    keep(c);
    if (--hex_ == 0) state_ = State::kString;
    return hex_digit(c);
  }
  if (state_ == State::kEscape) {
    keep(c);
    state_ = c == 'u' ? State::kUnicode : State::kString;
    hex_ = 4;
    return std::string_view("\"\\/bfnrtu").find(c) != std::string_view::npos;
  }
  if (c == '\\') {
    keep(c);
    state_ = State::kEscape;
    return true;
  }
  if (c != '"') {
    keep(c);
    return static_cast<unsigned char>(c) >= 0x20;
  }
  if (key_) {
    if (stack_.size() == 1) wanted_ = text_ == field_;
    state_ = State::kColon;
  } else {
    if (stack_.size() == 1 && wanted_) value_ = text_;
    end_value();
  }
  return true;
}

bool JsonGate::in_number(char c) {
  switch (number_) {
    case Number::kSign:
      number_ = c == '0' ? Number::kZero : Number::kInteger;
      return digit(c);
    case Number::kInteger:
      if (digit(c)) return true;
      [[fallthrough]];
    case Number::kZero:
      if (c == '.') {
        number_ = Number::kPoint;
        return true;
      }
      break;
    case Number::kPoint:
      number_ = Number::kFraction;
      return digit(c);
    case Number::kFraction:
      if (digit(c)) return true;
      break;
    case Number::kExponent:
      number_ = digit(c) ? Number::kExponentDigits : Number::kExponentSign;
      return digit(c) || c == '+' || c == '-';
    case Number::kExponentSign:
      number_ = Number::kExponentDigits;
      return digit(c);
    case Number::kExponentDigits:
      return digit(c);
  }
  if (c != 'e' && c != 'E') return false;
  number_ = Number::kExponent;
  return true;
}

bool JsonGate::number_may_end() const {
  return number_ == Number::kZero || number_ == Number::kInteger || number_ == Number::kFraction ||
         number_ == Number::kExponentDigits;
}

bool JsonGate::step(char c) {
  switch (state_) {
    case State::kString:
    case State::kEscape:
    case State::kUnicode:
      return in_string(c);
    case State::kWord:
      if (c != word_[word_at_]) return false;
      if (++word_at_ == word_.size()) end_value();
      return true;
    case State::kNumber: {
      const bool could_end = number_may_end();
      if (in_number(c)) return true;
      if (!could_end) return false;
      end_value();
      break;  // c belongs to what comes after
    }
    default:
      break;
  }
  if (space(c)) return true;
  switch (state_) {
    case State::kFirstValue:
      if (c == ']') return close(false);
      [[fallthrough]];
    case State::kValue:
      return begin_value(c);
    case State::kFirstKey:
      if (c == '}') return close(true);
      [[fallthrough]];
    case State::kKey:
      state_ = State::kString;
      key_ = true;
      text_.clear();
      return c == '"';
    case State::kColon:
      state_ = State::kValue;
      return c == ':';
    case State::kAfter:
      if (c == ',') {
        state_ = stack_.back() ? State::kKey : State::kValue;
        return true;
      }
      return (c == '}' || c == ']') && close(c == '}');
    default:
      return false;
  }
}

}  // namespace edp::serve
