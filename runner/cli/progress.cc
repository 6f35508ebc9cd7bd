#include "runner/cli/progress.h"

#include <cstdio>

namespace edp::cli {

void ProgressLine::on(const collect::Progress& progress) {
  using Kind = collect::Progress::Kind;
  const std::string collector(progress.collector);
  switch (progress.kind) {
    case Kind::kTargetStarted:
    case Kind::kTargetFinished:
      break;
    case Kind::kCollectorStarted:
      running_[collector] = 0;
      break;
    case Kind::kBytes:
      running_[collector] = progress.bytes;
      return;  // the line is redrawn often enough by the others
    case Kind::kCollectorFinished:
      running_.erase(collector);
      ++finished_;
      break;
  }
  draw();
}

void ProgressLine::clear() {
  if (!drawn_) return;
  (void)std::fputs("\r\033[K", stderr);
  drawn_ = false;
}

void ProgressLine::draw() {
  if (!live_) return;
  std::string names;
  for (const auto& [name, bytes] : running_) {
    if (names.size() + name.size() > 60) {
      names += ", ...";
      break;
    }
    names += (names.empty() ? "" : ", ") + name;
  }
  const std::string line = "\r\033[Kcollecting: " + std::to_string(finished_) + " done" +
                           (names.empty() ? std::string() : ", waiting for " + names);
  (void)std::fputs(line.c_str(), stderr);
  (void)std::fflush(stderr);
  drawn_ = true;
}

}  // namespace edp::cli
