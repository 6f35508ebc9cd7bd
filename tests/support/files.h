// Files that tests read.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

namespace edp::testing {

inline std::string read_file(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  EXPECT_TRUE(in) << "cannot read " << path;
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

// A folder that a script in tests/corpus fills.
inline std::filesystem::path cached(const char* name, const char* script) {
  const char* cache = std::getenv("XDG_CACHE_HOME");
  const char* home = std::getenv("HOME");
  const std::filesystem::path path =
      (cache != nullptr ? std::filesystem::path(cache)
                        : std::filesystem::path(home != nullptr ? home : "") / ".cache") /
      "edp" / name;
  EXPECT_TRUE(std::filesystem::exists(path / "COMPLETE"))
      << path << " is missing: run tests/corpus/" << script;
  return path;
}

inline std::filesystem::path corpus() { return cached("corpus", "fetch.sh"); }
inline std::filesystem::path corpus_traces() { return cached("corpus-traces", "fetch_traces.sh"); }

}  // namespace edp::testing
