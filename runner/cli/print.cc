#include "runner/cli/print.h"

#include <cstdio>
#include <iostream>

#include "common/files.h"

namespace edp::cli {

int print(const Result<std::string>& text, const std::vector<std::string>& warnings,
          const std::string& output) {
  for (const std::string& warning : warnings) std::cerr << "edp-runner: " << warning << "\n";
  Result<void> done;
  if (!text) {
    done = tl::unexpected(text.error());
  } else if (!output.empty()) {
    done = write_file(output, *text);
  } else if (std::fwrite(text->data(), 1, text->size(), stdout) != text->size() || std::fflush(stdout) != 0) {
    done = fail("standard output cannot be written");
  }
  if (done) return 0;
  std::cerr << "edp-runner: " << done.error().to_string() << "\n";
  return 1;
}

}  // namespace edp::cli
