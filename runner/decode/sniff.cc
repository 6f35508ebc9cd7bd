#include "runner/decode/sniff.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdint>

namespace edp::decode {
namespace {

struct Magic {
  std::string_view bytes;
  std::string_view what;
};

using namespace std::string_view_literals;

constexpr std::array kMagics = {
    Magic{"\x7f"
          "ELF"sv,
          "an ELF file"},
    Magic{"PK\x03\x04"sv, "a ZIP archive"},
    Magic{"PK\x05\x06"sv, "an empty ZIP archive"},
    Magic{"\x28\xb5\x2f\xfd"sv, "zstd-compressed data, which is not supported"},
    Magic{"BZh"sv, "bzip2-compressed data, which is not supported"},
    Magic{"\xfd"
          "7zXZ"sv,
          "xz-compressed data, which is not supported"},
    Magic{"\x1f\x8b"sv, "gzip inside gzip"},
    Magic{"JAVA PROFILE "sv, "a JVM heap dump (HPROF), which is not supported yet"},
    Magic{"FLR\0"sv, "a JDK Flight Recorder file, which is not supported yet"},
    Magic{"SQLite format 3"sv, "an SQLite database"},
    Magic{"\x89PNG"sv, "a PNG image"},
    Magic{"GIF8"sv, "a GIF image"},
    Magic{"%PDF"sv, "a PDF document"},
    Magic{"PERFILE2"sv, "a perf.data file, which is not supported"},
    Magic{"\xcf\xfa\xed\xfe"sv, "a Mach-O file"},
    Magic{"MZ"sv, "a Windows program"},
    Magic{"go1.5 heap dump"sv, "a Go heap dump (debug.WriteHeapDump), which is not supported"},
    Magic{"go1.7 heap dump"sv, "a Go heap dump (debug.WriteHeapDump), which is not supported"},
};

std::string lower(std::string_view text) {
  std::string result(text);
  std::transform(result.begin(), result.end(), result.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return result;
}

std::string_view trim(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\n\v\f";
  const size_t begin = text.find_first_not_of(kSpace);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kSpace) - begin + 1);
}

// For a message: the first line, printable, not long.
std::string excerpt(std::string_view text) {
  constexpr size_t kLongest = 60;
  std::string result;
  for (const char c : trim(text)) {
    if (c == '\n' || c == '\r') break;
    if (result.size() == kLongest) {
      result += "...";
      break;
    }
    result += std::isprint(static_cast<unsigned char>(c)) != 0 ? c : '?';
  }
  return result;
}

bool is_html(std::string_view lowered) {
  return lowered.starts_with("<!doctype html") || lowered.starts_with("<html") ||
         lowered.starts_with("<head") || lowered.starts_with("<body") ||
         (lowered.starts_with("<!--") && lowered.find("<html") != std::string_view::npos);
}

std::string describe_html(std::string_view text, std::string_view lowered) {
  const size_t open = lowered.find("<title");
  const size_t begin = open == std::string_view::npos ? open : lowered.find('>', open);
  const size_t end = begin == std::string_view::npos ? begin : lowered.find("</title", begin);
  if (end == std::string_view::npos) return "an HTML page";
  return "an HTML page (title: " + excerpt(text.substr(begin + 1, end - begin - 1)) + ")";
}

}  // namespace

bool looks_like_text(std::string_view prefix) {
  for (size_t i = 0; i < prefix.size();) {
    const auto c = static_cast<unsigned char>(prefix[i]);
    if (c < 0x80) {
      if (c < 0x20 && c != '\n' && c != '\r' && c != '\t' && c != '\f' && c != 0x1b) return false;
      if (c == 0x7f) return false;
      ++i;
      continue;
    }
    const size_t length = c >= 0xf0 && c < 0xf8 ? 4 : c >= 0xe0 ? 3 : 2;
    if (c < 0xc2 || c >= 0xf8) return false;
    for (size_t k = 1; k < length; ++k) {
      if (i + k == prefix.size()) return true;  // cut by the prefix
      if ((static_cast<unsigned char>(prefix[i + k]) & 0xc0) != 0x80) return false;
    }
    i += length;
  }
  return true;
}

bool has_foreign_magic(std::string_view prefix) {
  return std::any_of(kMagics.begin(), kMagics.end(),
                     [&](const Magic& m) { return prefix.starts_with(m.bytes); });
}

std::string describe(std::string_view prefix) {
  if (prefix.empty()) return "nothing (0 bytes)";
  for (const Magic& magic : kMagics) {
    if (prefix.starts_with(magic.bytes)) return std::string(magic.what);
  }
  if (!looks_like_text(prefix)) return "binary data of an unknown format";
  const std::string_view text = trim(prefix);
  if (text.empty()) return "white space only";
  const std::string lowered = lower(text);
  if (is_html(lowered)) return describe_html(text, lowered);
  if (text.starts_with("<?xml")) return "an XML document";
  if (text.front() == '{' || text.front() == '[') return "JSON: " + excerpt(text);
  return "text that begins with \"" + excerpt(text) + "\"";
}

}  // namespace edp::decode
