#include "runner/report/sample_profiles.h"

#include <gtest/gtest.h>

#include <map>

#include "common/string_arena.h"
#include "runner/report/function_table.h"

namespace edp::report::testing {
namespace {

class Builder {
 public:
  explicit Builder(const std::vector<TestType>& types) {
    for (const TestType& type : types) profile_.sample_types.push_back({type.type, type.unit});
  }

  void add(const TestStack& stack) {
    std::vector<uint32_t> locations;
    std::string_view rest = stack.frames;
    while (true) {
      const size_t cut = rest.find(';');
      locations.insert(locations.begin(), location(rest.substr(0, cut)));
      if (cut == std::string_view::npos) break;
      rest.remove_prefix(cut + 1);
    }
    profile_.sample_locations.insert(profile_.sample_locations.end(), locations.begin(), locations.end());
    profile_.location_ends.push_back(profile_.sample_locations.size());
    profile_.values.insert(profile_.values.end(), stack.values.begin(), stack.values.end());
  }

  model::Profile take() {
    profile_.storage = arena_;
    return std::move(profile_);
  }

 private:
  uint32_t location(std::string_view frame) {
    const auto [found, is_new] =
        locations_.try_emplace(std::string(frame), static_cast<uint32_t>(profile_.locations.size()));
    if (!is_new) return found->second;
    const size_t at = frame.find('@');
    const std::string_view place = at == std::string_view::npos ? "" : frame.substr(at + 1);
    const size_t colon = place.rfind(':');
    model::Line line{.function = function(frame.substr(0, at), place.substr(0, colon))};
    if (colon != std::string_view::npos) line.line = std::stoll(std::string(place.substr(colon + 1)));
    profile_.locations.push_back({.id = profile_.locations.size() + 1,
                                  .first_line = static_cast<uint32_t>(profile_.lines.size()),
                                  .line_count = 1});
    profile_.lines.push_back(line);
    return found->second;
  }

  uint32_t function(std::string_view name, std::string_view file) {
    const auto [found, is_new] =
        functions_.try_emplace(std::string(name), static_cast<uint32_t>(profile_.functions.size()));
    if (is_new) {
      const std::string_view kept = arena_->add(name);
      profile_.functions.push_back({.id = profile_.functions.size() + 1,
                                    .name = kept,
                                    .system_name = kept,
                                    .file = arena_->add(file)});
    }
    return found->second;
  }

  model::Profile profile_;
  std::shared_ptr<StringArena> arena_ = std::make_shared<StringArena>();
  std::map<std::string, uint32_t> locations_, functions_;
};

}  // namespace

model::Profile make_profile(const std::vector<TestType>& types, const std::vector<TestStack>& stacks) {
  Builder builder(types);
  for (const TestStack& stack : stacks) builder.add(stack);
  return builder.take();
}

namespace {

TEST(FunctionTable, CountsRecursionOnceAndLeavesToTheirFunction) {
  const model::Profile profile =
      make_profile({{"samples", "count"}, {"cpu", "nanoseconds"}},
                   {{"main.main;main.f;main.f", {1, 10}}, {"main.main;main.g", {2, 5}}});
  const FunctionTable table = function_table(profile, 10);
  ASSERT_EQ(table.rows.size(), 3U);
  EXPECT_EQ(table.left_out, 0U);
  for (const FunctionRow& row : table.rows) {
    if (row.function == "main.f") {
      EXPECT_EQ(row.flat, (std::vector<int64_t>{1, 10}));
      EXPECT_EQ(row.cum, (std::vector<int64_t>{1, 10}));
    } else if (row.function == "main.main") {
      EXPECT_EQ(row.flat, (std::vector<int64_t>{0, 0}));
      EXPECT_EQ(row.cum, (std::vector<int64_t>{3, 15}));
    }
  }
}

TEST(FunctionTable, KeepsTheHeaviestOfEverySampleTypeAndCountsTheRest) {
  const model::Profile profile =
      make_profile({{"objects", "count"}, {"space", "bytes"}},
                   {{"many", {100, 1}}, {"large", {1, 100}}, {"small.a", {2, 2}}, {"small.b", {2, 2}}});
  const FunctionTable table = function_table(profile, 1);
  ASSERT_EQ(table.rows.size(), 2U);
  EXPECT_EQ(table.rows[0].function, "many");
  EXPECT_EQ(table.rows[1].function, "large");
  EXPECT_EQ(table.left_out, 2U);
}

TEST(FunctionTable, DoesNotOverflow) {
  const model::Profile profile = make_profile({{"space", "bytes"}}, {{"a", {INT64_MAX}}, {"a", {INT64_MAX}}});
  EXPECT_EQ(function_table(profile, 1).rows.at(0).flat.at(0), INT64_MAX);
}

}  // namespace
}  // namespace edp::report::testing
