// The operator's log: JSON lines in a cluster, text on a terminal, both to standard error. Tokens and
// passwords are struck out of whatever is logged.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

namespace edp::publish::log {

enum class Level : uint8_t { kDebug, kInfo, kWarning, kError };
enum class Format : uint8_t { kAuto, kJson, kText };  // kAuto: text where standard error is a terminal

// Once, before the first thread.
void setup(Format format, Level level);

struct Field {
  std::string_view key;  // a JSON key: "run", "pod"; not "time", "level" or "message"
  std::string value;
  Field(std::string_view name, std::string_view text) : key(name), value(text) {}
  Field(std::string_view name, const std::string& text) : key(name), value(text) {}
  Field(std::string_view name, const char* text) : key(name), value(text) {}
  template <typename Number>
    requires requires(Number n) { std::to_string(n); }
  Field(std::string_view name, Number number) : key(name), value(std::to_string(number)) {}
};

// From any thread. One line each: control characters are escaped.
void write(Level level, std::string_view message, std::initializer_list<Field> fields = {});
inline void debug(std::string_view message, std::initializer_list<Field> fields = {}) {
  write(Level::kDebug, message, fields);
}
inline void info(std::string_view message, std::initializer_list<Field> fields = {}) {
  write(Level::kInfo, message, fields);
}
inline void warning(std::string_view message, std::initializer_list<Field> fields = {}) {
  write(Level::kWarning, message, fields);
}
inline void error(std::string_view message, std::initializer_list<Field> fields = {}) {
  write(Level::kError, message, fields);
}

// Bearer tokens, JWTs and the password of a URL become "***".
std::string redact(std::string_view text);
// One line, without its end: {"time":"...","level":"info","message":"...","run":"shop/x"}, or
// "12:30:01.123 INFO  message run=shop/x".
std::string format_json(int64_t unix_millis, Level level, std::string_view message,
                        std::initializer_list<Field> fields);
std::string format_text(int64_t unix_millis, Level level, std::string_view message,
                        std::initializer_list<Field> fields);

}  // namespace edp::publish::log
