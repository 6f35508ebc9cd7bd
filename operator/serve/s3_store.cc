#include "operator/serve/s3_store.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>
#include <tuple>
#include <utility>

#include "common/mutex.h"
#include "operator/serve/digest.h"
#include "operator/serve/names.h"
#include "operator/serve/ref.h"
#include "operator/serve/s3_client.h"
#include "operator/serve/spool.h"

namespace edp::serve {
namespace {

constexpr size_t kMaxIndex = 10'000;
constexpr size_t kPage = 1000;
constexpr int64_t kGrace = 3600;  // superseded objects younger than this may just be read
constexpr std::chrono::seconds kTroubleAge{15};

StoreError broken(std::string what, std::string where) {
  return {StoreErrorKind::kBroken, Error{std::move(what), std::move(where), {}}};
}

std::string run_prefix(const std::string& ns, const std::string& name) {
  return "runs/" + ns + "/" + name + "/";
}

std::string report_prefix(const ReportKey& key) {
  return run_prefix(key.ns, key.name) + key.run_uid + "/" + key.pod_uid + "/" +
         std::string(file_name(key.file)) + "/";
}

std::string object_key(const ReportKey& key, const ReportRef& ref) {
  std::array<char, 16> attempt{};
  (void)std::snprintf(attempt.data(), attempt.size(), "%04d", ref.attempt);
  return report_prefix(key) + attempt.data() + "-" + ref.digest.substr(7);
}

// Back from an object's key, below the prefix; nothing where it is none of ours.
std::optional<IndexEntry> parse(std::string_view key, const s3::Object& object) {
  std::array<std::string_view, 7> parts;
  for (size_t i = 0; i < parts.size(); ++i) {
    const size_t slash = i + 1 == parts.size() ? std::string_view::npos : key.find('/');
    if (i + 1 < parts.size() && slash == std::string_view::npos) return std::nullopt;
    parts.at(i) = key.substr(0, slash);
    key.remove_prefix(slash == std::string_view::npos ? key.size() : slash + 1);
  }
  const auto file = parse_file_name(parts[5]);
  const size_t dash = parts[6].find('-');
  if (parts[0] != "runs" || !valid_namespace(parts[1]) || !valid_object_name(parts[2]) ||
      !valid_uid(parts[3]) || !valid_uid(parts[4]) || !file || dash == std::string_view::npos) {
    return std::nullopt;
  }
  IndexEntry entry{
      {std::string(parts[1]), std::string(parts[2]), std::string(parts[3]), std::string(parts[4]), *file},
      {"sha256:" + std::string(parts[6].substr(dash + 1)), object.size, 0, object.modified_at}};
  const auto number = std::from_chars(parts[6].data(), parts[6].data() + dash, entry.ref.attempt);
  if (number.ec != std::errc() || number.ptr != parts[6].data() + dash || !valid_digest(entry.ref.digest)) {
    return std::nullopt;
  }
  return entry;
}

struct Found {
  IndexEntry entry;
  s3::Object object;
  [[nodiscard]] auto rank() const { return std::tie(entry.ref.attempt, object.modified, object.key); }
};
bool same_report(const ReportKey& a, const ReportKey& b) {
  return std::tie(a.ns, a.name, a.run_uid, a.pod_uid, a.file) ==
         std::tie(b.ns, b.name, b.run_uid, b.pod_uid, b.file);
}

class S3Store final : public ReportStore {
 public:
  S3Store(S3Options options, http::Url url)
      : options_(std::move(options)), client_(options_, std::move(url)) {}

  StoreResult<std::unique_ptr<ReportWriter>> begin(uint64_t expected_bytes) override;
  StoreResult<ReportRef> find(const ReportKey& key) override;
  StoreResult<std::shared_ptr<http::BodySource>> open(const ReportKey& key, const ReportRef& ref) override;
  StoreResult<std::vector<IndexEntry>> index(const std::string& ns, const std::string& name) override;
  StoreResult<SweepResult> sweep(int64_t now, std::chrono::seconds keep, const CancelToken& cancel) override;
  StoreUsage usage() override;
  std::string trouble() override;

  StoreResult<ReportRef> commit(std::string_view body, const ReportKey& key, const ReportRef& ref);

 private:
  // Calls `visit` for each report object below `prefix`, in the order of keys; false ends it.
  StoreResult<void> each(const std::string& prefix, const CancelToken& cancel,
                         const std::function<bool(Found&&)>& visit);
  // Of one report, best first.
  StoreResult<std::vector<Found>> versions(const ReportKey& key);

