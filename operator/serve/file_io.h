// What the stores need of the file system: files that are whole, folders that are there after a crash.
// Functions that return int return 0 or an errno.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "common/descriptor.h"
#include "operator/serve/store.h"

namespace edp::serve {

// ENOSPC, EDQUOT and EFBIG are kDiskFull, ENOENT is kNotFound, all else kBroken.
StoreError system_error(int error, std::string_view doing, const std::string& path);

// Makes `relative` ("a/b/c") below `root` where it is missing; each new folder is synced into its parent.
int make_folders(const std::string& root, std::string_view relative);

// A file while it is being written: locked, so that whoever cleans up after a crash knows a live one from a
// dead one. Removed when destroyed, unless it was moved to its place.
class PartFile {
 public:
  static tl::expected<std::unique_ptr<PartFile>, StoreError> create(const std::string& folder);
  ~PartFile();
  PartFile(const PartFile&) = delete;
  PartFile& operator=(const PartFile&) = delete;

  [[nodiscard]] int fd() const { return file_.get(); }
  [[nodiscard]] const std::string& path() const { return path_; }
  // Syncs the bytes, renames, syncs the folder: afterwards the file is there, whatever happens.
  StoreResult<void> place(const std::string& folder, const std::string& name);

  // Removes part files that no living process holds; how many.
  static uint64_t clean(const std::string& folder);

 private:
  PartFile(std::string path, Descriptor file) : path_(std::move(path)), file_(std::move(file)) {}
  std::string path_;  // empty once it is in its place
  Descriptor file_;
};

// A regular file's bytes for an answer.
class FileSource final : public http::BodySource {
 public:
  FileSource(Descriptor file, uint64_t size) : file_(std::move(file)), size_(size) {}
  [[nodiscard]] uint64_t size() const override { return size_; }
  Result<size_t> read(uint64_t offset, char* into, size_t size) override;

 private:
  const Descriptor file_;
  const uint64_t size_;
};

// The digest of `size` bytes of an open file, "sha256:..."; empty where they can't be read.
std::string file_digest(int fd, uint64_t size);

struct Space {
  uint64_t free = 0, capacity = 0;
};
Space space_of(const std::string& path);

}  // namespace edp::serve
