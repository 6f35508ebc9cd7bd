#include "runner/decode/inflate.h"

#include <gmock/gmock.h>
#include <zlib.h>

#include "tests/support/files.h"

namespace edp::decode {
namespace {

using ::testing::HasSubstr;

std::string deflate_as(std::string_view text, int window_bits) {
  z_stream stream = {};
  EXPECT_EQ(deflateInit2(&stream, 6, Z_DEFLATED, window_bits, 8, Z_DEFAULT_STRATEGY), Z_OK);
  std::string out(deflateBound(&stream, text.size()) + 64, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  EXPECT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

std::string gzip(std::string_view text) { return deflate_as(text, 15 + 16); }

// Neither too regular nor random, so that it deflates as profiles do.
std::string sample_text(size_t size) {
  std::string text;
  for (uint32_t i = 1; text.size() < size; ++i) text += "line " + std::to_string(i * 2654435761U) + "\n";
  text.resize(size);
  return text;
}

TEST(Inflate, LeavesOtherBytesAlone) {
  for (const std::string& bytes :
       {std::string(), std::string("\x0a\x04"), std::string("plain"), std::string("x\x5e is text")}) {
    const auto inflated = inflate(bytes, {});
    ASSERT_TRUE(inflated);
    EXPECT_EQ(*inflated, bytes);
  }
}

TEST(Inflate, ReadsGzipAndZlibOfAnySize) {
  for (const size_t size : {size_t{0}, size_t{1}, size_t{70'000}, size_t{5'000'000}}) {
    const std::string text = sample_text(size);
    EXPECT_EQ(inflate(gzip(text), {}).value(), text) << size;
    EXPECT_EQ(inflate(deflate_as(text, 15), {}).value(), text) << size;
  }
}

// The size in the trailer is not believed: this deflates to a thousandth.
TEST(Inflate, ReadsWhatDeflatesVeryWell) {
  const std::string text(20'000'000, 'a');
  EXPECT_EQ(inflate(gzip(text), {}).value(), text);
}

TEST(Inflate, ReadsSeveralMembers) {
  const std::string one = sample_text(300'000), two = sample_text(40);
  EXPECT_EQ(inflate(gzip(one) + gzip(two) + gzip("") + gzip(two), {}).value(), one + two + two);
}

TEST(Inflate, RefusesBombsBeforeTheMemoryIsSpent) {
  const std::string bomb = gzip(std::string(50'000'000, '\0'));
  const auto by_size = inflate(bomb, {.max_inflated_bytes = 10'000'000});
  ASSERT_FALSE(by_size);
  EXPECT_THAT(by_size.error().to_string(), HasSubstr("more than the limit of 10000000 bytes"));
  const auto by_ratio = inflate(bomb, {.max_inflate_ratio = 100});
  ASSERT_FALSE(by_ratio);
  EXPECT_THAT(by_ratio.error().to_string(),
              HasSubstr("more than 100 times its size: refused as a decompression bomb"));
  EXPECT_LT(by_ratio.error().offset.value_or(bomb.size()), bomb.size());

  const std::string text = sample_text(1'000'000);  // just the limit is no offence
  EXPECT_TRUE(inflate(gzip(text), {.max_inflated_bytes = 1'000'000}));
  EXPECT_FALSE(inflate(gzip(text), {.max_inflated_bytes = 999'999}));
  EXPECT_FALSE(inflate(text, {.max_inflated_bytes = 999'999}));
}

// A trailer that lies about the size costs nothing but the fast way.
TEST(Inflate, DoesNotBelieveTheTrailer) {
  std::string lying = gzip(sample_text(100'000));
  lying.replace(lying.size() - 4, 4, "\xff\xff\xff\x7f");
  const auto inflated = inflate(lying, {});
  ASSERT_FALSE(inflated);
  EXPECT_THAT(inflated.error().to_string(), HasSubstr("incorrect length check"));
}

TEST(Inflate, TellsWhereTheStreamBreaks) {
  const std::string text = sample_text(200'000), whole = gzip(text);
  const auto cut = inflate(whole.substr(0, whole.size() / 2), {});
  ASSERT_FALSE(cut);
  EXPECT_EQ(cut.error().to_string(), "at byte " + std::to_string(whole.size() / 2) +
                                         ": the compressed stream is cut: it ends after " +
                                         std::to_string(whole.size() / 2) + " bytes");
  std::string damaged = whole;
  damaged[whole.size() / 2] = static_cast<char>(~damaged[whole.size() / 2]);
  EXPECT_THAT(inflate(damaged, {}).error().to_string(), HasSubstr("the compressed stream is corrupt"));
  EXPECT_THAT(inflate(whole + "rest", {}).error().to_string(), HasSubstr("bytes that are no gzip follow"));
  EXPECT_FALSE(inflate("\x1f\x8b", {}));
  EXPECT_FALSE(inflate("\x1f\x8b\x09", {}));
}

TEST(Inflate, KeepsWhatCameBeforeTheBreak) {
  const std::string text = sample_text(200'000), whole = gzip(text);
  const auto cut = inflate_what_can_be(whole.substr(0, whole.size() - 4), {});
  ASSERT_TRUE(cut);
  EXPECT_TRUE(cut->broken && cut->cut);
  EXPECT_EQ(cut->bytes, text);
  const auto half = inflate_what_can_be(whole.substr(0, whole.size() / 2), {});
  ASSERT_TRUE(half);
  EXPECT_GT(half->bytes.size(), 80'000u);
  EXPECT_TRUE(text.starts_with(half->bytes));
}

TEST(Decode, ReadsWhatACutStreamHolds) {
  const auto corpus = edp::testing::corpus();
  const std::string profile = edp::testing::read_file(corpus / "default-pgo/go1.24.9.pgo");
  // Only the checksum is missing: nothing of the profile.
  const auto whole = decode(profile.substr(0, profile.size() - 6), "cpu.pb.gz");
  ASSERT_TRUE(whole) << whole.error().to_string();
  ASSERT_EQ(whole->problems.size(), 1u);
  EXPECT_THAT(whole->problems[0], HasSubstr("the compressed stream is cut"));
  // Half of it lacks its strings.
  const auto half = decode(profile.substr(0, profile.size() / 2), "cpu.pb.gz");
  ASSERT_FALSE(half);
  EXPECT_THAT(half.error().to_string(), HasSubstr("cpu.pb.gz: at byte " + std::to_string(profile.size() / 2) +
                                                  ": the compressed stream is cut"));
  EXPECT_THAT(half.error().to_string(), HasSubstr("are no use alone"));

  const std::string dump =
      gzip(edp::testing::read_file(EDP_SOURCE_DIR "/tests/data/go_forms/go1.26.8/crash.txt"));
  const auto crash = decode(dump.substr(0, dump.size() - 20), "crash.gz");
  ASSERT_TRUE(crash) << crash.error().to_string();
  EXPECT_EQ(crash->goroutines->fatal_error, "concurrent map writes");
  EXPECT_THAT(crash->problems.at(0), HasSubstr("the compressed stream is cut"));
}

}  // namespace
}  // namespace edp::decode
