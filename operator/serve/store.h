// Where reports are kept. Two stores: a volume (volume_store.h) and any S3-compatible service (s3_store.h).
// All members may be called from any thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "common/cancel.h"
#include "common/http_server.h"
#include "common/result.h"

namespace edp::serve {

enum class StoreErrorKind : uint8_t {
  kNotFound,
  kDiskFull,     // no room, by the store's own reserve or by the system's word
  kSuperseded,   // a later attempt's report is there already
  kUnavailable,  // try again later
  kCorrupt,      // what is stored is not what was stored
  kBroken,       // anything else: rights, a broken configuration
};
struct StoreError {
  StoreErrorKind kind = StoreErrorKind::kBroken;
  Error error;  // for the log, not for clients
};
template <typename T>
using StoreResult = tl::expected<T, StoreError>;

enum class ReportFile : uint8_t { kJson, kHtml };
std::string_view file_name(ReportFile file);   // "report.json", "report.html"
std::string_view media_type(ReportFile file);  // "application/json", "text/html; charset=utf-8"

// All parts have been validated (names.h): they become parts of paths.
struct ReportKey {
  std::string ns, name, run_uid, pod_uid;
  ReportFile file = ReportFile::kJson;
};

struct ReportRef {
  std::string digest;  // "sha256:<64 hex digits>"
  uint64_t bytes = 0;
  int attempt = 1;     // of the Job that made it
  int64_t stored = 0;  // seconds since 1970
};

struct IndexEntry {
  ReportKey key;
  ReportRef ref;
};

// An upload under way; one thread. Destroyed without commit(): nothing is left of it.
class ReportWriter {
 public:
  ReportWriter() = default;
  ReportWriter(const ReportWriter&) = delete;
  ReportWriter& operator=(const ReportWriter&) = delete;
  virtual ~ReportWriter() = default;

  virtual StoreResult<void> write(std::string_view bytes) = 0;
  [[nodiscard]] virtual uint64_t bytes() const = 0;
  // "sha256:..." of what was written; nothing may be written after it.
  virtual std::string digest() = 0;
  // When it returns a ref, the report survives a crash. The same content again is fine; other content
  // replaces what an earlier or the same attempt left, never that of a later one (kSuperseded).
  virtual StoreResult<ReportRef> commit(const ReportKey& key, int attempt, int64_t now) = 0;
};

struct StoreUsage {
  uint64_t reports = 0, bytes = 0;              // as of the last sweep, plus what was stored since
  uint64_t free_bytes = 0, capacity_bytes = 0;  // of the volume; 0 where the store has no such thing
};

struct SweepResult {
  uint64_t reports_removed = 0, bytes_removed = 0, kept = 0, leftovers_removed = 0;
};

class ReportStore {
 public:
  ReportStore() = default;
  ReportStore(const ReportStore&) = delete;
  ReportStore& operator=(const ReportStore&) = delete;
  virtual ~ReportStore() = default;

  // `expected_bytes`: announced length, 0 where unknown; kDiskFull at once where it can't fit.
  virtual StoreResult<std::unique_ptr<ReportWriter>> begin(uint64_t expected_bytes) = 0;
  virtual StoreResult<ReportRef> find(const ReportKey& key) = 0;
  // The bytes, checked against the digest before the first is handed out.
  virtual StoreResult<std::shared_ptr<http::BodySource>> open(const ReportKey& key, const ReportRef& ref) = 0;
  // All reports of all runs that had this name; at most 10,000.
  virtual StoreResult<std::vector<IndexEntry>> index(const std::string& ns, const std::string& name) = 0;
  // Removes reports stored more than `keep` before `now`, and what no report needs. Never a report that is
  // being uploaded. May take minutes.
  virtual StoreResult<SweepResult> sweep(int64_t now, std::chrono::seconds keep,
                                         const CancelToken& cancel) = 0;
  virtual StoreUsage usage() = 0;
  // Empty: the store can be written now.
  virtual std::string trouble() = 0;
};

}  // namespace edp::serve
