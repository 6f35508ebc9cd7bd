// For tests: keys, and reading a stored report back.
#pragma once

#include <string>

#include "operator/serve/store.h"

namespace edp::serve::testing {

inline std::string uid(int number) {
  const std::string digits = std::to_string(number);
  return "00000000-0000-4000-8000-" + std::string(12 - digits.size(), '0') + digits;
}

inline ReportKey key(int pod, ReportFile file = ReportFile::kJson, int run = 1,
                     const std::string& name = "why-slow") {
  return {"shop", name, uid(run), uid(1000 + pod), file};
}

inline StoreResult<ReportRef> put(ReportStore& store, const ReportKey& to, const std::string& text,
                                  int attempt = 1, int64_t now = 1'700'000'000) {
  auto writer = store.begin(text.size());
  if (!writer) return tl::unexpected(writer.error());
  for (size_t at = 0; at < text.size(); at += 100'000) {
    const auto written = (*writer)->write(std::string_view(text).substr(at, 100'000));
    if (!written) return tl::unexpected(written.error());
  }
  return (*writer)->commit(to, attempt, now);
}

// "" where it can't be had.
inline std::string get(ReportStore& store, const ReportKey& from) {
  const auto ref = store.find(from);
  if (!ref) return "";
  const auto source = store.open(from, *ref);
  if (!source) return "";
  std::string text((*source)->size(), '\0');
  size_t at = 0;
  while (at < text.size()) {
    const auto count = (*source)->read(at, text.data() + at, text.size() - at);
    if (!count) return "";
    at += *count;
  }
  return text;
}

}  // namespace edp::serve::testing
