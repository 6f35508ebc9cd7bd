#include "runner/view/report.h"

#include <gmock/gmock.h>

#include "tests/support/stack_profile.h"

namespace edp::view {
namespace {

using edp::testing::StackProfile;
using ::testing::ElementsAre;

std::string top_of(model::Profile profile, const Options& options) {
  std::vector<std::string> warnings;
  const auto report = make_report(std::move(profile), options, Kind::kTop, warnings);
  return report ? top_text(*report) : report.error().what;
}

std::vector<std::string> names(model::Profile profile, const Options& options) {
  std::vector<std::string> warnings;
  std::vector<std::string> found;
  const auto report = make_report(std::move(profile), options, Kind::kTop, warnings);
  if (!report) return {report.error().what};
  for (const Row& row : report->rows) found.push_back(row.name);
  return found;
}

TEST(Top, CountsRecursionOnceAndMarksInlinedCalls) {
  StackProfile stacks({{"samples", "count"}, {"cpu", "nanoseconds"}});
  stacks.add({"f", "f", "f", "main"}, {3, 30'000'000});
  stacks.add({"g<f", "main"}, {1, 10'000'000});
  stacks.add({"h<f", "main"}, {1, 10'000'000});
  stacks.add({"h", "main"}, {5, 50'000'000});
  stacks.profile().duration_nanos = 2'000'000'000;
  EXPECT_EQ(top_of(stacks.take(), {}),
            "File: server\n"
            "Type: cpu\n"
            "Duration: 2s, Total samples = 100ms ( 5.00%)\n"
            "Showing nodes accounting for 100ms, 100% of 100ms total\n"
            "      flat  flat%   sum%        cum   cum%\n"
            "      60ms 60.00% 60.00%       60ms 60.00%  h (partial-inline)\n"
            "      30ms 30.00% 90.00%       50ms 50.00%  f\n"
            "      10ms 10.00%   100%       10ms 10.00%  g (inline)\n"
            "         0     0%   100%      100ms   100%  main\n");
}

TEST(Top, SaysWhatItLeavesOut) {
  StackProfile stacks({{"space", "bytes"}});
  stacks.add({"a", "main"}, {500 << 20});
  stacks.add({"b", "main"}, {400 << 20});
  stacks.add({"c", "main"}, {99 << 20});
  stacks.add({"small", "main"}, {1 << 20});
  EXPECT_EQ(top_of(stacks.take(), {.node_count = 2}),
            "File: server\n"
            "Type: space\n"
            "Showing nodes accounting for 900MB, 90.00% of 1000MB total\n"
            "Dropped 1 node (cum <= 5MB)\n"
            "Showing top 2 nodes out of 4\n"
            "      flat  flat%   sum%        cum   cum%\n"
            "     500MB 50.00% 50.00%      500MB 50.00%  a\n"
            "     400MB 40.00% 90.00%      400MB 40.00%  b\n");
}

TEST(Top, OrdersTiesByName) {
  StackProfile stacks({{"n", "count"}});
  stacks.add({"b", "z"}, {5}).add({"a", "z"}, {5}).add({"c", "y"}, {-5}).add({"B", "y"}, {5});
  EXPECT_THAT(names(stacks.take(), {.trim = false}), ElementsAre("B", "a", "b", "c", "z"));
  EXPECT_THAT(names(stacks.take(), {.sort_by_cum = true, .trim = false}),
              ElementsAre("z", "B", "a", "b", "c"));
}

TEST(Top, ShowsLinesFilesAndAddresses) {
  StackProfile stacks({{"n", "count"}});
  stacks.add({"f:7", "main:3"}, {1}).add({"f:8", "main:3"}, {2});
  EXPECT_THAT(names(stacks.take(), {.granularity = Granularity::kLines}),
              ElementsAre("f /src/f.go:8", "f /src/f.go:7", "main /src/main.go:3"));
  EXPECT_THAT(names(stacks.take(), {.granularity = Granularity::kFiles}),
              ElementsAre("/src/f.go", "/src/main.go"));
  EXPECT_THAT(names(stacks.take(), {.granularity = Granularity::kFileFunctions}),
              ElementsAre("f /src/f.go", "main /src/main.go"));
  EXPECT_THAT(names(stacks.take(), {.granularity = Granularity::kAddresses}),
              ElementsAre("0000000000001020 f /src/f.go:8", "0000000000001000 f /src/f.go:7",
                          "0000000000001010 main /src/main.go:3"));
  EXPECT_THAT(names(stacks.take(), {.granularity = Granularity::kFiles, .trim_path = "/usr:/src"}),
              ElementsAre("f.go", "main.go"));
}

TEST(Top, AveragesOverTheFirstType) {
  StackProfile stacks({{"contentions", "count"}, {"delay", "nanoseconds"}});
  stacks.add({"lock", "a"}, {4, 100}).add({"lock", "b"}, {1, 1000});
  EXPECT_EQ(top_of(stacks.take(), {.mean = true}),
            "File: server\n"
            "Type: mean_delay\n"
            "Showing nodes accounting for 220ns, 100% of 220ns total\n"
            "      flat  flat%   sum%        cum   cum%\n"
            "     220ns   100%   100%      220ns   100%  lock\n"
            "         0     0%   100%       25ns 11.36%  a\n"
            "         0     0%   100%     1000ns 454.55%  b\n");
}

TEST(Top, NamesWhatHasNoFunction) {
  StackProfile stacks({{"n", "count"}});
  stacks.add({"", "f"}, {2});
  stacks.profile().functions[0].file = {};
  EXPECT_THAT(names(stacks.take(), {}), ElementsAre("[server]", "f"));
  stacks.profile().mappings[0].file = {};
  EXPECT_THAT(names(stacks.take(), {}), ElementsAre("<unknown>", "f"));
}

TEST(SampleType, IsFoundByNameNumberAndOldName) {
  StackProfile stacks({{"objects", "count"}, {"space", "bytes"}});
  model::Profile profile = stacks.take();
  EXPECT_EQ(sample_type_index(profile, "").value(), 1u);
  EXPECT_EQ(sample_type_index(profile, "inuse_objects").value(), 0u);
  EXPECT_EQ(sample_type_index(profile, "space").value(), 1u);
  EXPECT_EQ(sample_type_index(profile, "0").value(), 0u);
  profile.default_sample_type = "objects";
  EXPECT_EQ(sample_type_index(profile, "").value(), 0u);
  EXPECT_EQ(sample_type_index(profile, "2").error().what, "sample_index 2 is outside the range [0..1]");
  EXPECT_EQ(sample_type_index(profile, "cpu").error().what,
            "sample_index \"cpu\" must be one of: [objects space]");
  EXPECT_EQ(top_of(model::Profile(), {}), "profile has no samples");
}

TEST(Tree, ShowsCallersAndCalleesOfEachRow) {
  StackProfile stacks({{"n", "count"}});
  stacks.add({"leaf", "middle", "main"}, {3}).add({"leaf", "main"}, {1});
  std::vector<std::string> warnings;
  const auto report = make_report(stacks.take(), {.hide = "middle"}, Kind::kTree, warnings);
  ASSERT_TRUE(report);
  EXPECT_EQ(tree_text(*report, "").value(),
            "File: server\n"
            "Type: n\n"
            "Active filters:\n"
            "   hide=middle\n"
            "Showing nodes accounting for 4, 100% of 4 total\n"
            "----------------------------------------------------------+-------------\n"
            "      flat  flat%   sum%        cum   cum%   calls calls% + context \t \t \n"
            "----------------------------------------------------------+-------------\n"
            "                                                 4   100% |   main\n"
            "         4   100%   100%          4   100%                | leaf\n"
            "----------------------------------------------------------+-------------\n"
            "         0     0%   100%          4   100%                | main\n"
            "                                                 4   100% |   leaf\n"
            "----------------------------------------------------------+-------------\n");
  EXPECT_EQ(tree_text(*report, "nobody").error().what, "no matches found for regexp: nobody");
}

TEST(Tree, JoinsNodesAcrossThoseLeftOut) {
  StackProfile stacks({{"n", "count"}});
  stacks.add({"leaf", "middle", "main"}, {100}).add({"other", "main"}, {50}).add({"middle", "main"}, {-100});
  std::vector<std::string> warnings;
  const auto report =
      make_report(stacks.take(), {.node_count = 2, .node_fraction = 0}, Kind::kTree, warnings);
  ASSERT_TRUE(report);
  ASSERT_EQ(report->rows.size(), 2u);
  EXPECT_EQ(report->rows[0].name, "leaf");
  EXPECT_EQ(report->rows[1].name, "middle");
  ASSERT_EQ(report->edges.size(), 1u);
  EXPECT_EQ(report->edges[0].weight, 100);
}

}  // namespace
}  // namespace edp::view
