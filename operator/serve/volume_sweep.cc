#include "operator/serve/volume_sweep.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <system_error>
#include <vector>

#include "common/files.h"
#include "operator/serve/file_io.h"
#include "operator/serve/names.h"
#include "operator/serve/ref.h"
#include "operator/serve/volume_layout.h"

namespace edp::serve::volume {
namespace {

constexpr int64_t kGrace = 3600;

// 32 bytes instead of 64 and a node: there may be a hundred thousand.
using RawDigest = std::array<uint8_t, 32>;
RawDigest raw(std::string_view hex64) {
  const auto nibble = [](char c) { return static_cast<unsigned>(c <= '9' ? c - '0' : c - 'a' + 10); };
  RawDigest digest{};
  for (size_t i = 0; i < digest.size(); ++i) {
    digest.at(i) = static_cast<uint8_t>(nibble(hex64[2 * i]) << 4U | nibble(hex64[2 * i + 1]));
  }
  return digest;
}

int64_t modified(const std::string& path) {
  struct stat status{};
  return ::stat(path.c_str(), &status) == 0 ? static_cast<int64_t>(status.st_mtime) : INT64_MAX;
}

uint64_t size_of(const std::string& path) {
  struct stat status{};
  return ::stat(path.c_str(), &status) == 0 ? static_cast<uint64_t>(status.st_size) : 0;
}

class Sweep {
 public:
  Sweep(const std::string& root, Guard& guard, int64_t now, std::chrono::seconds keep,
        const CancelToken& cancel)
      : root_(root), guard_(guard), now_(now), oldest_(now - keep.count()), cancel_(cancel) {}

  Result<SweepResult> run();

 private:
  bool visit_ref(const ReportKey& key, const std::string& path);
  void remove_empty(const ReportKey& key) const;
  bool visit_blob(const std::string& folder, const std::string& name);

  const std::string& root_;
  Guard& guard_;
  const int64_t now_, oldest_;
  const CancelToken& cancel_;
  std::vector<RawDigest> needed_;
  SweepResult result_;
  Totals totals_;
};

bool Sweep::visit_ref(const ReportKey& key, const std::string& path) {
  bool removed = false;
  {
    const auto lock = guard_.lock_key(key);
    const auto text = read_file(path, 1024);
    const auto ref = text ? read_ref(*text) : std::nullopt;
    // What is no ref (a disk that lied) goes by the age of its file.
    if ((ref ? ref->stored : modified(path)) < oldest_) {
      removed = ::unlink(path.c_str()) == 0;
    }
    if (removed) {
      ++result_.reports_removed;
    } else {
      if (ref) needed_.push_back(raw(std::string_view(ref->digest).substr(7)));
      ++totals_.reports;
      totals_.bytes += ref ? ref->bytes : 0;
    }
  }
  if (removed) remove_empty(key);
  return !cancel_.cancelled();
}

void Sweep::remove_empty(const ReportKey& key) const {
  std::string folder = run_folder(key);
  for (int level = 0; level < 4; ++level) {
    if (::rmdir((root_ + "/" + folder).c_str()) != 0) return;
    folder.erase(folder.rfind('/'));
  }
}

bool Sweep::visit_blob(const std::string& folder, const std::string& name) {
  const std::string digest = "sha256:" + name;
  const std::string path = folder + "/" + name;
  if (!valid_digest(digest)) return true;
  if (std::binary_search(needed_.begin(), needed_.end(), raw(name))) return true;
  const uint64_t bytes = size_of(path);
  const bool removed = guard_.unless_pinned(digest, [&] {
    // Under the guard's lock, so that an upload that has just put it there again is seen.
    return modified(path) < now_ - kGrace && ::unlink(path.c_str()) == 0;
  });
  if (removed) result_.bytes_removed += bytes;
  return !cancel_.cancelled();
}

Result<SweepResult> Sweep::run() {
  result_.leftovers_removed = PartFile::clean(root_ + "/" + std::string(kIncoming));
  if (!each_ref(root_, {}, {},
                [this](const ReportKey& key, const std::string& path) { return visit_ref(key, path); })) {
    return result_;
  }
  std::sort(needed_.begin(), needed_.end());
  result_.kept = totals_.reports;
  // No blob may be gone while its ref could come back after a crash.
  const Descriptor root(::open(root_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));  // NOLINT(*-vararg)
  if (!root.valid() || ::syncfs(root.get()) != 0) {
    return fail("can't be synced: " + std::generic_category().message(errno), root_);
  }
  const std::string blobs = root_ + "/" + std::string(kBlobs);
  each_name(blobs, [&](const std::string& two) {
    return each_name(blobs + "/" + two,
                     [&](const std::string& name) { return visit_blob(blobs + "/" + two, name); });
  });
  guard_.set_totals(totals_);
  return result_;
}

}  // namespace

Result<SweepResult> sweep(const std::string& root, Guard& guard, int64_t now, std::chrono::seconds keep,
                          const CancelToken& cancel) {
  if (!guard.begin_sweep()) return fail("a sweep is under way already", root);
  auto result = Sweep(root, guard, now, keep, cancel).run();
  guard.end_sweep();
  return result;
}

}  // namespace edp::serve::volume
