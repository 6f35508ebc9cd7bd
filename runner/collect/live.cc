#include <algorithm>
#include <chrono>
#include <cmath>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "common/http.h"
#include "runner/collect/collectors.h"
#include "runner/collect/discover.h"
#include "runner/collect/fetch.h"
#include "runner/collect/sources.h"
#include "runner/collect/task_group.h"

namespace edp::collect {
namespace {

using Clock = std::chrono::steady_clock;

// Deltas begin this long before cpu, which leaves the target the time to take their first halves.
constexpr auto kLead = std::chrono::milliseconds(500);
constexpr int kDeltaExtra = 1;  // seconds that a delta is longer than cpu
// Snapshots at the start that are slower than this don't hold up the window; they go on beside it.
constexpr auto kStartPatience = std::chrono::seconds(5);
constexpr int kLeastParallel = 8;  // all windows at once

class LiveRun {
 public:
  LiveRun(const TargetSpec& target, const CollectPlan& plan, const CollectContext& context,
          Reporter& reporter)
      : target_(target),
        plan_(plan),
        context_(context),
        recorder_(target, plan, context, reporter),
        overall_(context.run_began + seconds(plan.timeout_seconds)) {
    select();
  }

  TargetCollection run() {
    auto url = http::parse_url(target_.url);
    if (!url) return give_up({http::FailureKind::kLocal, url.error().what});
    url->user = target_.user;
    url->password = target_.password;
    const std::string path = url->path;
    const http::Client client(std::move(*url), {.ca_file = plan_.access.ca_file,
                                                .token_file = plan_.access.token_file,
                                                .user = plan_.access.user,
                                                .password_file = plan_.access.password_file});
    const auto found =
        discover(client, path, std::min(overall_, Clock::now() + seconds(plan_.seconds)), context_.cancel);
    if (!found) return give_up(found.error());

    Fetcher fetcher(client, *found, plan_, context_, overall_, recorder_);
    TaskGroup start(parallel());
    for (const CollectorSpec* spec : specs_) {
      if (spec->when == When::kStart) start.add([&, spec] { fetcher.snapshot(*spec, 0); });
      if (spec->when == When::kBoth && may_ask(*spec, *found)) {
        start.add([&, spec] { fetcher.snapshot(*spec, 1); });
      }
    }
    (void)start.wait_until(Clock::now() + kStartPatience);
    run_window(fetcher);
    run_end(fetcher, *found);
    start.wait();
    return recorder_.take_result(names_);
  }

 private:
  static Clock::duration seconds(double value) {
    return std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(value));
  }
  [[nodiscard]] int parallel() const { return std::max(plan_.parallel, kLeastParallel); }
  [[nodiscard]] bool selected(When when) const {
    return std::any_of(specs_.begin(), specs_.end(),
                       [&](const CollectorSpec* spec) { return spec->when == when; });
  }

  void select() {
    const std::set<std::string> wanted(plan_.collectors.begin(), plan_.collectors.end());
    for (const CollectorSpec& spec : collector_specs()) {
      if (!wanted.empty() && wanted.count(std::string(spec.info.name)) == 0) continue;
      specs_.push_back(&spec);
      names_.emplace_back(spec.info.name);
    }
    for (const std::string& name : wanted) {
      if (find_collector(name) != nullptr) continue;
      names_.push_back(name);
      recorder_.finished(name, {"failed", "there is no collector of this name", 0, 0});
    }
  }

  // Nothing can be had: each collector says so, for a rule asks for its own.
  TargetCollection give_up(const http::Failure& failure) {
    recorder_.set_error(Error{failure.message, target_.name});
    for (const CollectorSpec* spec : specs_) {
      recorder_.finished(spec->info.name, {std::string(outcome_of(failure.kind)), failure.message, 0, 0});
    }
    return recorder_.take_result(names_);
  }

