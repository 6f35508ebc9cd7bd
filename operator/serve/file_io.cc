#include "operator/serve/file_io.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdio>
#include <system_error>
#include <vector>

#include "operator/serve/digest.h"

namespace edp::serve {
namespace {

constexpr std::string_view kSuffix = ".part";

}  // namespace

StoreError system_error(int error, std::string_view doing, const std::string& path) {
  StoreErrorKind kind = StoreErrorKind::kBroken;
  if (error == ENOSPC || error == EDQUOT || error == EFBIG) kind = StoreErrorKind::kDiskFull;
  if (error == ENOENT) kind = StoreErrorKind::kNotFound;
  return {kind, Error{std::string(doing) + ": " + std::generic_category().message(error), path, {}}};
}

int make_folders(const std::string& root, std::string_view relative) {
  std::string path = root;
  while (!relative.empty()) {
    const size_t slash = relative.find('/');
    const std::string parent = path;
    path += '/';
    path += relative.substr(0, slash);
    relative.remove_prefix(slash == std::string_view::npos ? relative.size() : slash + 1);
    if (::mkdir(path.c_str(), 0700) == 0) {
      const int error = sync_folder(parent);
      if (error != 0) return error;
    } else if (errno != EEXIST) {
      return errno;
    }
  }
  return 0;
}

tl::expected<std::unique_ptr<PartFile>, StoreError> PartFile::create(const std::string& folder) {
  static std::atomic<uint64_t> count{0};
  for (int attempt = 0; attempt < 100; ++attempt) {
    std::string path = folder + "/" + std::to_string(::getpid()) + "-" + std::to_string(++count);
    path += kSuffix;
    Descriptor file(
        ::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));  // NOLINT(*-vararg)
    if (!file.valid()) {
      if (errno == EEXIST) continue;  // of a dead process with our number
      return tl::unexpected(system_error(errno, "no file for what comes in", path));
    }
    struct stat status{};
    // Whoever cleans up may have seen the file before it was locked.
    if (::flock(file.get(), LOCK_EX | LOCK_NB) == 0 && ::fstat(file.get(), &status) == 0 &&
        status.st_nlink > 0) {
      return std::unique_ptr<PartFile>(new PartFile(std::move(path), std::move(file)));
    }
  }
  return tl::unexpected(StoreError{StoreErrorKind::kBroken, Error{"no file for what comes in", folder, {}}});
}

PartFile::~PartFile() {
  if (!path_.empty()) ::unlink(path_.c_str());
}

StoreResult<void> PartFile::place(const std::string& folder, const std::string& name) {
  const std::string to = folder + "/" + name;
  int error = sync_file(file_.get());
  if (error != 0) return tl::unexpected(system_error(error, "can't be synced", path_));
  if (std::rename(path_.c_str(), to.c_str()) != 0) {
    return tl::unexpected(system_error(errno, "can't be put in its place", to));
  }
  path_.clear();
  error = sync_folder(folder);
  if (error != 0) return tl::unexpected(system_error(error, "can't be synced", folder));
  return {};
}

uint64_t PartFile::clean(const std::string& folder) {
  uint64_t removed = 0;
  const std::unique_ptr<DIR, int (*)(DIR*)> list(::opendir(folder.c_str()), ::closedir);
  if (list == nullptr) return 0;
  while (const dirent* entry = ::readdir(list.get())) {
    if (!std::string_view(entry->d_name).ends_with(kSuffix)) continue;
    const std::string path = folder + "/" + entry->d_name;
    const Descriptor file(::open(path.c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW));  // NOLINT(*-vararg)
    if (file.valid() && ::flock(file.get(), LOCK_EX | LOCK_NB) == 0 && ::unlink(path.c_str()) == 0) ++removed;
  }
  return removed;
}

Result<size_t> FileSource::read(uint64_t offset, char* into, size_t size) {
  while (true) {
    const ssize_t count = ::pread(file_.get(), into, size, static_cast<off_t>(offset));
    if (count > 0) return static_cast<size_t>(count);
    if (count == 0) return fail("the file has become shorter");
    if (errno != EINTR) return fail(std::generic_category().message(errno));
  }
}

std::string file_digest(int fd, uint64_t size) {
  Digest digest;
  std::vector<char> chunk(size_t{256} << 10U);
  uint64_t offset = 0;
  while (offset < size) {
    const ssize_t count = ::pread(fd, chunk.data(), chunk.size(), static_cast<off_t>(offset));
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return {};
    digest.add(std::string_view(chunk.data(), static_cast<size_t>(count)));
    offset += static_cast<uint64_t>(count);
  }
  return "sha256:" + digest.hex();
}

Space space_of(const std::string& path) {
  struct statvfs volume{};
  if (::statvfs(path.c_str(), &volume) != 0) return {};
  return {uint64_t{volume.f_bavail} * volume.f_frsize, uint64_t{volume.f_blocks} * volume.f_frsize};
}

}  // namespace edp::serve
