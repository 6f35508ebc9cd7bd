#include "runner/cli/load_trace.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "runner/decode/decoder.h"
#include "runner/decode/go_trace/reader.h"
#include "runner/decode/go_trace/timeline_sink.h"

namespace edp::cli {
namespace {

constexpr uint64_t kMaxFile = uint64_t{64} << 30;
constexpr size_t kChunk = 1 << 20;

class Input {
 public:
  explicit Input(const std::string& file)
      : name_(file == "-" ? "stdin" : file),
        fd_(file == "-" ? STDIN_FILENO : ::open(file.c_str(), O_RDONLY | O_CLOEXEC)),
        chunk_(kChunk, '\0') {}
  ~Input() {
    if (fd_ > STDIN_FILENO) ::close(fd_);
  }
  Input(const Input&) = delete;
  Input& operator=(const Input&) = delete;

  [[nodiscard]] const std::string& name() const { return name_; }

  // Empty at the end.
  Result<std::string_view> next() {
    if (fd_ < 0) return fail(std::string("cannot be read: ") + std::strerror(errno), name_);
    size_t size = 0;
    while (size < chunk_.size()) {
      const ssize_t count = ::read(fd_, chunk_.data() + size, chunk_.size() - size);
      if (count < 0 && errno == EINTR) continue;
      if (count < 0) return fail(std::string("cannot be read: ") + std::strerror(errno), name_);
      if (count == 0) break;
      size += static_cast<size_t>(count);
    }
    total_ += size;
    if (total_ > kMaxFile) return fail("is longer than 64 GiB", name_);
    return std::string_view(chunk_).substr(0, size);
  }

 private:
  std::string name_;
  int fd_;
  std::string chunk_;
  uint64_t total_ = 0;
};

// Compressed, or no trace: everything is needed at once.
Result<std::vector<model::Timeline>> decode_whole(Input& input, std::string bytes) {
  for (;;) {
    const auto chunk = input.next();
    if (!chunk) return tl::unexpected(chunk.error());
    if (chunk->empty()) break;
    bytes.append(*chunk);
  }
  auto decoded = decode::decode(std::move(bytes), input.name());
  if (!decoded) return tl::unexpected(decoded.error());
  if (decoded->traces.empty()) {
    return fail("is no execution trace (read as " + std::string(decoded->format) + ")", input.name());
  }
  // What was wrong with the compressed stream is told beside the traces.
  std::vector<std::string>& problems = decoded->traces.front().problems;
  for (const std::string& problem : decoded->problems) {
    if (problems.empty() || problem != problems.front()) problems.insert(problems.begin(), problem);
    break;
  }
  return std::move(decoded->traces);
}

}  // namespace

Result<std::vector<model::Timeline>> load_traces(const std::string& file) {
  Input input(file);
  auto chunk = input.next();
  if (!chunk) return tl::unexpected(chunk.error());
  if (!decode::go_trace::sniff(*chunk)) return decode_whole(input, std::string(*chunk));
  decode::go_trace::TimelineSink sink{decode::Limits{}};
  decode::go_trace::TraceReader reader(sink);
  while (chunk && !chunk->empty()) {
    if (auto read = reader.feed(*chunk); !read) return tl::unexpected(read.error().at(input.name()));
    chunk = input.next();
  }
  if (!chunk) return tl::unexpected(chunk.error());
  if (auto read = reader.finish(); !read) return tl::unexpected(read.error().at(input.name()));
  return sink.take();
}

}  // namespace edp::cli
