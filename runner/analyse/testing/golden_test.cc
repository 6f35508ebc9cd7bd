// Runs every golden case beside the rules: one test a *.case file, named after it.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "runner/analyse/testing/case_file.h"

namespace edp::analyse::testing {
namespace {

std::vector<std::string> case_files() {
  std::vector<std::string> files;
  const std::filesystem::path rules = std::filesystem::path(EDP_SOURCE_DIR) / "runner/analyse/rules";
  for (const auto& entry : std::filesystem::recursive_directory_iterator(rules)) {
    if (entry.path().extension() == ".case") files.push_back(entry.path().string());
  }
  std::ranges::sort(files);
  return files;
}

std::string test_name(const ::testing::TestParamInfo<std::string>& info) {
  std::string name = std::filesystem::path(info.param).stem().string();
  std::ranges::replace_if(name, [](char c) { return std::isalnum(static_cast<unsigned char>(c)) == 0; }, '_');
  return name;
}

class GoldenCase : public ::testing::TestWithParam<std::string> {};

TEST_P(GoldenCase, VerdictIsAsExpected) {
  std::ifstream file(GetParam(), std::ios::binary);
  std::stringstream text;
  text << file.rdbuf();
  ASSERT_TRUE(file) << "can't read " << GetParam();
  const Result<Case> golden = parse_case(text.str(), GetParam());
  ASSERT_TRUE(golden) << golden.error().to_string();
  for (const std::string& difference : check_case(*golden)) ADD_FAILURE() << GetParam() << ": " << difference;
}

INSTANTIATE_TEST_SUITE_P(Rules, GoldenCase, ::testing::ValuesIn(case_files()), test_name);

}  // namespace
}  // namespace edp::analyse::testing
