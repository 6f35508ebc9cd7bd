// Files and folders of audit streams, checked.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "common/audit/check.h"

namespace edp::audit {

struct VerifyOptions {
  std::vector<std::string> key_files;   // public keys (PEM)
  std::vector<std::string> head_files;  // heads kept elsewhere, or lines of a stream that hold some
  bool tagged = false;                  // look at lines with the tag only, behind it
  std::function<void(const Problem&)> on_problem;
};

struct StreamVerdict {
  std::string name;  // its first file
  ChainFigures figures;
  std::vector<std::string> notes;  // what could not be judged, and why
};

// `path`: one segment, a folder with whole streams (*.jsonl and what belongs to it), or "-". An error: there
// is nothing to judge.
Result<std::vector<StreamVerdict>> verify(const std::string& path, const VerifyOptions& options);

// Calls `visit` for every line of a file, "-" being standard input: constant memory. `whole` false: the file
// ends within this line. A line longer than kMaxLine is cut to kMaxLine + 1 bytes. False ends it.
using LineVisitor = std::function<bool(std::string_view text, uint64_t number, bool whole)>;
Result<void> for_each_line(const std::string& path, const LineVisitor& visit);

}  // namespace edp::audit
