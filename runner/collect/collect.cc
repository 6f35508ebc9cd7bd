#include "runner/collect/collect.h"

#include <set>
#include <string>
#include <utility>

#include "runner/collect/recorder.h"
#include "runner/collect/sources.h"
#include "runner/collect/task_group.h"

namespace edp::collect {
namespace {

TargetCollection collect_one(const TargetSpec& target, const CollectPlan& plan, const CollectContext& context,
                             Reporter& reporter) {
  reporter.report({.kind = Progress::Kind::kTargetStarted, .target = target.name});
  TargetCollection result = target.kind == TargetKind::kUrl ? collect_live(target, plan, context, reporter)
                                                            : collect_files(target, plan, context, reporter);
  const std::string message = result.error ? result.error->what : "";
  reporter.report({.kind = Progress::Kind::kTargetFinished, .target = target.name, .message = message});
  return result;
}

}  // namespace

std::vector<TargetCollection> collect(const std::vector<TargetSpec>& targets, const CollectPlan& plan,
                                      const CollectContext& context) {
  std::vector<TargetCollection> results(targets.size());
  Reporter reporter(context.progress);
  {
    constexpr int kTargetsAtOnce = 16;
    TaskGroup group(kTargetsAtOnce);
    for (size_t i = 0; i < targets.size(); ++i) {
      group.add([&, i] { results[i] = collect_one(targets[i], plan, context, reporter); });
    }
  }
  std::set<std::string> names;
  for (size_t i = 0; i < results.size(); ++i) {
    for (Collected& artefact : results[i].artefacts) {
      const std::string name = artefact.artefact;
      for (size_t n = i + 1; !names.insert(artefact.artefact).second; ++n) {
        artefact.artefact = std::to_string(n) + "." + name;
      }
    }
  }
  return results;
}

}  // namespace edp::collect
