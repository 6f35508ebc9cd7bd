#include "runner/cli/arguments.h"

#include <gmock/gmock.h>

namespace edp::cli {
namespace {

using ::testing::ElementsAre;

std::vector<std::string> changed(std::vector<std::string> arguments) {
  std::vector<char*> pointers;
  for (std::string& argument : arguments) pointers.push_back(argument.data());
  return double_dashes(static_cast<int>(pointers.size()), pointers.data());
}

TEST(DoubleDashes, AreAddedToGoFlags) {
  EXPECT_THAT(
      changed({"x", "top", "-cum", "-focus=a=-b", "--hide=c", "-o", "json", "-", "-nodecount", "-1", "f"}),
      ElementsAre("x", "top", "--cum", "--focus=a=-b", "--hide=c", "-o", "json", "-", "--nodecount", "-1",
                  "f"));
}

TEST(DoubleDashes, LeaveOtherCommandsAndWhatFollowsTwoDashes) {
  EXPECT_THAT(changed({"x", "rules", "-cum"}), ElementsAre("x", "rules", "-cum"));
  EXPECT_THAT(changed({"x", "top", "--", "-cum"}), ElementsAre("x", "top", "--", "-cum"));
  EXPECT_THAT(changed({"x"}), ElementsAre("x"));
}

}  // namespace
}  // namespace edp::cli
