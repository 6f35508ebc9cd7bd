#include "operator/publish/log.h"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <ctime>
#include <exception>
#include <memory>
#include <utility>

namespace edp::publish::log {
namespace {

std::atomic<bool> as_json{false};

constexpr std::string_view kNames[] = {"debug", "info", "warning", "error"};
constexpr std::string_view kShort[] = {"DEBUG", "INFO ", "WARN ", "ERROR"};

spdlog::level::level_enum level_of(Level level) {
  switch (level) {
    case Level::kDebug:
      return spdlog::level::debug;
    case Level::kInfo:
      return spdlog::level::info;
    case Level::kWarning:
      return spdlog::level::warn;
    case Level::kError:
      break;
  }
  return spdlog::level::err;
}

// The bytes of one UTF-8 character at the start of `text`; 0 where it is none.
size_t character(std::string_view text) {
  const auto byte = [&](size_t at) { return static_cast<unsigned char>(text[at]); };
  const auto follows = [&](size_t count) {
    if (text.size() <= count) return false;
    for (size_t i = 1; i <= count; ++i) {
      if ((byte(i) & 0xC0) != 0x80) return false;
    }
    return true;
  };
  const unsigned char first = byte(0);
  if (first < 0x80) return 1;
  if (first >= 0xC2 && first < 0xE0) return follows(1) ? 2 : 0;
  if (first >= 0xE0 && first < 0xF0 && follows(2)) {
    if (first == 0xE0 && byte(1) < 0xA0) return 0;
    if (first == 0xED && byte(1) >= 0xA0) return 0;
    return 3;
  }
  if (first >= 0xF0 && first < 0xF5 && follows(3)) {
    if (first == 0xF0 && byte(1) < 0x90) return 0;
    if (first == 0xF4 && byte(1) >= 0x90) return 0;
    return 4;
  }
  return 0;
}

void escape_to(std::string& out, std::string_view text, bool quotes) {
  while (!text.empty()) {
    const size_t size = character(text);
    const char c = text[0];
    const auto byte = static_cast<unsigned char>(c);
    if (size == 0) {
      out += "\xEF\xBF\xBD";
    } else if (byte < 0x20 || byte == 0x7f) {
      char code[8] = "";
      (void)std::snprintf(code, sizeof code, "\\u%04x", byte);
      out += c == '\n' ? "\\n" : c == '\t' ? "\\t" : c == '\r' ? "\\r" : code;
    } else {
      if (quotes && (c == '"' || c == '\\')) out += '\\';
      out.append(text.substr(0, size));
    }
    text.remove_prefix(std::max<size_t>(size, 1));
  }
}

void split(int64_t unix_millis, std::tm& parts, int& millis) {
  millis = static_cast<int>(((unix_millis % 1000) + 1000) % 1000);
  const std::time_t seconds = (unix_millis - millis) / 1000;
  (void)gmtime_r(&seconds, &parts);
}

bool is_token(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' ||
         c == '.' || c == '=' || c == '+' || c == '/' || c == '~';
}
size_t token_end(std::string_view text, size_t from) {
  while (from < text.size() && is_token(text[from])) ++from;
  return from;
}
bool starts(std::string_view text, std::string_view lower) {
  if (text.size() < lower.size()) return false;
  for (size_t i = 0; i < lower.size(); ++i) {
    if ((text[i] | 0x20) != lower[i] && text[i] != lower[i]) return false;
  }
  return true;
}

}  // namespace

std::string redact(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  size_t at = 0;
  while (at < text.size()) {
    const std::string_view rest = text.substr(at);
    const bool fresh = at == 0 || !is_token(text[at - 1]);
    if (fresh && (starts(rest, "bearer ") || starts(rest, "basic "))) {
      const size_t word = rest.find(' ') + 1;
      const size_t end = token_end(text, at + word);
      // "bearer token file": words for people are shorter.
      if (end - (at + word) >= 8) {
        out.append(rest.substr(0, word)).append("***");
        at = end;
        continue;
      }
    }
    if (fresh && rest.starts_with("eyJ")) {  // base64 of {"
      const size_t end = token_end(text, at);
      const std::string_view token = text.substr(at, end - at);
      if (token.size() >= 20 && std::count(token.begin(), token.end(), '.') == 2) {
        out += "***";
        at = end;
        continue;
      }
    }
    if (rest.starts_with("://")) {
      const std::string_view authority = rest.substr(3, rest.find_first_of("/?# \t\r\n\"'", 3) - 3);
      if (const size_t sign = authority.rfind('@'); sign != std::string_view::npos) {
        const size_t colon = authority.substr(0, sign).find(':');
        out += "://";
        out += colon == std::string_view::npos ? std::string_view() : authority.substr(0, colon + 1);
        out += "***";
        at += 3 + sign;
        continue;
      }
    }
    out += text[at++];
  }
  return out;
}

std::string format_json(int64_t unix_millis, Level level, std::string_view message,
                        std::initializer_list<Field> fields) {
  std::tm parts{};
  int millis = 0;
  split(unix_millis, parts, millis);
  char date[24] = "";
  (void)std::strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%S", &parts);
  char time[48] = "";
  (void)std::snprintf(time, sizeof time, "%s.%03dZ", date, millis);
  std::string line = R"({"time":")" + std::string(time) + R"(","level":")";
  line.append(kNames[static_cast<size_t>(level)]).append(R"(","message":")");
  escape_to(line, redact(message), true);
  line += '"';
  for (const Field& field : fields) {
    line += ",\"";
    escape_to(line, field.key, true);
    line += "\":\"";
    escape_to(line, redact(field.value), true);
    line += '"';
  }
  return line + "}";
}

