#include "runner/cli/print.h"

#include <cstdio>
#include <iostream>

#include "common/files.h"
#include "common/masking/masker.h"

namespace edp::cli {

int print(const Result<std::string>& text, const std::vector<std::string>& warnings,
          const std::string& output) {
  const auto patterns = masking::Patterns::compile().value();
  const auto complain = [&](const std::string& message) {
    masking::Counts ignored;
    std::cerr << "edp-runner: " << masking::mask(message, patterns, ignored) << "\n";
  };
  for (const std::string& warning : warnings) complain(warning);
  Result<void> done;
  if (!text) {
    done = tl::unexpected(text.error());
  } else if (!output.empty()) {
    done = write_file(output, *text);
  } else if (std::fwrite(text->data(), 1, text->size(), stdout) != text->size() || std::fflush(stdout) != 0) {
    done = fail("standard output cannot be written");
  }
  if (done) return 0;
  complain(done.error().to_string());
  return 1;
}

}  // namespace edp::cli
