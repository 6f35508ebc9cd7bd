// The verifier of audit streams. The input tells how a true chain is tampered with, or is the stream itself:
// it ends, in bounded memory, and never takes a stream for whole that is not the true one.
//   first byte 0: the rest is a stream; else steps of three bytes (what, which line, what with)
#include <sstream>
#include <vector>

#include "common/audit/check.h"
#include "common/files.h"
#include "tests/fuzz/fuzz.h"

namespace {

using namespace edp;

constexpr size_t kLines = 24;

std::vector<std::string> chain(char stream) {
  std::vector<std::string> lines;
  std::string prev = audit::kNoLine;
  for (size_t seq = 1; seq <= kLines; ++seq) {
    nlohmann::json act = {{"act", "x"}, {"outcome", seq % 2 == 0 ? "intended" : "done"}};
    if (seq == 1) act["segment"] = {{"after", 0}};
    lines.push_back(audit::compose(act, std::string(32, stream), seq, prev, "2026-01-01T00:00:00.000000Z"));
    prev = sha256_hex(lines.back());
  }
  return lines;
}

uint64_t check(const std::vector<std::string>& lines, const audit::Head& head) {
  audit::CheckOptions options{.heads = {{head.stream, head}}, .whole = true};
  uint64_t told = 0;
  options.on_problem = [&](const audit::Problem& problem) {
    ++told;
    fuzz::require(!problem.what.empty() && problem.place.line <= lines.size());
  };
  audit::ChainCheck checking(std::move(options));
  uint64_t number = 0;
  for (const std::string& line : lines) checking.feed(line, {"f", ++number});
  checking.end();
  fuzz::require(told == checking.figures().problems);
  return told;
}

void tamper(std::vector<std::string>& lines, uint8_t what, uint8_t at, uint8_t with) {
  static const std::vector<std::string> kForeign = chain('b');
  if (lines.empty()) return;
  const size_t one = at % lines.size();
  const size_t other = with % lines.size();
  switch (what % 6) {
    case 0:
      lines.erase(lines.begin() + static_cast<ptrdiff_t>(one));
      break;
    case 1:
      lines[one][(with * 7U) % lines[one].size()] ^= static_cast<char>(1 + with % 31);
      break;
    case 2:
      std::swap(lines[one], lines[other]);
      break;
    case 3:
      lines.insert(lines.begin() + static_cast<ptrdiff_t>(other), lines[one]);
      break;
    case 4:
      lines.insert(lines.begin() + static_cast<ptrdiff_t>(one), kForeign[with % kLines]);
      break;
    default:
      lines.resize(one);
      break;
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const std::vector<std::string> kTrue = chain('a');
  static const audit::Head kHead{
      .stream = std::string(32, 'a'), .seq = kLines, .hash = sha256_hex(kTrue.back()), .time = "t"};
  if (size == 0) return 0;
  std::vector<std::string> lines;
  if (data[0] == 0) {
    std::istringstream in(fuzz::bytes_of(data + 1, size - 1));
    for (std::string line; std::getline(in, line);) lines.push_back(line);
    if (lines != kTrue && !lines.empty()) (void)check(lines, kHead);
    return 0;
  }
  lines = kTrue;
  for (size_t i = 1; i + 2 < size && i < 30; i += 3) tamper(lines, data[i], data[i + 1], data[i + 2]);
  // Another stream in its place is for the caller to see: the head is not of it.
  const auto first = lines.empty() ? Result<audit::Line>(fail("none")) : audit::parse_line(lines.front());
  if (lines.size() < 3 || !first || first->stream != kHead.stream) {
    (void)check(lines, kHead);
    return 0;
  }
  fuzz::require((check(lines, kHead) == 0) == (lines == kTrue));
  return 0;
}
