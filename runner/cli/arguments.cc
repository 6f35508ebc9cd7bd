#include "runner/cli/arguments.h"

#include <algorithm>
#include <array>
#include <string_view>

namespace edp::cli {
namespace {

constexpr std::array<std::string_view, 5> kCommands = {"top", "peek", "tree", "flame", "diff"};

// "-cum", not "-o", "-5", "-" or "--cum".
bool is_go_flag(std::string_view argument) {
  const auto is_letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
  if (argument.size() < 3 || argument[0] != '-' || !is_letter(argument[1])) return false;
  const std::string_view name = argument.substr(1, argument.find('=') - 1);
  return name.size() > 1 && std::all_of(name.begin(), name.end(), [&](char c) {
           return is_letter(c) || c == '_' || c == '-' || (c >= '0' && c <= '9');
         });
}

}  // namespace

std::vector<std::string> double_dashes(int argc, char** argv) {
  std::vector<std::string> arguments(argv, argv + argc);
  if (argc < 2 || std::find(kCommands.begin(), kCommands.end(), arguments[1]) == kCommands.end()) {
    return arguments;
  }
  for (auto argument = arguments.begin() + 2; argument != arguments.end() && *argument != "--"; ++argument) {
    if (is_go_flag(*argument)) argument->insert(0, "-");
  }
  return arguments;
}

}  // namespace edp::cli
