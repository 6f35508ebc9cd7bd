#include "runner/view/filter.h"

#include <gmock/gmock.h>

#include "runner/view/folded.h"
#include "runner/view/prune.h"
#include "tests/support/stack_profile.h"

namespace edp::view {
namespace {

using edp::testing::StackProfile;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

StackProfile three_stacks() {
  StackProfile stacks({{"cpu", "nanoseconds"}});
  stacks.add({"malloc", "put", "main"}, {1}, {"worker=1", "bytes=#2048"});
  stacks.add({"get<lookup", "main"}, {10}, {"worker=2", "bytes=#64bytes"});
  stacks.add({"write", "io", "main"}, {100});
  return stacks;
}

struct FilterCase {
  const char* name;
  Options options;
  const char* left;  // folded
};

class Filter : public ::testing::TestWithParam<FilterCase> {};

TEST_P(Filter, LeavesTheRightStacks) {
  model::Profile profile = three_stacks().take();
  std::vector<std::string> warnings;
  ASSERT_TRUE(apply_filters(profile, GetParam().options, warnings));
  EXPECT_EQ(folded_stacks(profile, 0), GetParam().left);
  EXPECT_THAT(warnings, IsEmpty());
}

INSTANTIATE_TEST_SUITE_P(
    Options, Filter,
    ::testing::Values(
        FilterCase{"focus", {.focus = "put"}, "main;put;malloc 1\n"},
        FilterCase{"focus_matches_files", {.focus = "src/get"}, "main;lookup;get 10\n"},
        FilterCase{
            "focus_matches_the_binary", {.focus = "bin/server", .ignore = "io|put"}, "main;lookup;get 10\n"},
        FilterCase{"ignore_wins", {.focus = "main", .ignore = "^io|malloc"}, "main;lookup;get 10\n"},
        FilterCase{"hide_takes_one_inlined_frame",
                   {.hide = "^get|/src/main"},
                   "io;write 100\nlookup 10\nput;malloc 1\n"},
        FilterCase{"show", {.show = "^io|^get"}, "get 10\nio 100\n"},
        FilterCase{"show_from", {.show_from = "^put|^lookup"}, "lookup;get 10\nput;malloc 1\n"},
        FilterCase{
            "prune_from", {.prune_from = "^put$|^lookup"}, "main;io;write 100\nmain;lookup 10\nmain;put 1\n"},
        FilterCase{"tagfocus_text", {.tag_focus = "worker=^1$"}, "main;put;malloc 1\n"},
        FilterCase{"tagfocus_any_key", {.tag_focus = "worker:2"}, "main;lookup;get 10\n"},
        FilterCase{"tagfocus_all_patterns", {.tag_focus = "worker,2"}, "main;lookup;get 10\n"},
        FilterCase{"tagignore_range", {.tag_ignore = "bytes=:1kb"}, "main;io;write 100\nmain;put;malloc 1\n"},
        FilterCase{"tagfocus_exact", {.tag_focus = "64b"}, "main;lookup;get 10\n"},
        FilterCase{"tagfocus_from", {.tag_focus = "1kb:"}, "main;put;malloc 1\n"},
        FilterCase{
            "tagfocus_between", {.tag_focus = "bytes=1b:1mb"}, "main;lookup;get 10\nmain;put;malloc 1\n"}),
    [](const auto& test) { return std::string(test.param.name); });

TEST(Filters, WarnWhereNothingMatches) {
  model::Profile profile = three_stacks().take();
  std::vector<std::string> warnings;
  ASSERT_TRUE(apply_filters(profile, {.focus = "nowhere", .hide = "nothing"}, warnings));
  EXPECT_EQ(profile.sample_count(), 0u);
  EXPECT_THAT(warnings,
              ElementsAre("Focus expression matched no samples", "Hide expression matched no samples"));
}

TEST(Filters, NameTheOptionOfABadPattern) {
  model::Profile profile = three_stacks().take();
  std::vector<std::string> warnings;
  const auto done = apply_filters(profile, {.show_from = "a("}, warnings);
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().what, "parsing show_from regexp: missing ): a(");
  EXPECT_FALSE(apply_filters(profile, {.tag_focus = "99999999999999999999b"}, warnings));
}

TEST(WithoutArguments, KeepsReservedNames) {
  EXPECT_EQ(without_arguments("f(int)"), "f");
  EXPECT_EQ(without_arguments(".foo(x)"), "foo");
  EXPECT_EQ(without_arguments("operator()(int)"), "operator()");
  EXPECT_EQ(without_arguments("(anonymous namespace)::f(char)"), "(anonymous namespace)::f");
  EXPECT_EQ(without_arguments("main.(*T).Put"), "main.");
  EXPECT_EQ(without_arguments("fo"), "fo");
}

TEST(DropUninteresting, CutsBelowTheFrameButNeverEverything) {
  StackProfile stacks({{"space", "bytes"}});
  stacks.add({"arena", "malloc", "put", "main"}, {1});
  stacks.add({"malloc", "malloc"}, {10});              // nothing but what would go
  stacks.add({"deep", "malloc<wrap", "main"}, {100});  // the inlined part of a location
  stacks.add({"x", "malloc_keep", "main"}, {1000});
  stacks.profile().drop_frames = "malloc.*";
  stacks.profile().keep_frames = "malloc_k.*";
  model::Profile profile = stacks.take();
  drop_uninteresting(profile);
  EXPECT_EQ(folded_stacks(profile, 0),
            "main;malloc_keep;x 1000\nmain;put 1\nmain;wrap 100\nmalloc;malloc 10\n");
}

TEST(DropUninteresting, IgnoresABadPattern) {
  StackProfile stacks({{"space", "bytes"}});
  stacks.add({"f", "main"}, {1});
  stacks.profile().drop_frames = "(";
  model::Profile profile = stacks.take();
  drop_uninteresting(profile);
  EXPECT_EQ(folded_stacks(profile, 0), "main;f 1\n");
}

}  // namespace
}  // namespace edp::view
