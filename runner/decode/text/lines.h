// Lines of a text in memory, and the few readings of a line that the text formats share.
#pragma once

#include <charconv>
#include <cstdint>
#include <optional>
#include <string_view>

namespace edp::decode::text {

// One line after the other, without "\n" or "\r\n".
class Lines {
 public:
  explicit Lines(std::string_view text) : text_(text) {}

  bool next() {
    if (next_ >= text_.size()) return false;
    offset_ = next_;
    const size_t end = text_.find('\n', offset_);
    ended_ = end != std::string_view::npos;
    line_ = text_.substr(offset_, (ended_ ? end : text_.size()) - offset_);
    next_ = ended_ ? end + 1 : text_.size();
    if (line_.ends_with('\r')) line_.remove_suffix(1);
    return true;
  }

  [[nodiscard]] std::string_view line() const { return line_; }
  [[nodiscard]] uint64_t offset() const { return offset_; }                    // of the line in the text
  [[nodiscard]] bool ended() const { return ended_; }                          // the line has its newline
  [[nodiscard]] std::string_view rest() const { return text_.substr(next_); }  // behind the line

 private:
  std::string_view text_, line_;
  size_t next_ = 0, offset_ = 0;
  bool ended_ = false;
};

inline std::string_view trim(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\n\v\f";
  const size_t begin = text.find_first_not_of(kSpace);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kSpace) - begin + 1);
}

inline bool consume(std::string_view& text, std::string_view prefix) {
  if (!text.starts_with(prefix)) return false;
  text.remove_prefix(prefix.size());
  return true;
}

// Takes a number off the front; nothing where there is none, or one too large for T.
template <typename T>
std::optional<T> consume_number(std::string_view& text, int base = 10) {
  T value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (error != std::errc()) return std::nullopt;
  text.remove_prefix(static_cast<size_t>(end - text.data()));
  return value;
}

// The whole text as a number.
template <typename T>
std::optional<T> number(std::string_view text, int base = 10) {
  const auto value = consume_number<T>(text, base);
  return text.empty() ? value : std::nullopt;
}

}  // namespace edp::decode::text