  // The window that the plan asks for, or as much of it as the timeout leaves. 0: none.
  [[nodiscard]] int window() const {
    const double left = std::chrono::duration<double>(overall_ - Clock::now()).count();
    const double for_the_end = std::clamp(left * 0.15, 2.0, 15.0);
    const double overhead = std::chrono::duration<double>(kLead).count() + kDeltaExtra;
    const double most = std::floor(left - for_the_end - overhead);
    const double wish = std::clamp(std::round(plan_.window_seconds), 1.0, 86'400.0);
    return static_cast<int>(std::max(std::min(wish, most), 0.0));
  }

  void run_window(Fetcher& fetcher) {
    const bool windows = selected(When::kWindow) || selected(When::kShort);
    if (!windows && !selected(When::kBoth)) return;
    const int wish = static_cast<int>(std::clamp(std::round(plan_.window_seconds), 1.0, 86'400.0));
    const int length = window();
    if (length == 0) {
      for (const CollectorSpec* spec : specs_) {
        if (spec->when != When::kWindow && spec->when != When::kShort) continue;
        recorder_.finished(spec->info.name, {"timeout", "the timeout leaves no time for a window", 0, 0});
      }
      return;
    }
    const std::string cut = length == wish ? ""
                                           : "window cut from " + std::to_string(wish) + " to " +
                                                 std::to_string(length) + " s to fit the timeout";
    const auto begin = Clock::now() + kLead;
    TaskGroup group(parallel());
    for (const CollectorSpec* spec : specs_) {
      if (spec->when == When::kShort) {
        group.add([&, spec] { take_traces(fetcher, *spec, begin, length); });
      } else if (spec->when == When::kWindow && spec->is_delta) {
        group.add([&, spec] { fetcher.window(*spec, length + kDeltaExtra, cut); });
      } else if (spec->when == When::kWindow) {
        group.add([&, spec] {
          (void)context_.cancel.sleep_until(begin);
          fetcher.window(*spec, length, cut);
        });
      }
    }
    TaskGroup between(parallel());
    take_snapshots_between(fetcher, begin, length, between);
    // Also where no collector takes a window: first and last snapshot shall be that far apart.
    (void)context_.cancel.sleep_until(begin + std::chrono::seconds(length));
    between.wait();
    group.wait();
  }

  // All but the first and the last of those that show a trend. One that hangs does not hold up the next.
  void take_snapshots_between(Fetcher& fetcher, Clock::time_point begin, int length, TaskGroup& group) {
    std::multimap<double, std::pair<const CollectorSpec*, int>> due;
    for (const CollectorSpec* spec : specs_) {
      if (spec->when != When::kBoth || recorder_.is_absent(spec->info.name)) continue;
      for (int number = 2; number < spec->info.snapshots; ++number) {
        const double offset = static_cast<double>(length) * (number - 1) / (spec->info.snapshots - 1);
        due.emplace(offset, std::pair(spec, number));
      }
    }
    for (const auto& [offset, one] : due) {
      if (context_.cancel.sleep_until(begin + seconds(offset))) return;
      group.add([&fetcher, spec = one.first, number = one.second] { fetcher.snapshot(*spec, number); });
    }
  }

  // A dump of all stacks makes the target stand still while it is written.
  [[nodiscard]] bool may_ask(const CollectorSpec& spec, const PprofServer& server) const {
    return spec.info.name != "goroutine.debug2" ||
           server.goroutines.value_or(0) <= plan_.max_goroutines_for_dump;
  }

  void take_traces(Fetcher& fetcher, const CollectorSpec& spec, Clock::time_point begin, int length) {
    // A recorder has the past: asked at the end it has seen the window, and the CPU samples in it.
    if (fetcher.has_flight_recorder(spec)) {
      (void)context_.cancel.sleep_until(begin + std::chrono::seconds(length));
      return fetcher.flight_recorder(spec);
    }
    for (int i = 1; i <= plan_.trace_count; ++i) {
      const double offset = static_cast<double>(length) * i / (plan_.trace_count + 1);
      (void)context_.cancel.sleep_until(begin + seconds(offset));
      fetcher.short_window(spec, i, plan_.trace_seconds);
      if (recorder_.is_absent(spec.info.name)) return;
    }
  }

  void run_end(Fetcher& fetcher, const PprofServer& server) {
    const CollectorSpec* dump = nullptr;
    {
      TaskGroup group(parallel());
      for (const CollectorSpec* spec : specs_) {
        if (spec->info.name == "goroutine.debug2") {
          dump = spec;
        } else if (spec->when == When::kEnd) {
          group.add([&, spec] { fetcher.snapshot(*spec, 0); });
        } else if (spec->when == When::kBoth && !recorder_.is_absent(spec->info.name)) {
          group.add([&, spec] { fetcher.snapshot(*spec, spec->info.snapshots); });
        }
      }
    }
    if (dump == nullptr) return;
    if (!may_ask(*dump, server)) {
      recorder_.finished(dump->info.name,
                         {"absent",
                          "left out: the target has " + std::to_string(*server.goroutines) +
                              " goroutines, and it stands still while it writes their stacks",
                          0, 0});
      return;
    }
    fetcher.snapshot(*dump, dump->info.snapshots);
  }

  const TargetSpec& target_;
  const CollectPlan& plan_;
  const CollectContext& context_;
  Recorder recorder_;
  const Clock::time_point overall_;
  std::vector<const CollectorSpec*> specs_;
  std::vector<std::string> names_;  // the order of the outcomes
};

}  // namespace

TargetCollection collect_live(const TargetSpec& target, const CollectPlan& plan,
                              const CollectContext& context, Reporter& reporter) {
  return LiveRun(target, plan, context, reporter).run();
}

}  // namespace edp::collect
