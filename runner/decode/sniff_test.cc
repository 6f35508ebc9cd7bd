#include "runner/decode/sniff.h"

#include <gmock/gmock.h>

#include "runner/decode/decoder.h"

namespace edp::decode {
namespace {

using ::testing::HasSubstr;

struct UnknownCase {
  const char* name;
  std::string bytes;
  const char* what;
};

class Unknown : public ::testing::TestWithParam<UnknownCase> {};

TEST_P(Unknown, SaysWhatItLooksLike) {
  const auto decoded = decode(GetParam().bytes, "file");
  ASSERT_FALSE(decoded);
  EXPECT_THAT(decoded.error().to_string(), HasSubstr(GetParam().what));
  EXPECT_THAT(decoded.error().to_string(), ::testing::StartsWith("file: "));
}

using namespace std::string_literals;

INSTANTIATE_TEST_SUITE_P(
    Contents, Unknown,
    ::testing::Values(
        UnknownCase{"empty", "", "it is nothing (0 bytes)"},
        UnknownCase{"blank", " \n\n", "white space only"},
        UnknownCase{"html", "<!DOCTYPE html>\n<html><head><TITLE>Sign in\n</title>",
                    "an HTML page (title: Sign in)"},
        UnknownCase{"html_without_title", "\n <html><body>404", "an HTML page"},
        UnknownCase{"json_error", R"({"error":"no such path"})", R"(JSON: {"error":"no such path"})"},
        UnknownCase{"xml", "<?xml version=\"1.0\"?><a/>", "an XML document"},
        UnknownCase{"text", "404 page not found\n", "text that begins with \"404 page not found\""},
        UnknownCase{"long_text", std::string(5000, 'a'), "aaa...\""},
        UnknownCase{"utf8", "Größe: 5", "text that begins with"},
        UnknownCase{"elf",
                    "\x7f"
                    "ELF\x02\x01\x01\0\0"s,
                    "an ELF file"},
        UnknownCase{"zip", "PK\x03\x04\x14\0"s, "a ZIP archive"},
        UnknownCase{"hprof", "JAVA PROFILE 1.0.2\0\0\0"s, "a JVM heap dump (HPROF)"},
        UnknownCase{"jfr", "FLR\0\0\x02"s, "a JDK Flight Recorder file"},
        UnknownCase{"zstd", "\x28\xb5\x2f\xfd\0\0"s, "zstd-compressed data"},
        UnknownCase{"binary", "\x01\x02\x03\xff\xfe"s, "binary data of an unknown format"},
        UnknownCase{"gperftools", "\0\0\0\0\x03\0\0\0\0\0\0\0\x10\x27\0\0\0\0\0\0"s,
                    "a CPU profile of gperftools"},
        UnknownCase{"other_json", R"({"memory":1,"cmdline":["x"]})", "it has no object \"memstats\""}),
    [](const auto& test) { return test.param.name; });

}  // namespace
}  // namespace edp::decode
