#include "runner/analyse/source_line.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace edp::analyse {
namespace {

constexpr off_t kMaxFile = off_t{8} << 20;
constexpr size_t kMaxLine = 200;

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (fd_ >= 0) close(fd_);
  }
  [[nodiscard]] int get() const { return fd_; }

 private:
  int fd_;
};

std::string read_all(const std::string& path) {
  // Non-blocking, so that a FIFO of that name can't hold the run up.
  const Descriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  struct stat status = {};
  if (file.get() < 0 || fstat(file.get(), &status) != 0 || !S_ISREG(status.st_mode)) return {};
  if (status.st_size <= 0 || status.st_size > kMaxFile) return {};
  std::string text(static_cast<size_t>(status.st_size), '\0');
  size_t filled = 0;
  while (filled < text.size()) {
    const ssize_t got = read(file.get(), text.data() + filled, text.size() - filled);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
    filled += static_cast<size_t>(got);
  }
  text.resize(filled);
  return text;
}

bool is_continuation(char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; }

std::string tidy(std::string_view line) {
  const size_t first = line.find_first_not_of(" \t\r");
  if (first == std::string_view::npos) return {};
  line = line.substr(first, line.find_last_not_of(" \t\r") - first + 1);
  if (line.size() > kMaxLine) {
    size_t cut = kMaxLine;
    while (cut > 0 && is_continuation(line[cut])) --cut;
    line = line.substr(0, cut);
  }
  std::string text(line);
  std::ranges::replace_if(
      text, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; }, ' ');
  return text;
}

}  // namespace

std::string read_source(std::string_view file) {
  if (!file.starts_with('/')) return {};
  if (!file.ends_with(".go") && !file.ends_with(".java")) return {};
  return read_all(std::string(file));
}

std::string read_source_line(std::string_view file, int64_t line) {
  if (line < 1) return {};
  const std::string text = read_source(file);
  std::string_view rest = text;
  for (int64_t at = 1; !rest.empty(); ++at) {
    const size_t end = rest.find('\n');
    if (at == line) return tidy(rest.substr(0, end));
    if (end == std::string_view::npos) break;
    rest.remove_prefix(end + 1);
  }
  return {};
}

}  // namespace edp::analyse
