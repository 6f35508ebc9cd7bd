#include "common/audit/chain_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <optional>
#include <system_error>
#include <thread>
#include <utility>

#include "common/files.h"

namespace edp::audit {
namespace {

namespace fs = std::filesystem;

constexpr mode_t kMode = 0600;
constexpr auto kLockWait = std::chrono::seconds(10);

std::string folder_of(const std::string& path) {
  const std::string folder = fs::path(path).parent_path();
  return folder.empty() ? "." : folder;
}

// "000000000001-20260102"
bool is_suffix(std::string_view text) {
  if (text.size() != 21 || text[12] != '-') return false;
  return std::ranges::count_if(text, [](char c) { return c >= '0' && c <= '9'; }) == 20;
}

// Up to `size` bytes at `offset`; fewer at the end of the file.
Result<std::string> read_at(int fd, uint64_t offset, size_t size, const std::string& path) {
  std::string bytes(size, '\0');
  size_t got = 0;
  while (got < size) {
    const ssize_t count = ::pread(fd, bytes.data() + got, size - got, static_cast<off_t>(offset + got));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return fail("cannot be read: " + std::generic_category().message(errno), path);
    if (count == 0) break;
    got += static_cast<size_t>(count);
  }
  bytes.resize(got);
  return bytes;
}

std::string closed_name(const std::string& path, uint64_t first_seq, const std::string& time) {
  std::array<char, 32> suffix{};
  std::string day = time.substr(0, 10);
  std::erase(day, '-');
  (void)std::snprintf(suffix.data(), suffix.size(), ".%012llu-%.8s",
                      static_cast<unsigned long long>(first_seq), day.c_str());
  return path + suffix.data();
}

}  // namespace

Result<std::optional<Ends>> read_ends(int fd, const std::string& path) {
  struct stat status{};
  if (::fstat(fd, &status) != 0) return fail(std::generic_category().message(errno), path);
  const auto size = static_cast<uint64_t>(status.st_size);
  Ends ends;
  // Behind the last line feed.
  uint64_t end = size;
  while (end > 0) {
    const uint64_t from = end - std::min<uint64_t>(end, kMaxLine);
    const auto piece = read_at(fd, from, static_cast<size_t>(end - from), path);
    if (!piece) return tl::unexpected(piece.error());
    if (const size_t feed = piece->rfind('\n'); feed != std::string::npos) {
      end = from + feed + 1;
      break;
    }
    end = from;
  }
  ends.whole_bytes = end;
  ends.torn_bytes = size - end;
  const auto torn =
      read_at(fd, end, static_cast<size_t>(std::min<uint64_t>(ends.torn_bytes, kMaxLine)), path);
  if (!torn) return tl::unexpected(torn.error());
  ends.torn = *torn;
  if (end == 0) {
    if (size == 0) return std::optional<Ends>();
    return std::optional<Ends>(std::move(ends));
  }
  const uint64_t from = end - std::min<uint64_t>(end, kMaxLine + 2);
  const auto back = read_at(fd, from, static_cast<size_t>(end - from), path);
  if (!back) return tl::unexpected(back.error());
  std::string_view last(*back);
  last.remove_suffix(1);
  const size_t before = last.rfind('\n');
  if (before != std::string_view::npos) last.remove_prefix(before + 1);
  const auto offset = end - 1 - last.size();
  auto parsed = parse_line(last);
  if (!parsed) return fail("the last line is none of an audit stream: " + parsed.error().what, path, offset);
  ends.last_hash = sha256_hex(last);
  ends.last = std::move(*parsed);
  const auto front = read_at(fd, 0, kMaxLine + 1, path);
  if (!front) return tl::unexpected(front.error());
  parsed = parse_line(std::string_view(*front).substr(0, front->find('\n')));
  if (!parsed) return fail("the first line is none of an audit stream: " + parsed.error().what, path, 0);
  ends.first = std::move(*parsed);
  return std::optional<Ends>(std::move(ends));
}

std::vector<std::string> closed_segments(const std::string& path) {
  std::vector<std::string> found;
  std::error_code ignored;
  const std::string name = fs::path(path).filename();
  for (const auto& entry : fs::directory_iterator(folder_of(path), ignored)) {
    const std::string other = entry.path().filename();
    if (other.size() == name.size() + 22 && other.starts_with(name + ".") &&
        is_suffix(std::string_view(other).substr(name.size() + 1))) {
      found.push_back((fs::path(path).parent_path() / other).string());
    }
  }
  std::ranges::sort(found);
  return found;
}

std::string base_of(const std::string& path) {
  if (path.size() > 22 && path[path.size() - 22] == '.' &&
      is_suffix(std::string_view(path).substr(path.size() - 21))) {
    return path.substr(0, path.size() - 22);
  }
  return path;
}

Error ChainFile::system_error(int error, const std::string& doing) const {
  return {.what = doing + ": " + std::generic_category().message(error), .where = path_, .offset = {}};
}

Result<void> ChainFile::lock() {
  if (!lock_.valid()) {
    const std::string name = path_ + ".lock";
    lock_ = Descriptor(::open(name.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, kMode));  // NOLINT(*-vararg)
    if (!lock_.valid()) return tl::unexpected(system_error(errno, "the lock beside it can't be made"));
  }
  const auto until = std::chrono::steady_clock::now() + kLockWait;
  while (::flock(lock_.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK && errno != EINTR) return tl::unexpected(system_error(errno, "can't be locked"));
    if (std::chrono::steady_clock::now() > until) return fail("another process keeps it locked", path_);
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return {};
}

// Nobody else may build upon what is still to be cut off; a process that dies gives the lock back.
void ChainFile::release() {
  if (!must_cut_) (void)::flock(lock_.get(), LOCK_UN);
}

// Still the file of that name, as long as this process left it.
bool ChainFile::is_current() const {
  struct stat named{};
  return file_.valid() && ::stat(path_.c_str(), &named) == 0 && named.st_ino == inode_ &&
         static_cast<uint64_t>(named.st_size) == size_;
}

Result<void> ChainFile::hold() {
  if (const auto locked = lock(); !locked) return locked;
  torn_ = {};
  Result<void> ready;
  if (must_cut_) ready = cut(size_);
  if (ready && !is_current()) ready = open();
  if (!ready) release();
  return ready;
}

Result<void> ChainFile::open() {
  file_ =
      Descriptor(::open(path_.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, kMode));  // NOLINT(*-vararg)
  if (!file_.valid()) return tl::unexpected(system_error(errno, "cannot be written"));
  struct stat status{};
  if (::fstat(file_.get(), &status) != 0) return tl::unexpected(system_error(errno, "cannot be read"));
  if (!S_ISREG(status.st_mode)) return fail("is no regular file", path_);
  inode_ = status.st_ino;
  size_ = static_cast<uint64_t>(status.st_size);
  Result<void> taken = take_up();
  if (!taken) file_ = {};
  return taken;
}

Result<void> ChainFile::take_up() {
  auto ends = read_ends(file_.get(), path_);
  if (!ends) return tl::unexpected(ends.error());
  const bool has_lines = *ends && (*ends)->whole_bytes > 0;
  if (*ends && (*ends)->torn_bytes > 0) {
    torn_ = {.bytes = (*ends)->torn_bytes, .digest = "sha256:" + sha256_hex((*ends)->torn)};
    if (const auto done = cut((*ends)->whole_bytes); !done) return done;
  }
  if (has_lines) {
    tail_ = {.stream = (*ends)->last.stream, .seq = (*ends)->last.seq, .hash = (*ends)->last_hash};
    first_seq_ = (*ends)->first.seq;
    first_time_ = (*ends)->first.time;
    return {};
  }
  size_ = 0;
  tail_ = {};
  const auto closed = closed_segments(path_);
  if (closed.empty()) return {};
  const Descriptor before(::open(closed.back().c_str(), O_RDONLY | O_CLOEXEC));  // NOLINT(*-vararg)
  if (!before.valid())
    return fail("cannot be read: " + std::generic_category().message(errno), closed.back());
  ends = read_ends(before.get(), closed.back());
  if (!ends) return tl::unexpected(ends.error());
  if (!*ends || (*ends)->whole_bytes == 0) return fail("a closed segment without a line", closed.back());
  tail_ = {.stream = (*ends)->last.stream, .seq = (*ends)->last.seq, .hash = (*ends)->last_hash};
  return {};
}

// Back to a length that is known to be good, and proof that its last line is still there.
Result<void> ChainFile::cut(uint64_t size) {
  const Descriptor fresh(::open(path_.c_str(), O_RDWR | O_CLOEXEC));  // NOLINT(*-vararg)
  if (!fresh.valid()) return tl::unexpected(system_error(errno, "cannot be opened again after a failure"));
  if (::ftruncate(fresh.get(), static_cast<off_t>(size)) != 0) {
    return tl::unexpected(system_error(errno, "what a failed write left can't be cut off"));
  }
  if (const int error = calls_.sync(fresh.get()); error != 0) {
    return tl::unexpected(system_error(error, "cannot be synced after a failure"));
  }
  (void)::posix_fadvise(fresh.get(), 0, 0, POSIX_FADV_DONTNEED);
  if (must_cut_ && size > 0) {
    const auto ends = read_ends(fresh.get(), path_);
    if (!ends) return tl::unexpected(ends.error());
    if (!*ends || (*ends)->last_hash != tail_.hash)
      return fail("its last good line is not there any more", path_);
  }
  size_ = size;
  must_cut_ = false;
  return {};
}

Result<void> ChainFile::append(std::string_view lines, const Tail& after) {
  int error = calls_.write(file_.get(), lines);
  if (error == 0) error = calls_.sync(file_.get());
  if (error == 0 && size_ == 0) error = sync_folder(folder_of(path_));
  if (error != 0) {
    must_cut_ = true;
    file_ = {};
    (void)cut(size_);  // now, if it can be done; else before the next line
    return tl::unexpected(system_error(error, "cannot be written"));
  }
  if (size_ == 0) {
    const auto first = parse_line(lines.substr(0, lines.find('\n')));
    first_seq_ = first ? first->seq : 0;
    first_time_ = first ? first->time : "";
  }
  size_ += lines.size();
  tail_ = after;
  return {};
}

Result<void> ChainFile::close_segment() {
  const std::string name = closed_name(path_, first_seq_, first_time_);
  if (std::rename(path_.c_str(), name.c_str()) != 0) {
    return tl::unexpected(system_error(errno, "cannot be renamed to " + name));
  }
  if (const int error = sync_folder(folder_of(path_)); error != 0) {
    return tl::unexpected(system_error(error, "its folder can't be synced"));
  }
  return open();
}

}  // namespace edp::audit
