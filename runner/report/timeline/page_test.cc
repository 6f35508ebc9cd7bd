#include "runner/report/timeline/page.h"

#include <gtest/gtest.h>
#include <libdeflate.h>
#include <openssl/evp.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "runner/report/testing/sample_timeline.h"

namespace edp::report {
namespace {

using nlohmann::json;

std::vector<model::Facts> targets_with(std::vector<uint64_t> rounds) {
  std::vector<model::Facts> targets(1);
  targets[0].target = "http://orders:6060";
  for (const uint64_t each : rounds) {
    targets[0].traces.push_back(
        {.taken_at = 5,
         .artefact = "trace-" + std::to_string(each) + ".out",
         .timeline = std::make_shared<model::Timeline>(testing::sample_timeline({.rounds = each}))});
  }
  return targets;
}

TEST(TimelinesJson, WithoutTracesIsAnEmptyList) {
  EXPECT_EQ(timelines_json(std::vector<model::Facts>(2)), "[]");
}

TEST(TimelinesJson, NamesTraceAndTarget) {
  const json traces = json::parse(timelines_json(targets_with({12, 50})));
  ASSERT_EQ(traces.size(), 2U);
  EXPECT_EQ(traces[0]["artefact"], "trace-12.out");
  EXPECT_EQ(traces[1]["artefact"], "trace-50.out");
  EXPECT_EQ(traces[0]["target"], "http://orders:6060");
  EXPECT_EQ(traces[0]["merge_below_ns"], 0);
  EXPECT_EQ(traces[0]["goroutines"], json({9, 9}));
  EXPECT_GT(traces[0]["data"].get<std::string>().size(), 100U);
}

// How well libdeflate packs is its own affair, from one release to the next: what is compared is unpacked.
std::string columns_of(const json& trace) {
  const std::string text = trace["data"];
  std::string packed(text.size(), '\0');
  const int size =
      EVP_DecodeBlock(reinterpret_cast<unsigned char*>(packed.data()),
                      reinterpret_cast<const unsigned char*>(text.data()), static_cast<int>(text.size()));
  std::string columns(1 << 24, '\0');
  libdeflate_decompressor* inflater = libdeflate_alloc_decompressor();
  size_t used = 0, length = 0;
  EXPECT_EQ(libdeflate_deflate_decompress_ex(inflater, packed.data(), static_cast<size_t>(size),
                                             columns.data(), columns.size(), &used, &length),
            LIBDEFLATE_SUCCESS);
  libdeflate_free_decompressor(inflater);
  columns.resize(length);
  return columns;
}

// The page's own tests (console/test) open testdata/timelines.json: a trace that is all there, and one of
// which a page could not hold everything. UPDATE_GOLDEN=1 rewrites it.
TEST(TimelinesJson, TheGoldenOnesAreAsTheyAreMadeNow) {
  std::vector<model::Facts> whole = targets_with({60}), large = targets_with({600});
  whole[0].target = large[0].target = "http://orders-api.shop.svc:6060";
  whole[0].traces[0].artefact = "trace.out";
  const json made = {
      json::parse(timelines_json(whole))[0],
      json::parse(timelines_json(large, {.slices = 2500, .lanes = 6, .ranges = 400, .samples = 9}))[0]};
  const auto path = std::filesystem::path(EDP_SOURCE_DIR) / "runner/report/testdata/timelines.json";
  if (std::getenv("UPDATE_GOLDEN") != nullptr) std::ofstream(path) << made.dump(1) << '\n';
  json kept = json::parse(std::ifstream(path));
  ASSERT_EQ(kept.size(), made.size());
  for (size_t i = 0; i < made.size(); ++i) {
    EXPECT_TRUE(columns_of(kept[i]) == columns_of(made[i])) << "trace " << i;
    kept[i]["data"] = made[i]["data"];
    EXPECT_EQ(kept[i], made[i]);
  }
}

// What the small one leaves goes to the large one; together they keep the limit.
TEST(TimelinesJson, LimitsAreThoseOfAllTraces) {
  const TimelineLimits limits{.slices = 3000};
  const json traces = json::parse(timelines_json(targets_with({500, 12}), limits));
  EXPECT_GT(traces[0]["merge_below_ns"], 0);
  EXPECT_EQ(traces[1]["merge_below_ns"], 0);
  EXPECT_LE(traces[0]["slices"][1].get<int>() + traces[1]["slices"][1].get<int>(), 3000);
  EXPECT_GT(traces[0]["slices"][1].get<int>(), 500);
}

}  // namespace
}  // namespace edp::report
