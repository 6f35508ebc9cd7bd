#include "common/audit/retention.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <optional>
#include <system_error>

#include "common/audit/chain_file.h"
#include "common/descriptor.h"
#include "common/time_text.h"

namespace edp::audit {
namespace {

namespace fs = std::filesystem;

Result<std::optional<Ends>> ends_of(const std::string& path) {
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));  // NOLINT(*-vararg)
  if (!file.valid()) return fail("cannot be read: " + std::generic_category().message(errno), path);
  return read_ends(file.get(), path);
}

// Times are written so that they sort as text.
Result<void> add_closed(const std::string& path, const std::string& before, std::vector<OldSegment>& old) {
  for (const std::string& segment : closed_segments(path)) {
    const auto ends = ends_of(segment);
    if (!ends) return tl::unexpected(ends.error());
    if (!*ends || (*ends)->whole_bytes == 0 || (*ends)->last.time >= before) break;
    old.push_back({.files = {segment},
                   .stream = (*ends)->last.stream,
                   .from = (*ends)->first.seq,
                   .to = (*ends)->last.seq,
                   .hash = (*ends)->last_hash});
  }
  return {};
}

// All of it or nothing.
Result<void> add_other(const std::string& path, const std::string& before, const std::string& own,
                       std::vector<OldSegment>& old) {
  const auto newest = ends_of(path);
  // One that can't be read is its own writer's trouble, and the verifier's.
  if (!newest || !*newest || (*newest)->whole_bytes == 0 || (*newest)->torn_bytes > 0) return {};
  if ((*newest)->last.time >= before || (*newest)->last.stream == own) return {};
  OldSegment gone{.files = closed_segments(path),
                  .stream = (*newest)->last.stream,
                  .from = (*newest)->first.seq,
                  .to = (*newest)->last.seq,
                  .hash = (*newest)->last_hash};
  if (!gone.files.empty()) {
    const auto oldest = ends_of(gone.files.front());
    if (!oldest || !*oldest) return {};
    gone.from = (*oldest)->first.seq;
  }
  gone.files.push_back(path);
  gone.files.push_back(path + ".head");
  gone.files.push_back(path + ".lock");
  old.push_back(std::move(gone));
  return {};
}

}  // namespace

Result<std::vector<OldSegment>> old_segments(const std::string& path,
                                             std::chrono::system_clock::time_point before,
                                             const std::string& own) {
  const std::string limit =
      format_micro_time(std::chrono::time_point_cast<std::chrono::microseconds>(before));
  std::vector<OldSegment> old;
  if (const auto added = add_closed(path, limit, old); !added) return tl::unexpected(added.error());
  const fs::path folder = fs::path(path).parent_path();
  if (fs::path(path).extension() != ".jsonl") return old;
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(folder.empty() ? "." : folder, ignored)) {
    if (entry.path().extension() != ".jsonl" || entry.path().filename() == fs::path(path).filename())
      continue;
    if (const auto added = add_other(entry.path(), limit, own, old); !added)
      return tl::unexpected(added.error());
  }
  return old;
}

Result<void> remove_files(const std::vector<std::string>& files) {
  for (const std::string& file : files) {
    if (::unlink(file.c_str()) != 0 && errno != ENOENT) {
      return fail("cannot be removed: " + std::generic_category().message(errno), file);
    }
  }
  const std::string folder = fs::path(files.front()).parent_path();
  if (const int error = sync_folder(folder.empty() ? "." : folder); error != 0) {
    return fail("cannot be synced: " + std::generic_category().message(error), folder);
  }
  return {};
}

}  // namespace edp::audit
