#include "runner/decode/pprof/pprof.h"

#include <gmock/gmock.h>

#include "tests/support/files.h"
#include "tests/support/profile_text.h"
#include "tests/support/proto_writer.h"

namespace edp::decode {
namespace {

using edp::testing::ProtoWriter;
using ::testing::HasSubstr;

// The strings of every profile below.
ProtoWriter with_strings() {
  ProtoWriter profile;
  for (const char* text : {"", "samples", "count", "main.work", "work.go", "key", "value", "bytes"}) {
    profile.bytes(6, text);
  }
  return profile;
}

// One sample type, one location with one line, one sample of it.
ProtoWriter small() {
  ProtoWriter profile = with_strings();
  profile.message(1, ProtoWriter().number(1, 1).number(2, 2));
  profile.message(5, ProtoWriter().number(1, 1).number(2, 3).number(3, 3).number(4, 4).number(5, 10));
  profile.message(
      4, ProtoWriter().number(1, 1).number(3, 0x1000).message(4, ProtoWriter().number(1, 1).number(2, 12)));
  profile.message(2, ProtoWriter().packed(1, {1}).packed(2, {7}));
  return profile;
}

std::string error_of(const ProtoWriter& profile) {
  const auto decoded = pprof::decode_proto(profile.str(), {});
  return decoded ? "accepted" : decoded.error().to_string();
}

TEST(Pprof, ReadsEveryColumn) {
  ProtoWriter bytes = small();
  bytes.message(3, ProtoWriter()
                       .number(1, 1)
                       .number(2, 0x400000)
                       .number(3, 0x500000)
                       .number(4, 0x10)
                       .number(5, 4)
                       .number(6, 6)
                       .number(7, 1)
                       .number(10, 1));
  bytes.message(4, ProtoWriter()
                       .number(1, 9)
                       .number(2, 1)
                       .number(3, 0x2000)
                       .number(5, 1)
                       .message(4, ProtoWriter().number(1, 1).number(2, 14).number(3, 3))
                       .message(4, ProtoWriter().number(1, 1).number(2, 15)));
  bytes.message(2, ProtoWriter()
                       .number(1, 9)
                       .number(1, 1)
                       .number(2, static_cast<uint64_t>(-3))
                       .message(3, ProtoWriter().number(1, 5).number(2, 6))
                       .message(3, ProtoWriter().number(1, 7).number(3, 42).number(4, 7))
                       .message(3, ProtoWriter().number(1, 5)));
  bytes.number(7, 3)
      .number(8, 4)
      .number(9, 1700)
      .number(10, 30)
      .number(12, 100)
      .packed(13, {5, 6})
      .number(14, 1);
  bytes.number(15, 4).message(11, ProtoWriter().number(1, 1).number(2, 2));

  const auto decoded = pprof::decode_proto(bytes.str(), {});
  ASSERT_TRUE(decoded) << decoded.error().to_string();
  EXPECT_EQ(decoded->format, "pprof");
  const model::Profile& profile = *decoded->profile;
  EXPECT_EQ(edp::testing::profile_text(profile),
            "Comment: key\nComment: value\nDoc: work.go\nPeriodType: samples count\nPeriod: 100\n"
            "Samples:\nsamples/count[dflt]\n"
            "          7: 1 \n"
            "         -3: 9 1 \n"
            "                key:[value]\n"
            "                bytes:[42 bytes]\n"
            "Locations\n"
            "     1: 0x1000 main.work work.go:12:0 s=10\n"
            "     9: 0x2000 M=1 [F] main.work work.go:14:3 s=10\n"
            "             main.work work.go:15:0 s=10\n"
            "Mappings\n"
            "1: 0x400000/0x500000/0x10 work.go value [FN][IN]\n");
  EXPECT_EQ(profile.time_nanos, 1700);
  EXPECT_EQ(profile.duration_nanos, 30);
  EXPECT_EQ(profile.drop_frames, "main.work");
  EXPECT_EQ(profile.keep_frames, "work.go");
  EXPECT_EQ(profile.sample(0).labels.size(), 0u);
  EXPECT_EQ(profile.sample(1).labels.size(), 2u);
}

TEST(Pprof, IdsNeedNoOrder) {
  ProtoWriter profile = with_strings();
  profile.message(1, ProtoWriter().number(1, 1));
  for (const uint64_t id : {uint64_t{1}, uint64_t{2}, uint64_t{77}, UINT64_MAX, uint64_t{3}}) {
    profile.message(4, ProtoWriter().number(1, id).number(3, id));
  }
  profile.message(2, ProtoWriter().packed(1, {77, 3, 2, UINT64_MAX, 1}).packed(2, {1}));
  const auto decoded = pprof::decode_proto(profile.str(), {});
  ASSERT_TRUE(decoded) << decoded.error().to_string();
  std::vector<uint64_t> addresses;
  for (const uint32_t index : decoded->profile->sample(0).locations) {
    addresses.push_back(decoded->profile->locations[index].address);
  }
  EXPECT_THAT(addresses, ::testing::ElementsAre(77, 3, 2, UINT64_MAX, 1));
}

// What pprof accepts although it is odd.
TEST(Pprof, AcceptsWhatPprofAccepts) {
  EXPECT_EQ(error_of(with_strings()), "accepted");  // no sample type, no sample
  EXPECT_EQ(error_of(small().number(0, 1).number(200, 5).bytes(16, "new")), "accepted");  // unknown fields
  // Fixed-size numbers that are not known.
  EXPECT_EQ(error_of(small().raw("\x81\x01").raw("8 bytes!").raw("\x85\x01").raw("four")), "accepted");
  EXPECT_EQ(error_of(small().message(4, ProtoWriter().number(1, 2).number(2, 99))),
            "accepted");                                                              // unknown mapping
  EXPECT_EQ(error_of(small().message(2, ProtoWriter().packed(2, {7}))), "accepted");  // empty stack
  // Of a field given twice, the last counts, and only that must make sense.
  EXPECT_EQ(
      error_of(small().number(7, 999).number(7, 3).message(11, ProtoWriter().number(1, 999)).message(11, {})),
      "accepted");
  EXPECT_EQ(error_of(small().message(3, ProtoWriter().number(1, 1).number(5, 999).number(5, 4))), "accepted");
  // A label's unit is not looked at where there is a text.
  EXPECT_EQ(error_of(small().message(2, ProtoWriter().packed(2, {7}).message(
                                            3, ProtoWriter().number(1, 5).number(2, 6).number(4, 999)))),
            "accepted");
}

struct BadCase {
  const char* name;
  ProtoWriter profile;
  const char* error;
};

class PprofRefuses : public ::testing::TestWithParam<BadCase> {};

TEST_P(PprofRefuses, NamingOffsetAndCause) {
  EXPECT_THAT(error_of(GetParam().profile), HasSubstr(GetParam().error));
}

INSTANTIATE_TEST_SUITE_P(
    Cases, PprofRefuses,
    ::testing::Values(
        BadCase{"empty", {}, "is empty"},
        BadCase{"no_strings", ProtoWriter().message(1, {}), "no string table"},
        BadCase{"first_string", ProtoWriter().bytes(6, "x"),
                "at byte 0: the first entry of the string table is not"},
        BadCase{"unknown_location", small().message(2, ProtoWriter().packed(1, {5}).packed(2, {1})),
                "a sample refers to location 5, which is not there"},
        BadCase{"location_zero", small().message(2, ProtoWriter().number(1, 0).packed(2, {1})),
                "a sample refers to location 0"},
        BadCase{"too_few_values", small().message(2, ProtoWriter().packed(1, {1})),
                "a sample has 0 values, but there are 1 sample types"},
        BadCase{"too_many_values", small().message(2, ProtoWriter().packed(2, {1, 2})),
                "a sample has 2 values"},
        BadCase{"no_sample_type", with_strings().message(2, {}), "there are samples, but no sample type"},
        BadCase{"same_location_twice", small().message(4, ProtoWriter().number(1, 1)),
                "two locations have the id 1"},
        BadCase{"location_without_id", small().message(4, ProtoWriter().number(3, 1)),
                "a location has no id"},
        BadCase{"same_function_twice", small().message(5, ProtoWriter().number(1, 1)),
                "two functions have the id 1"},
        BadCase{"same_mapping_twice",
                small().message(3, ProtoWriter().number(1, 4)).message(3, ProtoWriter().number(1, 4)),
                "two mappings have the id 4"},
        BadCase{"unknown_function",
                small().message(4, ProtoWriter().number(1, 2).message(4, ProtoWriter().number(1, 8))),
                "a line refers to function 8, which is not there"},
        BadCase{"line_without_function", small().message(4, ProtoWriter().number(1, 2).message(4, {})),
                "a line refers to function 0"},
        BadCase{"string_out_of_range", small().number(7, 8), "refers to string 8 of a table of 8"},
        BadCase{"negative_string", small().number(15, UINT64_MAX), "refers to string 18446744073709551615"},
        BadCase{"label_key",
                small().message(2, ProtoWriter().packed(2, {1}).message(3, ProtoWriter().number(1, 50))),
                "refers to string 50"},
        BadCase{"concatenated", small().number(9, 5).number(9, 6), "profiles were concatenated"},
        BadCase{"cut", small().raw("\x12\x05\x0a"), "a field is longer than what holds it"},
        BadCase{"endless_varint", small().raw("\x48\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"),
                "a number is cut"},
        BadCase{"group", small().raw("\x83\x01"), "unknown wire type"},
        BadCase{"wrong_wire_type", small().number(2, 1), "field 2 has the wrong wire type"},
        BadCase{"cut_ids", small().message(2, ProtoWriter().bytes(1, "\x81").packed(2, {1})),
                "packed location id"},
        BadCase{"cut_values", small().message(2, ProtoWriter().bytes(2, "\x81")), "packed value is cut"}),
    [](const auto& test) { return test.param.name; });

TEST(Pprof, RefusesWhatWouldTakeTooMuchMemory) {
  ProtoWriter profile;
  for (int i = 0; i < 1000; ++i) profile.bytes(6, "");
  const auto decoded = pprof::decode_proto(profile.str(), {.max_model_bytes = 15999});
  ASSERT_FALSE(decoded);
  EXPECT_THAT(decoded.error().to_string(),
              HasSubstr("would take 16000 bytes decoded, more than the limit of 15999"));
  EXPECT_TRUE(pprof::decode_proto(profile.str(), {.max_model_bytes = 16000}));
}

TEST(Pprof, ReadsRealProfiles) {
  const auto folder = edp::testing::corpus();
  size_t files = 0;
  for (const char* name :
       {"default-pgo/go1.21.13.pgo", "default-pgo/go1.24.9.pgo", "fastdelta/big-heap.pprof",
        "fastdelta/stress-failure.2.after.pprof", "fastdelta/block.after.pprof"}) {
    const auto decoded = decode(edp::testing::read_file(folder / name), name);
    ASSERT_TRUE(decoded) << decoded.error().to_string();
    EXPECT_GT(decoded->profile->sample_count(), 2u) << name;
    EXPECT_TRUE(decoded->problems.empty());
    ++files;
  }
  EXPECT_EQ(files, 5u);
}

}  // namespace
}  // namespace edp::decode
