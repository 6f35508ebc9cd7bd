#include "runner/run/artefact.h"

#include <gtest/gtest.h>

#include "common/gzip.h"

namespace edp::run {
namespace {

std::string kept(const std::string& bytes) {
  const auto masked = mask_artefact(bytes, {}, masking::Patterns::compile().value());
  return masked ? *masked : "error: " + masked.error().to_string();
}

// A Profile with one string and one other field.
std::string profile(const std::string& text) {
  return std::string("\x4a\x02\x08\x01", 4) + "\x32" + static_cast<char>(text.size()) + text + "\x50\x07";
}

TEST(Artefact, BytesStayWhereNothingIsHidden) {
  for (const std::string& bytes :
       {std::string("goroutine 1 [running]:\n"), profile("main.main"), gzip(profile("main.main")),
        std::string("{\"memstats\": {}}"), std::string()}) {
    EXPECT_EQ(kept(bytes), bytes);
  }
}

TEST(Artefact, StringsOfAProfile) {
  EXPECT_EQ(kept(profile("tel 13812345678")), profile("tel 138****5678"));
  EXPECT_EQ(kept(gzip(profile("a@example.com"))), gzip(profile("a***@example.com")));
}

TEST(Artefact, TextAndJson) {
  EXPECT_EQ(kept("x 13812345678"), "x 138****5678");
  EXPECT_EQ(kept(R"({"n": 13812345678, "t": "13812345678"})"), R"({"n": 13812345678, "t": "138****5678"})");
}

TEST(Artefact, OtherBinaryFormatsAreNotKept) {
  EXPECT_EQ(kept(std::string("go 1.22 trace\0\0\0\x01\x02", 18)),
            "error: it is binary, and no whole profile: it can't be masked");
  EXPECT_EQ(kept(profile("main").substr(0, 7)),
            "error: it is binary, and no whole profile: it can't be masked");
}

}  // namespace
}  // namespace edp::run
