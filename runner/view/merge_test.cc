#include "runner/view/merge.h"

#include <gmock/gmock.h>

#include "runner/view/diff.h"
#include "runner/view/folded.h"
#include "tests/support/stack_profile.h"

namespace edp::view {
namespace {

using edp::testing::StackProfile;
using ::testing::ElementsAre;

std::vector<model::Profile> list(model::Profile a, model::Profile b) {
  std::vector<model::Profile> profiles;
  profiles.push_back(std::move(a));
  profiles.push_back(std::move(b));
  return profiles;
}

TEST(Merge, SumsEqualStacksAndLabels) {
  StackProfile a({{"n", "count"}}), b({{"n", "count"}});
  a.add({"f", "main"}, {1}).add({"f", "main"}, {2}, {"k=v"}).add({"g", "main"}, {4});
  b.add({"f", "main"}, {16}).add({"g", "main"}, {8}).add({"f", "main"}, {32}, {"k=w"}).add({"h"}, {0});
  a.profile().time_nanos = 20;
  b.profile().time_nanos = 10;
  a.profile().duration_nanos = b.profile().duration_nanos = 5;
  auto sum = merge(list(a.take(), b.take()));
  ASSERT_TRUE(sum);
  EXPECT_THAT(sum->values, ElementsAre(17, 2, 12, 32));
  EXPECT_EQ(folded_stacks(*sum, 0), "main;f 51\nmain;g 12\n");
  EXPECT_EQ(sum->locations.size(), 3u);
  EXPECT_EQ(sum->time_nanos, 10);
  EXPECT_EQ(sum->duration_nanos, 10);
}

TEST(Merge, FollowsAProgramThatWasLoadedElsewhere) {
  StackProfile a({{"n", "count"}}), b({{"n", "count"}});
  a.add({"f"}, {1});
  b.add({"f"}, {2});
  a.profile().mappings[0] = {.id = 1, .start = 0x1000, .limit = 0x9000, .file = "/bin/x", .build_id = "id"};
  b.profile().mappings[0] = {.id = 1, .start = 0x71000, .limit = 0x78fff, .file = "/tmp/x", .build_id = "id"};
  b.profile().locations[0].address += 0x70000;
  const auto sum = merge(list(a.take(), b.take()));
  ASSERT_TRUE(sum);
  EXPECT_EQ(sum->sample_count(), 1u);
  EXPECT_EQ(sum->mappings.size(), 1u);
  EXPECT_EQ(sum->locations[0].address, 0x1000u);
}

TEST(MakeCompatible, KeepsCommonTypesInTheFinestUnit) {
  StackProfile a({{"n", "count"}, {"wall", "milliseconds"}, {"x", "count"}}),
      b({{"wall", "microseconds"}, {"n", "count"}});
  a.add({"f"}, {1, 2, 3});
  b.add({"f"}, {500, 4});
  auto profiles = list(a.take(), b.take());
  ASSERT_TRUE(make_compatible(profiles));
  const auto sum = merge(std::move(profiles));
  ASSERT_TRUE(sum);
  EXPECT_THAT(sum->values, ElementsAre(5, 2500));
  EXPECT_EQ(sum->sample_types[1].unit, "microseconds");
}

TEST(MakeCompatible, RefusesWhatMeasuresDifferentThings) {
  auto profiles = list(StackProfile({{"n", "count"}}).take(), StackProfile({{"cpu", "ns"}}).take());
  EXPECT_EQ(make_compatible(profiles).error().what, "profiles have empty common sample type list");
  profiles = list(StackProfile({{"n", "bytes"}}).take(), StackProfile({{"n", "ns"}}).take());
  EXPECT_EQ(make_compatible(profiles).error().what, "sample types: incompatible types: n/bytes n/ns");
}

TEST(Subtract, LeavesWhatChanged) {
  StackProfile before({{"n", "count"}}), after({{"n", "count"}});
  before.add({"same"}, {5}).add({"shrank"}, {10});
  after.add({"same"}, {5}).add({"shrank"}, {4}).add({"new"}, {3});
  auto change = subtract(after.take(), before.take(), {});
  ASSERT_TRUE(change);
  EXPECT_EQ(folded_stacks(*change, 0), "new 3\nshrank -6\n");
  change = subtract(after.take(), before.take(), {.normalize = true});
  ASSERT_TRUE(change);
  // 12 becomes 15: 5, 4 and 3 become 6, 5 and 4.
  EXPECT_EQ(folded_stacks(*change, 0), "new 4\nsame 1\nshrank -5\n");
}

TEST(Diff, ShowsBothSides) {
  StackProfile before({{"n", "count"}}), after({{"n", "count"}});
  before.add({"same", "main"}, {50}).add({"shrank", "main"}, {50});
  after.add({"same", "main"}, {50}).add({"shrank", "main"}, {20}).add({"new", "main"}, {40});
  std::vector<std::string> warnings;
  const auto diff = make_diff(before.take(), after.take(), {}, false, warnings);
  ASSERT_TRUE(diff);
  EXPECT_EQ(diff_text(*diff),
            "File: server\n"
            "Type: n\n"
            "Showing nodes accounting for 10, 10.00% of 100 total\n"
            "Total before 100, after 110\n"
            "      flat  flat%        cum   cum%  flat before flat after  cum before  cum after\n"
            "        40 40.00%         40 40.00%            0         40           0         40  new\n"
            "       -30 30.00%        -30 30.00%           50         20          50         20  shrank\n"
            "         0     0%         10 10.00%            0          0         100        110  main\n");
}

TEST(ForgetUrlMappings, KeepsFiles) {
  model::Profile profile;
  profile.mappings = {{.file = "http://host/debug"},
                      {.file = "/bin/x"},
                      {.file = "[vdso]"},
                      {.file = "rel:x", .build_id = "i"}};
  forget_url_mappings(profile);
  EXPECT_EQ(profile.mappings[0].file, "");
  EXPECT_EQ(profile.mappings[1].file, "/bin/x");
  EXPECT_EQ(profile.mappings[2].file, "[vdso]");
  EXPECT_EQ(profile.mappings[3].file, "rel:x");
}

}  // namespace
}  // namespace edp::view
