#include "operator/serve/volume_store.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <functional>
#include <utility>

#include "common/files.h"
#include "operator/serve/digest.h"
#include "operator/serve/file_io.h"
#include "operator/serve/ref.h"
#include "operator/serve/volume_guard.h"
#include "operator/serve/volume_layout.h"
#include "operator/serve/volume_sweep.h"

namespace edp::serve {
namespace {

constexpr size_t kMaxIndex = 10'000;

StoreError broken(std::string what, std::string path) {
  return {StoreErrorKind::kBroken, Error{std::move(what), std::move(path), {}}};
}

class VolumeStore final : public ReportStore {
 public:
  explicit VolumeStore(VolumeOptions options) : options_(std::move(options)) {}

  Result<void> prepare();
  StoreResult<std::unique_ptr<ReportWriter>> begin(uint64_t expected_bytes) override;
  StoreResult<ReportRef> find(const ReportKey& key) override;
  StoreResult<std::shared_ptr<http::BodySource>> open(const ReportKey& key, const ReportRef& ref) override;
  StoreResult<std::vector<IndexEntry>> index(const std::string& ns, const std::string& name) override;
  StoreResult<SweepResult> sweep(int64_t now, std::chrono::seconds keep, const CancelToken& cancel) override;
  StoreUsage usage() override;
  std::string trouble() override;

  StoreResult<ReportRef> commit(PartFile& part, const ReportKey& key, const ReportRef& ref);
  [[nodiscard]] std::string path(std::string_view below) const {
    return options_.root + "/" + std::string(below);
  }

 private:
  StoreResult<void> place(PartFile& part, const std::string& folder, const std::string& name) const;

  const VolumeOptions options_;
  volume::Guard guard_;
};

class VolumeWriter final : public ReportWriter {
 public:
  VolumeWriter(VolumeStore& store, std::unique_ptr<PartFile> part) : store_(store), part_(std::move(part)) {}

  StoreResult<void> write(std::string_view bytes) override {
    const int error = write_all(part_->fd(), bytes);
    if (error != 0) return tl::unexpected(system_error(error, "can't be written", part_->path()));
    digest_.add(bytes);
    bytes_ += bytes.size();
    return {};
  }
  [[nodiscard]] uint64_t bytes() const override { return bytes_; }
  std::string digest() override { return "sha256:" + digest_.hex(); }
  StoreResult<ReportRef> commit(const ReportKey& key, int attempt, int64_t now) override {
    return store_.commit(*part_, key, ReportRef{digest(), bytes_, attempt, now});
  }

