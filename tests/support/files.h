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

// The folder that tests/corpus/fetch.sh fills.
inline std::filesystem::path corpus() {
  const char* cache = std::getenv("XDG_CACHE_HOME");
  const char* home = std::getenv("HOME");
  const std::filesystem::path path =
      (cache != nullptr ? std::filesystem::path(cache)
                        : std::filesystem::path(home != nullptr ? home : "") / ".cache") /
      "edp/corpus";
  EXPECT_TRUE(std::filesystem::exists(path / "COMPLETE"))
      << "the corpus is missing: run tests/corpus/fetch.sh";
  return path;
}

}  // namespace edp::testing
