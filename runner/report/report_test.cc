// Reports as a whole: golden files, the schema, well-formed XML. UPDATE_GOLDEN=1 rewrites the golden files.
#include "runner/report/report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "runner/report/sample_report.h"
#include "runner/report/text.h"

namespace edp::report {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::Not;

const fs::path kSource = EDP_SOURCE_DIR;

std::string read_file(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}

void write_file(const fs::path& path, const std::string& text) {
  std::ofstream out(path, std::ios::binary);
  out << text;
  ASSERT_TRUE(out.good()) << path;
}

void expect_golden(const std::string& name, const std::string& text) {
  const fs::path path = kSource / "runner/report/testdata" / name;
  if (std::getenv("UPDATE_GOLDEN") != nullptr) {
    fs::create_directories(path.parent_path());
    write_file(path, text);
  }
  const std::string kept = read_file(path);
  const auto at = static_cast<size_t>(std::ranges::mismatch(kept, text).in1 - kept.begin());
  EXPECT_TRUE(kept == text) << "differs from " << path << " at byte " << at << ", where it is now:\n"
                            << text.substr(at, 200)
                            << "\nWhere the change is meant, run the test with UPDATE_GOLDEN=1.";
}

struct Named {
  const char* name;
  model::Report (*make)();
};

class EveryReport : public ::testing::TestWithParam<Named> {
 protected:
  void SetUp() override {
    const auto* info = ::testing::UnitTest::GetInstance()->current_test_info();
    std::string name = std::string("edp-") + info->name();
    std::ranges::replace(name, '/', '-');
    folder_ = fs::path(::testing::TempDir()) / (name + std::to_string(getpid()));
    fs::create_directories(folder_);
  }
  void TearDown() override { fs::remove_all(folder_); }

  // Runs a Python program over `text`; expects it to end with status 0.
  void expect_python_accepts(const std::string& program, const std::string& text) const {
    write_file(folder_ / "check.py", program);
    write_file(folder_ / "input", text);
    const std::string command = "/usr/bin/python3 '" + (folder_ / "check.py").string() + "' '" +
                                (folder_ / "input").string() + "' '" + (kSource / "docs").string() + "' > '" +
                                (folder_ / "output").string() + "' 2>&1";
    EXPECT_EQ(std::system(command.c_str()), 0)
        << read_file(folder_ / "output") << "(needs: apt-get install python3 python3-jsonschema)";
  }

  fs::path folder_;
};

TEST_P(EveryReport, JsonIsValidAgainstTheSchema) {
  expect_python_accepts(R"(
import json, sys, jsonschema
def no_constants(name): raise ValueError("not JSON: " + name)
report = json.load(open(sys.argv[1], encoding="utf-8"), parse_constant=no_constants)
schema = json.load(open(sys.argv[2] + "/report.schema.json"))
jsonschema.Draft202012Validator.check_schema(schema)
errors = list(jsonschema.Draft202012Validator(schema).iter_errors(report))
for error in errors: print("/".join(map(str, error.absolute_path)), error.message[:300])
sys.exit(1 if errors else 0)
)",
                        to_json(GetParam().make()));
}

TEST_P(EveryReport, JUnitIsWellFormedXmlThatCountsItsCases) {
  expect_python_accepts(R"(
import sys, xml.etree.ElementTree as tree
root = tree.parse(sys.argv[1]).getroot()
assert root.tag == "testsuites", root.tag
cases = root.findall("testsuite/testcase")
assert int(root.get("tests")) == len(cases) > 0, len(cases)
assert int(root.get("failures")) == len(root.findall("testsuite/testcase/failure"))
assert root.get("skipped") is None  # Jenkins' XSD has it in suites alone
assert sum(int(suite.get("skipped")) for suite in root) == len(root.findall("testsuite/testcase/skipped"))
for case in cases: assert case.get("name") and case.get("classname")
)",
                        to_junit(GetParam().make()));
}