 private:
  VolumeStore& store_;
  const std::unique_ptr<PartFile> part_;
  Digest digest_;
  uint64_t bytes_ = 0;
};

Result<void> VolumeStore::prepare() {
  if (::mkdir(options_.root.c_str(), 0700) != 0 && errno != EEXIST) {
    return tl::unexpected(system_error(errno, "can't be made", options_.root).error);
  }
  for (const std::string_view folder : {volume::kIncoming, volume::kRuns, volume::kBlobs}) {
    const int error = make_folders(options_.root, folder);
    if (error != 0) return tl::unexpected(system_error(error, "can't be made", path(folder)).error);
  }
  PartFile::clean(path(volume::kIncoming));
  // A volume that is full can still be read and swept, so nothing more is asked of it here.
  if (::access(path(volume::kIncoming).c_str(), W_OK) != 0) {
    return tl::unexpected(system_error(errno, "can't be written", path(volume::kIncoming)).error);
  }
  volume::Totals totals;
  volume::each_ref(options_.root, {}, {}, [&](const ReportKey&, const std::string& file) {
    const auto text = read_file(file, 1024);
    const auto ref = text ? read_ref(*text) : std::nullopt;
    totals.reports += 1;
    totals.bytes += ref ? ref->bytes : 0;
    return true;
  });
  guard_.set_totals(totals);
  return {};
}

StoreResult<std::unique_ptr<ReportWriter>> VolumeStore::begin(uint64_t expected_bytes) {
  const Space space = space_of(options_.root);
  if (space.free < options_.reserve_bytes || space.free - options_.reserve_bytes < expected_bytes) {
    return tl::unexpected(
        StoreError{StoreErrorKind::kDiskFull,
                   Error{std::to_string(space.free) + " bytes are free, " + std::to_string(expected_bytes) +
                             " are needed and " + std::to_string(options_.reserve_bytes) + " kept in reserve",
                         options_.root,
                         {}}});
  }
  auto part = PartFile::create(path(volume::kIncoming));
  if (!part) return tl::unexpected(part.error());
  return std::make_unique<VolumeWriter>(*this, std::move(*part));
}

// A sweep may remove a folder that has just become empty, also one that has just been made.
StoreResult<void> VolumeStore::place(PartFile& part, const std::string& folder,
                                     const std::string& name) const {
  for (int attempt = 0;; ++attempt) {
    const int error = make_folders(options_.root, folder);
    if (error == ENOENT && attempt < 5) continue;
    if (error != 0) return tl::unexpected(system_error(error, "can't be made", path(folder)));
    auto placed = part.place(path(folder), name);
    if (placed || placed.error().kind != StoreErrorKind::kNotFound || attempt >= 5) return placed;
  }
}

StoreResult<ReportRef> VolumeStore::commit(PartFile& part, const ReportKey& key, const ReportRef& ref) {
  const auto lock = guard_.lock_key(key);
  const auto before = find(key);
  if (before && before->attempt > ref.attempt) {
    return tl::unexpected(
        StoreError{StoreErrorKind::kSuperseded, Error{"a later attempt's report is there", {}, {}}});
  }
  if (!before && before.error().kind != StoreErrorKind::kNotFound &&
      before.error().kind != StoreErrorKind::kCorrupt) {
    return tl::unexpected(before.error());
  }
  const auto pin = guard_.pin(ref.digest);
  // Also where that content is there already: it may have rotted, and a sweep goes by its age.
  if (const auto placed = place(part, volume::blob_folder(ref.digest), volume::blob_name(ref.digest));
      !placed) {
    return tl::unexpected(placed.error());
  }
  if (before && before->digest == ref.digest && before->attempt == ref.attempt) return *before;

  auto text = PartFile::create(path(volume::kIncoming));
  if (!text) return tl::unexpected(text.error());
  const int error = write_all((*text)->fd(), write_ref(ref));
  if (error != 0) return tl::unexpected(system_error(error, "can't be written", (*text)->path()));
  if (const auto placed = place(**text, volume::run_folder(key), volume::ref_name(key.file)); !placed) {
    return tl::unexpected(placed.error());
  }
  guard_.count(before ? 0 : 1,
               static_cast<int64_t>(ref.bytes) - (before ? static_cast<int64_t>(before->bytes) : 0));
  return ref;
}

StoreResult<ReportRef> VolumeStore::find(const ReportKey& key) {
  const std::string file = path(volume::run_folder(key)) + "/" + volume::ref_name(key.file);
  const Descriptor opened(::open(file.c_str(), O_RDONLY | O_CLOEXEC));  // NOLINT(*-vararg)
  if (!opened.valid()) return tl::unexpected(system_error(errno, "can't be read", file));
  char text[1024];
  const ssize_t size = ::pread(opened.get(), text, sizeof text, 0);
  if (size < 0) return tl::unexpected(system_error(errno, "can't be read", file));
  const auto ref = read_ref(std::string_view(text, static_cast<size_t>(size)));
  if (!ref) return tl::unexpected(StoreError{StoreErrorKind::kCorrupt, Error{"is no ref", file, {}}});
  return *ref;
}

StoreResult<std::shared_ptr<http::BodySource>> VolumeStore::open(const ReportKey&, const ReportRef& ref) {
  const std::string file = path(volume::blob_folder(ref.digest)) + "/" + volume::blob_name(ref.digest);
  Descriptor opened(::open(file.c_str(), O_RDONLY | O_CLOEXEC));  // NOLINT(*-vararg)
  struct stat status{};
  if (!opened.valid() || ::fstat(opened.get(), &status) != 0) {
    auto error = system_error(errno, "can't be read", file);
    // The ref says that it is there.
    if (error.kind == StoreErrorKind::kNotFound) error.kind = StoreErrorKind::kCorrupt;
    return tl::unexpected(std::move(error));
  }
  if (static_cast<uint64_t>(status.st_size) != ref.bytes ||
      file_digest(opened.get(), ref.bytes) != ref.digest) {
    return tl::unexpected(
        StoreError{StoreErrorKind::kCorrupt, Error{"does not have the digest of its name", file, {}}});
  }
  return std::make_shared<FileSource>(std::move(opened), ref.bytes);
}

StoreResult<std::vector<IndexEntry>> VolumeStore::index(const std::string& ns, const std::string& name) {
  std::vector<IndexEntry> entries;
  volume::each_ref(options_.root, ns, name, [&](const ReportKey& key, const std::string&) {
    if (auto ref = find(key)) entries.push_back({key, std::move(*ref)});
    return entries.size() < kMaxIndex;
  });
  return entries;
}

StoreResult<SweepResult> VolumeStore::sweep(int64_t now, std::chrono::seconds keep,
                                            const CancelToken& cancel) {
  const auto swept = volume::sweep(options_.root, guard_, now, keep, cancel);
  if (!swept) return tl::unexpected(broken(swept.error().what, swept.error().where));
  return *swept;
}

StoreUsage VolumeStore::usage() {
  const Space space = space_of(options_.root);
  const auto totals = guard_.totals();
  return {totals.reports, totals.bytes, space.free, space.capacity};
}

std::string VolumeStore::trouble() {
  const Space space = space_of(options_.root);
  if (space.capacity == 0) return "the volume at " + options_.root + " can't be looked at";
  if (space.free < options_.reserve_bytes) {
    return "the volume at " + options_.root + " is full: " + std::to_string(space.free) + " bytes are free";
  }
  if (::access(path(volume::kIncoming).c_str(), W_OK) != 0)
    return "the volume at " + options_.root + " can't be written";
  return {};
}

}  // namespace

Result<std::unique_ptr<ReportStore>> open_volume_store(const VolumeOptions& options) {
  auto store = std::make_unique<VolumeStore>(options);
  const auto prepared = store->prepare();
  if (!prepared) return tl::unexpected(prepared.error());
  return store;
}

}  // namespace edp::serve
