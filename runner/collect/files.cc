#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <memory>
#include <system_error>
#include <utility>

#include "common/http_url.h"
#include "runner/collect/sources.h"

namespace edp::collect {
namespace {

constexpr size_t kMaxFiles = 1000;

std::string reason(int error) { return std::generic_category().message(error); }

class Descriptor {
 public:
  Descriptor(int fd, bool owned) : fd_(fd), owned_(owned) {}
  ~Descriptor() {
    if (owned_ && fd_ >= 0) close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  [[nodiscard]] int get() const { return fd_; }

 private:
  const int fd_;
  const bool owned_;
};

struct Input {
  std::string path;  // empty: standard input
  std::string name;  // for the artefact
  double age = 0;    // modification time, in seconds since the epoch
};

class FileReader {
 public:
  FileReader(const CollectPlan& plan, const CollectContext& context, Recorder& recorder)
      : plan_(plan), context_(context), recorder_(recorder) {}

  void read(const Input& input, double taken_at) {
    const std::string hint = collector_from_file_name(input.name);
    Collected artefact;
    artefact.collector = hint.empty() ? "file" : hint;
    artefact.artefact = input.name;
    artefact.media_type = "application/octet-stream";
    artefact.is_delta = hint.ends_with(".delta");
    artefact.started_at = artefact.ended_at = taken_at;

    recorder_.started(input.name);
    const double began = recorder_.now();
    Attempt attempt = fill(input, artefact.bytes);
    attempt.bytes = artefact.bytes.size();
    attempt.seconds = recorder_.now() - began;
    if (attempt.outcome == "ok" && artefact.bytes.empty()) attempt = {"failed", "empty", attempt.seconds, 0};
    artefact.partial = attempt.outcome != "ok";
    if (attempt.outcome == "ok" || attempt.outcome == "partial") recorder_.keep(std::move(artefact));
    recorder_.finished(input.name, std::move(attempt));
  }

 private:
  Attempt fill(const Input& input, std::string& bytes) {
    const auto failed = [](std::string message) { return Attempt{"failed", std::move(message), 0, 0}; };
    if (context_.cancel.cancelled()) return Attempt{"cancelled", "cancelled", 0, 0};
    // O_NONBLOCK: a pipe that nobody writes to must not hold us at open().
    const Descriptor file(input.path.empty()
                              ? STDIN_FILENO
                              : open(input.path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY),
                          !input.path.empty());
    if (file.get() < 0) return failed(reason(errno));
    struct stat status{};
    if (fstat(file.get(), &status) != 0) return failed(reason(errno));
    if (S_ISDIR(status.st_mode)) return failed("a directory");
    if (!input.path.empty() && !S_ISREG(status.st_mode) && !S_ISFIFO(status.st_mode)) {
      return failed("neither a file nor a pipe");
    }
    if (S_ISREG(status.st_mode) && static_cast<uint64_t>(status.st_size) > plan_.max_bytes) {
      return failed("larger than the limit of " + std::to_string(plan_.max_bytes) + " bytes");
    }
    return drain(file.get(), S_ISREG(status.st_mode), bytes);
  }

  Attempt drain(int fd, bool regular, std::string& bytes) {
    constexpr size_t kBlock = 1 << 20;
    const auto deadline =
        context_.run_began + std::chrono::duration_cast<std::chrono::steady_clock::duration>(
                                 std::chrono::duration<double>(plan_.timeout_seconds));
    for (;;) {
      if (context_.cancel.cancelled()) return {"cancelled", "cancelled", 0, 0};
      if (!regular) {
        if (std::chrono::steady_clock::now() >= deadline)
          return {"timeout", "its end did not come in time", 0, 0};
        pollfd wait{fd, POLLIN, 0};
        const int ready = poll(&wait, 1, 50);
        if (ready == 0 || (ready < 0 && errno == EINTR)) continue;
      }
      const size_t before = bytes.size();
      bytes.resize(before + kBlock);
      const ssize_t got = ::read(fd, bytes.data() + before, kBlock);
      const int error = errno;
      bytes.resize(before + static_cast<size_t>(std::max<ssize_t>(got, 0)));
      if (got == 0) return {};
      if (got < 0) {
        if (error == EINTR || error == EAGAIN) continue;
        return {"failed", reason(error), 0, 0};
      }
      if (bytes.size() > plan_.max_bytes) {
        bytes.resize(plan_.max_bytes);
        return {"failed", "larger than the limit of " + std::to_string(plan_.max_bytes) + " bytes", 0, 0};
      }
      if (!recorder_.take(static_cast<uint64_t>(got))) {
        return {"failed",
                "all files together are larger than the limit of " + std::to_string(plan_.max_total_bytes) +
                    " bytes",
                0, 0};
      }
    }
  }

  const CollectPlan& plan_;
  const CollectContext& context_;
  Recorder& recorder_;
};

double modified_at(const std::string& path) {
  struct stat status{};
  if (stat(path.c_str(), &status) != 0) return 0;
  return static_cast<double>(status.st_mtim.tv_sec) + static_cast<double>(status.st_mtim.tv_nsec) / 1e9;
}

Result<std::vector<Input>> list(const std::string& folder) {
  namespace fs = std::filesystem;
  std::vector<Input> inputs;
  std::error_code error;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error)) {
    const std::string name = entry->path().filename().string();
    std::error_code ignored;
    if (name.starts_with('.') || entry->is_directory(ignored)) continue;
    if (inputs.size() == kMaxFiles) return fail("more than " + std::to_string(kMaxFiles) + " files");
    inputs.push_back({entry->path().string(), http::one_line(name), modified_at(entry->path().string())});
  }
  if (error) return fail(error.message());
  if (inputs.empty()) return fail("no files in it");
  return inputs;
}

}  // namespace

TargetCollection collect_files(const TargetSpec& target, const CollectPlan& plan,
                               const CollectContext& context, Reporter& reporter) {
  Recorder recorder(target, plan, context, reporter);
  std::vector<Input> inputs;
  if (target.kind == TargetKind::kStdin) {
    inputs.push_back({"", "stdin", 0});
  } else if (target.kind == TargetKind::kFile) {
    const std::string name = std::filesystem::path(target.path).filename().string();
    inputs.push_back({target.path, http::one_line(name), modified_at(target.path)});
  } else if (auto listed = list(target.path)) {
    inputs = std::move(*listed);
  } else {
    recorder.set_error(listed.error().at(target.name));
  }
  // Oldest first, so that what was taken twice is in order; copies with equal times by name.
  std::sort(inputs.begin(), inputs.end(),
            [](const Input& a, const Input& b) { return std::tie(a.age, a.name) < std::tie(b.age, b.name); });
  FileReader reader(plan, context, recorder);
  std::vector<std::string> order;
  for (const Input& input : inputs) {
    order.push_back(input.name);
    reader.read(input, input.age - inputs.front().age);
  }
  TargetCollection result = recorder.take_result(order);
  if (!result.error && result.artefacts.empty() && !result.outcomes.empty()) {
    const auto& first = result.outcomes.front();
    const std::string where = inputs.size() == 1 ? "" : first.collector + ": ";
    result.error = Error{where + first.message, target.name};
  }
  return result;
}

}  // namespace edp::collect