TEST_P(EveryReport, SarifHasTheRequiredStructure) {
  const auto log = nlohmann::json::parse(to_sarif(GetParam().make()));
  EXPECT_EQ(log.at("version"), "2.1.0");
  ASSERT_EQ(log.at("runs").size(), 1U);
  const auto& run = log.at("runs").at(0);
  const auto& rules = run.at("tool").at("driver").at("rules");
  EXPECT_EQ(run.at("tool").at("driver").at("name"), "edp-runner");
  ASSERT_EQ(run.at("results").size(), GetParam().make().findings.size());
  for (const auto& result : run.at("results")) {
    EXPECT_EQ(rules.at(result.at("ruleIndex").get<size_t>()).at("id"), result.at("ruleId"));
    EXPECT_FALSE(result.at("message").at("text").get<std::string>().empty());
    EXPECT_THAT((std::vector<std::string>{"error", "warning", "note"}),
                ::testing::Contains(result.at("level")));
    for (const auto& place : result.at("locations")) {
      if (!place.contains("physicalLocation")) continue;
      const std::string uri = place.at("physicalLocation").at("artifactLocation").at("uri");
      EXPECT_EQ(uri.find_first_of(" <>\"\\\x1b"), std::string::npos) << uri;
    }
  }
}

TEST_P(EveryReport, TerminalFitsTheScreenAndHoldsNoControls) {
  for (const int width : {0, 40, 80, 100, 132, 100000}) {
    const std::string text = to_terminal(GetParam().make(), {.colour = false, .width = width});
    std::istringstream lines(text);
    size_t count = 0;
    const auto limit = static_cast<size_t>(std::clamp(width, 40, 160));
    for (std::string line; std::getline(lines, line); ++count) {
      EXPECT_LE(display_width(line), limit) << line;
      EXPECT_EQ(one_line(line), line) << "controls at width " << width;
    }
    EXPECT_LE(count, 40U) << text;
  }
}

INSTANTIATE_TEST_SUITE_P(Reports, EveryReport,
                         ::testing::Values(Named{"sample", testing::sample_report},
                                           Named{"clean", testing::clean_report},
                                           Named{"hostile", testing::hostile_report}),
                         [](const auto& test) { return test.param.name; });

TEST(Golden, SampleReport) {
  const model::Report report = testing::sample_report();
  expect_golden("sample.json", to_json(report));
  expect_golden("sample.junit.xml", to_junit(report));
  expect_golden("sample.sarif", to_sarif(report));
  expect_golden("sample.txt", to_terminal(report, {.colour = false, .width = 100}));
  expect_golden("sample.colour.txt", to_terminal(report, {.colour = true, .width = 80}));
}

TEST(Golden, CleanReport) {
  const model::Report report = testing::clean_report();
  expect_golden("clean.json", to_json(report));
  expect_golden("clean.txt", to_terminal(report, {.colour = false, .width = 100}));
}

TEST(Golden, HostileReport) {
  const model::Report report = testing::hostile_report();
  expect_golden("hostile.json", to_json(report));
  expect_golden("hostile.txt", to_terminal(report, {.colour = false, .width = 100}));
}

TEST(Json, KeepsIntegersThatDoublesCannotHold) {
  const std::string json = to_json(testing::hostile_report());
  EXPECT_THAT(json, HasSubstr("9007199254740993"));
  EXPECT_THAT(json, HasSubstr("18446744073709551615"));
}

TEST(Terminal, ManyFindingsStillFitAndAreCounted) {
  model::Report report = testing::sample_report();
  for (size_t i = 0; i < 60; ++i) report.findings.push_back(report.findings[1]);
  const std::string text = to_terminal(report, {});
  EXPECT_LE(std::ranges::count(text, '\n'), 40);
  EXPECT_THAT(text, HasSubstr("more findings in the report"));
  EXPECT_THAT(text, HasSubstr("unjudged"));
}

TEST(Terminal, ColoursOnlyWhenTold) {
  const model::Report report = testing::sample_report();
  EXPECT_THAT(to_terminal(report, {.colour = false}), Not(HasSubstr("\x1b")));
  EXPECT_THAT(to_terminal(report, {.colour = true}), HasSubstr("\x1b[1;31mCRITICAL\x1b[0m"));
}

TEST(Terminal, SaysWhenNothingCouldBeJudged) {
  model::Report report;
  report.exit_status = 3;
  EXPECT_THAT(to_terminal(report, {}), HasSubstr("Nothing could be judged"));
}

TEST(JUnit, GateDecidesWhatFails) {
  model::Report report = testing::sample_report();
  const auto failures = [&](const char* gate) {
    report.gate = gate;
    const std::string xml = to_junit(report);
    size_t count = 0;
    for (size_t at = xml.find("<failure"); at != std::string::npos; at = xml.find("<failure", at + 1))
      ++count;
    return count;
  };
  EXPECT_EQ(failures("CRITICAL"), 2U);
  EXPECT_EQ(failures("WARNING"), 3U);
  EXPECT_EQ(failures("INFO"), 4U);
}

}  // namespace
}  // namespace edp::report