std::string format_text(int64_t unix_millis, Level level, std::string_view message,
                        std::initializer_list<Field> fields) {
  std::tm parts{};
  int millis = 0;
  split(unix_millis, parts, millis);
  char time[16] = "";
  (void)std::strftime(time, sizeof time, "%H:%M:%S", &parts);
  char fraction[16] = "";
  (void)std::snprintf(fraction, sizeof fraction, ".%03d ", millis);
  std::string line = std::string(time) + fraction;
  line.append(kShort[static_cast<size_t>(level)]) += ' ';
  escape_to(line, redact(message), false);
  for (const Field& field : fields) {
    line += ' ';
    escape_to(line, field.key, false);
    line += '=';
    const std::string value = redact(field.value);
    const bool quote = value.empty() || value.find_first_of(" \"=") != std::string::npos;
    if (quote) line += '"';
    escape_to(line, value, quote);
    if (quote) line += '"';
  }
  return line;
}

void setup(Format format, Level level) {
  as_json = format == Format::kJson || (format == Format::kAuto && isatty(STDERR_FILENO) == 0);
  try {
    auto logger = std::make_shared<spdlog::logger>("edp", std::make_shared<spdlog::sinks::stderr_sink_mt>());
    logger->set_pattern("%v");
    logger->set_level(level_of(level));
    logger->flush_on(spdlog::level::trace);
    spdlog::set_default_logger(std::move(logger));
  } catch (const std::exception& error) {
    (void)std::fprintf(stderr, "can't set up the log: %s\n", error.what());
  }
}

void write(Level level, std::string_view message, std::initializer_list<Field> fields) {
  auto* logger = spdlog::default_logger_raw();
  if (!logger->should_log(level_of(level))) return;
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  const int64_t millis = std::chrono::duration_cast<std::chrono::milliseconds>(now).count();
  const std::string line =
      as_json ? format_json(millis, level, message, fields) : format_text(millis, level, message, fields);
  logger->log(level_of(level), spdlog::string_view_t(line.data(), line.size()));
}

}  // namespace edp::publish::log
