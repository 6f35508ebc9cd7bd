#include "runner/view/flame.h"

#include <gmock/gmock.h>

#include "runner/view/folded.h"
#include "tests/support/stack_profile.h"

namespace edp::view {
namespace {

using edp::testing::StackProfile;

StackProfile stacks() {
  StackProfile stacks({{"n", "count"}});
  stacks.add({"leaf:4<mid:9", "main:2"}, {60}).add({"mid:8", "main:2"}, {5}).add({"other:1", "main:3"}, {30});
  stacks.add({"main:3"}, {4}).add({}, {1});
  return stacks;
}

std::string path(const FlameTree& tree, uint32_t node) {
  std::string text;
  for (; node != 0; node = tree.nodes[node].parent) text = "/" + tree.names[tree.nodes[node].name] + text;
  return text;
}

TEST(Flame, FoldsStacksIntoATree) {
  const FlameTree tree = flame(stacks().take(), 0);
  std::vector<std::string> nodes;
  for (uint32_t i = 0; i < tree.nodes.size(); ++i) {
    const FlameNode& node = tree.nodes[i];
    EXPECT_TRUE(node.parent < i || i == 0);
    nodes.push_back(path(tree, i) + " " + std::to_string(node.total) + " " + std::to_string(node.self) + " " +
                    tree.names[node.file]);
  }
  EXPECT_THAT(nodes, ::testing::ElementsAre(
                         " 100 1 ", "/main 99 4 /src/main.go:2", "/main/mid 65 5 /src/mid.go:9",
                         "/main/mid/leaf 60 60 /src/leaf.go:4", "/main/other 30 30 /src/other.go:1"));
  EXPECT_EQ(tree.dropped, 0);
}

TEST(Flame, KeepsTheHeaviestNodes) {
  const FlameTree tree = flame(stacks().take(), 0, 4);
  ASSERT_EQ(tree.nodes.size(), 4u);
  EXPECT_EQ(path(tree, 3), "/main/mid/leaf");
  EXPECT_EQ(tree.dropped, 30);
  EXPECT_EQ(flame(stacks().take(), 0, 0).nodes.size(), 1u);
}

TEST(Flame, OfNothingIsARoot) { EXPECT_EQ(flame(StackProfile({{"n", "count"}}).take(), 0).nodes.size(), 1u); }

TEST(Folded, SortsAndSumsStacks) {
  StackProfile profile({{"n", "count"}});
  profile.add({"b;x", "a"}, {1}).add({"b", "a"}, {2}).add({"b;x", "a"}, {3}).add({"z"}, {5}).add({"z"}, {-5});
  EXPECT_EQ(folded_stacks(profile.take(), 0), "a;b 2\na;b:x 4\n");
}

}  // namespace
}  // namespace edp::view
