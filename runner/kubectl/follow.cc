#include "runner/kubectl/follow.h"

#include <algorithm>
#include <cstdio>
#include <utility>

namespace edp::kubectl {
namespace {

using Clock = std::chrono::steady_clock;

constexpr auto kOutage = std::chrono::minutes(2);

// One line on a terminal; elsewhere a line whenever something changed.
class Progress {
 public:
  explicit Progress(const FollowOptions& options) : options_(options) {}
  ~Progress() { clear(); }
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  void show(const std::string& text) {
    if (!options_.progress || text == last_) return;
    last_ = text;
    if (options_.live) {
      (void)std::fprintf(stderr, "\r\033[K%s", text.c_str());
      drawn_ = true;
    } else {
      (void)std::fprintf(stderr, "%s: %s\n", options_.program.c_str(), text.c_str());
    }
    (void)std::fflush(stderr);
  }

 private:
  const FollowOptions& options_;
  std::string last_;
  bool drawn_ = false;

  void clear() const {
    if (drawn_) (void)std::fputs("\r\033[K", stderr);
  }
};

std::string progress_text(const std::vector<RunView>& runs) {
  std::string text;
  for (const RunView& run : runs) {
    text += (text.empty() ? "" : "; ") + run.ns + "/" + run.name + ": " + state_text(run);
    if (run.state == RunView::State::kWaiting && !run.message.empty()) text += " (" + run.message + ")";
    if (!run.verdict.empty()) text += ", " + run.verdict;
  }
  return text;
}

}  // namespace

Result<Followed> follow(const Cluster& cluster, const std::vector<RunName>& runs,
                        const FollowOptions& options, const CancelToken& cancel) {
  Followed followed;
  for (const RunName& run : runs) followed.runs.push_back({.ns = run.ns, .name = run.name});
  Progress progress(options);
  const auto began = Clock::now();
  auto last_answer = began;
  for (;;) {
    for (RunView& run : followed.runs) {
      if (run.done()) continue;
      const std::string path = run_path(run.ns, run.name);
      const kube::Answer answer =
          cluster.api().call({.path = path, .timeout = std::chrono::seconds(15)}, cancel);
      if (cancel.cancelled()) break;
      if (answer.ok()) {
        const auto json = parse_json(answer.body);
        if (!json) return tl::unexpected(json.error());
        run = read_run(*json);
        last_answer = Clock::now();
      } else if (!answer.passing() || (!options.deadline && Clock::now() - last_answer > kOutage)) {
        return tl::unexpected(explain(answer, path));
      } else {
        progress.show(explain(answer, path).what + "; trying again");
      }
    }
    if (cancel.cancelled()) {
      followed.end = Followed::End::kCancelled;
      return followed;
    }
    if (std::ranges::all_of(followed.runs, &RunView::done)) return followed;
    const auto now = Clock::now();
    if (options.deadline && now >= *options.deadline) {
      followed.end = Followed::End::kTimeout;
      return followed;
    }
    const bool ignored = std::ranges::all_of(
        followed.runs, [](const RunView& run) { return run.state == RunView::State::kPending; });
    if (ignored && last_answer > began && now - began > options.patience) {
      return fail("no operator has taken it up: is edp-operator running in this cluster?",
                  followed.runs.front().ns + "/" + followed.runs.front().name);
    }
    if (last_answer > began) progress.show(progress_text(followed.runs));
    auto next = now + options.interval;
    if (options.deadline) next = std::min(next, *options.deadline);
    (void)cancel.sleep_until(next);
  }
}

}  // namespace edp::kubectl
