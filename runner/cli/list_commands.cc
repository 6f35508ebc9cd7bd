#include "runner/cli/list_commands.h"

#include <CLI/CLI.hpp>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "common/result.h"
#include "common/version.h"
#include "runner/analyse/rule.h"
#include "runner/cli/describe.h"
#include "runner/config/diagnostic_profile.h"
#include "runner/run/run.h"

namespace edp::cli {
namespace {

int print(const Result<std::string>& text) {
  if (!text) {
    std::cerr << "edp-runner: " << text.error().to_string() << "\n";
    return run::kError;
  }
  std::cout << *text;
  return run::kNothingAtGate;
}

std::string rules_as_json() {
  nlohmann::ordered_json list = nlohmann::ordered_json::array();
  for (const analyse::Rule& rule : analyse::all_rules()) {
    nlohmann::ordered_json thresholds = nlohmann::ordered_json::array();
    for (const config::ThresholdSpec& spec : rule.thresholds) {
      thresholds.push_back(
          {{"key", spec.key}, {"value", spec.value}, {"unit", spec.unit}, {"meaning", spec.meaning}});
    }
    list.push_back({{"rule", rule.id},
                    {"title", rule.title},
                    {"requirement", rule.requirement},
                    {"thresholds", thresholds}});
  }
  return nlohmann::ordered_json{{"rules", list}}.dump(2) + "\n";
}

std::string rules_as_table() {
  std::string table;
  for (const analyse::Rule& rule : analyse::all_rules()) {
    std::string id(rule.id);
    id.resize(std::max<size_t>(id.size(), 25), ' ');
    table += id + " " + std::string(rule.title) + "\n";
    for (const config::ThresholdSpec& spec : rule.thresholds) {
      std::array<char, 32> value{};
      const int length = std::snprintf(value.data(), value.size(), "%.10g", spec.value);
      table += std::string(26, ' ') + std::string(spec.key) + " = " +
               std::string(value.data(), static_cast<size_t>(length)) + " " + std::string(spec.unit) + ": " +
               std::string(spec.meaning) + "\n";
    }
  }
  return table;
}

// The text as it is, but only when it is a profile that would run.
Result<std::string> checked_profile(const std::string& name) {
  const auto text = config::profile_text(name);
  if (!text) return text;
  const auto profile = config::parse_profile(*text, name, run::known_names());
  if (!profile) return tl::unexpected(profile.error());
  return text;
}

}  // namespace

void add_list_commands(CLI::App& app, int& status) {
  CLI::App* rules = app.add_subcommand("rules", "List the rules with their thresholds");
  const auto format = std::make_shared<std::string>("table");
  rules->add_option("-o", *format, "table or json")
      ->type_name("FORMAT")
      ->check(CLI::IsMember({"table", "json"}));
  rules->callback(
      [&status, format] { status = print(*format == "json" ? rules_as_json() : rules_as_table()); });

  CLI::App* profile = app.add_subcommand("profile", "List the built-in diagnostic profiles, or show one");
  profile->require_subcommand(1);
  profile->add_subcommand("list", "List the built-in diagnostic profiles")->callback([&status] {
    std::string names;
    for (const std::string& name : config::builtin_profiles()) names += name + "\n";
    status = print(names);
  });
  CLI::App* show = profile->add_subcommand("show", "Print a profile, built in or a file, after checking it");
  const auto name = std::make_shared<std::string>();
  show->add_option("name", *name, "A built-in name or a file")->required()->type_name("NAME|FILE");
  show->callback([&status, name] { status = print(checked_profile(*name)); });

  CLI::App* shell = app.add_subcommand("completion", "Print a completion script for bash, zsh or fish");
  const auto shell_name = std::make_shared<std::string>();
  shell->add_option("shell", *shell_name, "bash, zsh or fish")->required()->type_name("SHELL");
  shell->callback([&app, &status, shell_name] { status = print(completion(app, *shell_name)); });

  app.add_subcommand("man", "Print the man page")->callback([&app, &status] {
    status = print(man_page(app, std::string(kVersion)));
  });
}

}  // namespace edp::cli