  const S3Options options_;
  s3::Client client_;
  Mutex mutex_;
  StoreUsage usage_ EDP_GUARDED_BY(mutex_);
  std::string trouble_ EDP_GUARDED_BY(mutex_);
  std::chrono::steady_clock::time_point asked_ EDP_GUARDED_BY(mutex_);
};

class S3Writer final : public ReportWriter {
 public:
  S3Writer(S3Store& store, std::string folder) : store_(store), folder_(folder), spool_(std::move(folder)) {}

  StoreResult<void> write(std::string_view bytes) override {
    const int error = spool_.add(bytes);
    if (error != 0) return tl::unexpected(system_error(error, "can't be written", folder_));
    digest_.add(bytes);
    return {};
  }
  [[nodiscard]] uint64_t bytes() const override { return spool_.size(); }
  std::string digest() override { return "sha256:" + digest_.hex(); }
  StoreResult<ReportRef> commit(const ReportKey& key, int attempt, int64_t now) override {
    const auto body = spool_.view();
    if (body.size() != spool_.size()) return tl::unexpected(broken("what came can't be mapped", folder_));
    return store_.commit(body, key, ReportRef{digest(), spool_.size(), attempt, now});
  }

 private:
  S3Store& store_;
  const std::string folder_;
  Spool spool_;
  Digest digest_;
};

StoreResult<std::unique_ptr<ReportWriter>> S3Store::begin(uint64_t expected_bytes) {
  const Space space = space_of(options_.spool_dir);
  if (space.free < options_.spool_reserve_bytes ||
      space.free - options_.spool_reserve_bytes < expected_bytes) {
    return tl::unexpected(
        StoreError{StoreErrorKind::kDiskFull,
                   Error{std::to_string(space.free) + " bytes are free for uploads on their way",
                         options_.spool_dir,
                         {}}});
  }
  return std::make_unique<S3Writer>(*this, options_.spool_dir);
}

StoreResult<void> S3Store::each(const std::string& prefix, const CancelToken& cancel,
                                const std::function<bool(Found&&)>& visit) {
  std::string continuation;
  do {
    auto page = client_.list(options_.prefix + prefix, continuation, kPage, cancel);
    if (!page) return tl::unexpected(page.error());
    for (auto& object : page->objects) {
      const auto below =
          std::string_view(object.key).substr(std::min(options_.prefix.size(), object.key.size()));
      auto entry = parse(below, object);
      if (entry && !visit({std::move(*entry), std::move(object)})) return {};
    }
    continuation = page->next;
  } while (!continuation.empty() && !cancel.cancelled());
  return {};
}

StoreResult<std::vector<Found>> S3Store::versions(const ReportKey& key) {
  std::vector<Found> found;
  const auto listed = each(report_prefix(key), options_.stop, [&](Found&& one) {
    found.push_back(std::move(one));
    return true;
  });
  if (!listed) return tl::unexpected(listed.error());
  std::sort(found.begin(), found.end(), [](const Found& a, const Found& b) { return b.rank() < a.rank(); });
  return found;
}

StoreResult<ReportRef> S3Store::commit(std::string_view body, const ReportKey& key, const ReportRef& ref) {
  const auto before = versions(key);
  if (!before) return tl::unexpected(before.error());
  if (!before->empty() && before->front().entry.ref.attempt > ref.attempt) {
    return tl::unexpected(
        StoreError{StoreErrorKind::kSuperseded, Error{"a later attempt's report is there", {}, {}}});
  }
  if (!before->empty()) {
    const ReportRef& same = before->front().entry.ref;
    if (same.digest == ref.digest && same.attempt == ref.attempt && same.bytes == ref.bytes) return same;
  }
  const auto put = client_.put(options_.prefix + object_key(key, ref), body, ref.digest.substr(7),
                               std::string(media_type(key.file)), options_.stop);
  if (!put) return tl::unexpected(put.error());
  for (const auto& old : *before) {
    // Where that fails the next sweep does it; the newest counts anyway.
    if (old.entry.ref.attempt != ref.attempt || old.entry.ref.digest != ref.digest) {
      (void)client_.remove(old.object.key, options_.stop);
    }
  }
  const MutexLock lock(mutex_);
  usage_.reports += before->empty() ? 1 : 0;
  usage_.bytes += ref.bytes;
  return ref;
}

StoreResult<ReportRef> S3Store::find(const ReportKey& key) {
  auto found = versions(key);
  if (!found) return tl::unexpected(found.error());
  if (found->empty()) {
    return tl::unexpected(
        StoreError{StoreErrorKind::kNotFound, Error{"no such report", report_prefix(key), {}}});
  }
  return found->front().entry.ref;
}

StoreResult<std::shared_ptr<http::BodySource>> S3Store::open(const ReportKey& key, const ReportRef& ref) {
  Spool spool(options_.spool_dir);
  Digest digest;
  int error = 0;
  bool too_long = false;
  const std::string object = options_.prefix + object_key(key, ref);
  const auto got = client_.get(
      object,
      [&](std::string_view bytes) {
        too_long = spool.size() + bytes.size() > ref.bytes;
        if (too_long) return false;
        digest.add(bytes);
        error = spool.add(bytes);
        return error == 0;
      },
      options_.stop);
  if (error != 0) return tl::unexpected(system_error(error, "can't be written", options_.spool_dir));
  if (!got && !too_long) return tl::unexpected(got.error());
  if (spool.size() != ref.bytes || "sha256:" + digest.hex() != ref.digest) {
    return tl::unexpected(
        StoreError{StoreErrorKind::kCorrupt, Error{"does not have the digest of its name", object, {}}});
  }
  return spool.source();
}

StoreResult<std::vector<IndexEntry>> S3Store::index(const std::string& ns, const std::string& name) {
  std::vector<Found> best;  // keys come sorted, so the versions of a report come together
  const auto listed = each(run_prefix(ns, name), options_.stop, [&](Found&& one) {
    if (!best.empty() && same_report(best.back().entry.key, one.entry.key)) {
      if (best.back().rank() < one.rank()) best.back() = std::move(one);
    } else {
      best.push_back(std::move(one));
    }
    return best.size() <= kMaxIndex;
  });
  if (!listed) return tl::unexpected(listed.error());
  std::vector<IndexEntry> entries;
  for (auto& one : best) {
    if (entries.size() < kMaxIndex) entries.push_back(std::move(one.entry));
  }
  return entries;
}

StoreResult<SweepResult> S3Store::sweep(int64_t now, std::chrono::seconds keep, const CancelToken& cancel) {
  SweepResult result;
  StoreUsage usage;
  std::vector<s3::Object> doomed;
  std::optional<Found> best;  // of the report whose versions are coming
  const auto settle = [&] {
    if (!best) return;
    ++usage.reports;
    usage.bytes += best->object.size;
    best.reset();
  };
  const auto listed = each("runs/", cancel, [&](Found&& one) {
    if (one.object.modified_at < now - keep.count()) {
      ++result.reports_removed;
      doomed.push_back(std::move(one.object));
      return !cancel.cancelled();
    }
    if (!best || !same_report(best->entry.key, one.entry.key)) {
      settle();
      best = std::move(one);
      return !cancel.cancelled();
    }
    if (best->rank() < one.rank()) std::swap(*best, one);
    if (one.object.modified_at < now - kGrace) {
      ++result.leftovers_removed;
      doomed.push_back(std::move(one.object));
    }
    return !cancel.cancelled();
  });
  if (!listed) return tl::unexpected(listed.error());
  settle();
  for (const auto& object : doomed) {
    if (cancel.cancelled()) return result;
    const auto removed = client_.remove(object.key, cancel);
    if (!removed) return tl::unexpected(removed.error());
    result.bytes_removed += object.size;
  }
  result.kept = usage.reports;
  const MutexLock lock(mutex_);
  usage_ = usage;
  return result;
}

StoreUsage S3Store::usage() {
  const MutexLock lock(mutex_);
  return usage_;
}

std::string S3Store::trouble() {
  const auto now = std::chrono::steady_clock::now();
  {
    const MutexLock lock(mutex_);
    if (asked_.time_since_epoch().count() != 0 && now - asked_ < kTroubleAge) return trouble_;
    asked_ = now;  // others go by the last word meanwhile
  }
  const auto list = client_.probe(options_.stop);
  const MutexLock lock(mutex_);
  trouble_ = list ? std::string() : list.error().error.to_string();
  return trouble_;
}

}  // namespace

Result<std::unique_ptr<ReportStore>> open_s3_store(const S3Options& options) {
  auto url = http::parse_url(options.endpoint);
  if (!url) return tl::unexpected(url.error().at("S3 endpoint"));
  if (!url->path.empty() || !url->user.empty()) {
    return fail("must be scheme, host and port only", "S3 endpoint " + url->shown());
  }
  if (options.bucket.empty() || options.bucket.find('/') != std::string::npos)
    return fail("is no name", "S3 bucket");
  if (!options.prefix.empty() && !options.prefix.ends_with('/'))
    return fail("must end with '/'", "S3 prefix");
  if (options.access_key_file.empty() || options.secret_key_file.empty()) {
    return fail("needs a file with the access key and one with the secret key", "S3 store");
  }
  if (space_of(options.spool_dir).capacity == 0) return fail("is no folder", options.spool_dir);
  return std::make_unique<S3Store>(options, std::move(*url));
}

}  // namespace edp::serve
