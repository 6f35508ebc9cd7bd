#include "runner/report/facts_json.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "runner/report/frame_class.h"
#include "runner/report/function_table.h"
#include "runner/report/goroutine_groups.h"
#include "runner/view/flame.h"

namespace edp::report {
namespace {

using Json = nlohmann::ordered_json;

// What a page can show and a browser read in a blink; the artefacts hold the rest.
constexpr size_t kFlameNodes = 5000;
constexpr size_t kFunctionsPerRanking = 100;
constexpr size_t kGroups = 200;
constexpr size_t kFramesPerGroup = 40;
constexpr size_t kProblems = 50;

Json flame_json(const view::FlameTree& tree) {
  Json nodes = Json::array();
  for (const view::FlameNode& node : tree.nodes) {
    nodes.push_back(Json::array({node.name, node.file, node.parent, node.total, node.self}));
  }
  return {{"names", tree.names}, {"nodes", std::move(nodes)}, {"dropped", tree.dropped}};
}

void add_classes(const view::FlameTree& tree, Json& classes) {
  for (const view::FlameNode& node : tree.nodes) {
    const std::string& name = tree.names[node.name];
    const std::string_view found = frame_class(name);
    if (!found.empty()) classes[name] = found;
  }
}

int64_t total_of(const model::Profile& profile, size_t type) {
  int64_t total = 0;
  for (size_t i = type; i < profile.values.size(); i += profile.sample_types.size()) {
    if (__builtin_add_overflow(total, profile.values[i], &total)) {
      return profile.values[i] < 0 ? std::numeric_limits<int64_t>::min()
                                   : std::numeric_limits<int64_t>::max();
    }
  }
  return total;
}

// Go's own profiles name no default; people look at time and at space in use first, which Go puts last.
size_t default_type(const model::Profile& profile) {
  const uint32_t named = profile.type_index(profile.default_sample_type);
  if (named != model::kNone) return named;
  return profile.sample_types.empty() ? 0 : profile.sample_types.size() - 1;
}

Json functions_json(const FunctionTable& table) {
  Json rows = Json::array();
  for (const FunctionRow& row : table.rows) {
    rows.push_back({{"function", row.function},
                    {"file", row.file},
                    {"class", frame_class(row.function)},
                    {"flat", row.flat},
                    {"cum", row.cum}});
  }
  return rows;
}

Json profile_json(const model::ProfileFact& fact) {
  const model::Profile& profile = fact.profile;
  Json types = Json::array();
  Json classes = Json::object();
  for (size_t i = 0; i < profile.sample_types.size(); ++i) {
    const view::FlameTree tree = view::flame(profile, static_cast<uint32_t>(i), kFlameNodes);
    add_classes(tree, classes);
    types.push_back({{"type", profile.sample_types[i].type},
                     {"unit", profile.sample_types[i].unit},
                     {"total", total_of(profile, i)},
                     {"flame", flame_json(tree)}});
  }
  const FunctionTable functions = function_table(profile, kFunctionsPerRanking);
  return {
      {"kind", to_string(fact.kind)},
      {"delta", fact.is_delta},
      {"window_seconds", number(fact.window_seconds)},
      {"taken_at", number(fact.taken_at)},
      {"artefact", fact.artefact},
      {"samples", profile.sample_count()},
      {"period",
       {{"type", profile.period_type.type}, {"unit", profile.period_type.unit}, {"value", profile.period}}},
      {"default_sample_type", default_type(profile)},
      {"sample_types", std::move(types)},
      {"functions", functions_json(functions)},
      {"functions_left_out", functions.left_out},
      {"frame_classes", std::move(classes)}};
}

Json frame_json(const model::GoroutineFrame& frame) {
  return {{"function", frame.function}, {"file", frame.file}, {"line", frame.line}};
}

Json group_json(const GoroutineGroup& group) {
  const model::Goroutine& sample = *group.sample;
  const size_t shown = std::min(sample.frames.size(), kFramesPerGroup);
  Json frames = Json::array();
  for (size_t i = 0; i < shown; ++i) frames.push_back(frame_json(sample.frames[i]));
  return {{"state", sample.state},
          {"count", group.count},
          {"longest_wait_minutes", std::max<int64_t>(group.longest_wait_minutes, 0)},
          {"waiting_a_minute", group.waiting_a_minute},
          {"ids", group.ids},
          {"frames", std::move(frames)},
          {"frames_left_out", sample.frames.size() - shown},
          {"created_by", sample.created_by.function.empty() ? Json(nullptr) : frame_json(sample.created_by)}};
}

Json goroutines_json(const model::GoroutinesFact& fact) {
  const std::vector<GoroutineGroup> all = goroutine_groups(fact.goroutines);
  const size_t shown = std::min(all.size(), kGroups);
  Json groups = Json::array();
  for (size_t i = 0; i < shown; ++i) groups.push_back(group_json(all[i]));
  Json states = Json::array();
  for (const StateCount& state : goroutine_states(fact.goroutines)) {
    states.push_back({{"state", state.state}, {"count", state.count}});
  }
  Json problems = Json::array();
  for (const std::string& problem : fact.goroutines.problems) {
    if (problems.size() < kProblems) problems.push_back(problem);
  }
  return {{"taken_at", number(fact.taken_at)},
          {"artefact", fact.artefact},
          {"total", fact.goroutines.list.size()},
          {"states", std::move(states)},
          {"groups", std::move(groups)},
          {"groups_left_out", all.size() - shown},
          {"fatal_error", fact.goroutines.fatal_error},
          {"truncated", fact.goroutines.truncated},
          {"problems", std::move(problems)}};
}

Json count(const std::optional<uint64_t>& value) { return value ? Json(*value) : Json(nullptr); }

Json memory_json(const model::MemoryStats& stats) {
  return {{"taken_at", number(stats.taken_at)},
          {"artefact", stats.artefact},
          {"go_version", stats.go_version},
          {"alloc", count(stats.alloc)},
          {"total_alloc", count(stats.total_alloc)},
          {"sys", count(stats.sys)},
          {"mallocs", count(stats.mallocs)},
          {"frees", count(stats.frees)},
          {"heap_alloc", count(stats.heap_alloc)},
          {"heap_sys", count(stats.heap_sys)},
          {"heap_idle", count(stats.heap_idle)},
          {"heap_inuse", count(stats.heap_inuse)},
          {"heap_released", count(stats.heap_released)},
          {"heap_objects", count(stats.heap_objects)},
          {"stack_inuse", count(stats.stack_inuse)},
          {"next_gc", count(stats.next_gc)},
          {"gc_count", count(stats.gc_count)},
          {"gc_pause_total_ns", count(stats.gc_pause_total_ns)},
          {"gc_cpu_fraction", stats.gc_cpu_fraction ? number(*stats.gc_cpu_fraction) : Json(nullptr)},
          {"goroutines", count(stats.goroutines)},
          {"gomaxprocs", count(stats.gomaxprocs)}};
}

}  // namespace

Json number(double value) { return std::isfinite(value) ? Json(value) : Json(nullptr); }

Json facts_json(const model::Facts& facts) {
  Json profiles = Json::array();
  for (const model::ProfileFact& fact : facts.profiles) profiles.push_back(profile_json(fact));
  Json memory = Json::array();
  for (const model::MemoryStats& stats : facts.memory) memory.push_back(memory_json(stats));
  Json goroutines = Json::array();
  for (const model::GoroutinesFact& fact : facts.goroutines) goroutines.push_back(goroutines_json(fact));
  Json missing = Json::array();
  for (const model::MissingFact& fact : facts.missing) {
    missing.push_back({{"collector", fact.collector}, {"reason", fact.reason}});
  }
  return {{"name", facts.target},
          {"go_version", facts.go_version},
          {"sampling", sampling_json(facts)},
          {"profiles", std::move(profiles)},
          {"memory", std::move(memory)},
          {"goroutines", std::move(goroutines)},
          {"missing", std::move(missing)}};
}

}  // namespace edp::report
