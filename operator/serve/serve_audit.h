// What the report service and the webhook do, as the audit sees it. What can't be audited is answered 503.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "common/audit/journal.h"
#include "common/mutex.h"
#include "operator/serve/fault.h"
#include "operator/serve/report_service.h"

namespace edp::serve {

class ServeAudit {
 public:
  // Borrowed; null: there is no audit.
  explicit ServeAudit(audit::Journal* journal) : journal_(journal) {}

  // Before an upload is committed. The number is for finish_upload().
  tl::expected<uint64_t, Fault> intend_upload(const ServeEvent& event);
  // After it, whether or not it came so far (`intent` 0: it did not).
  void finish_upload(const ServeEvent& event, uint64_t intent);
  // Before a report or an index is handed out, and after it was refused. A fault: it must not be.
  std::optional<Fault> note_download(const ServeEvent& event);
  // Before alerts are acted on.
  std::optional<Fault> note_alerts(const std::string& peer, size_t alerts, uint64_t bytes);

 private:
  std::optional<Fault> note(const audit::Act& act);
  bool may_note_refusal(audit::Act& act);

  audit::Journal* const journal_;
  // Whoever can reach the port can be refused: that must not fill the disk.
  Mutex mutex_;
  std::chrono::steady_clock::time_point minute_ EDP_GUARDED_BY(mutex_);
  uint64_t in_minute_ EDP_GUARDED_BY(mutex_) = 0, left_out_ EDP_GUARDED_BY(mutex_) = 0;
};

}  // namespace edp::serve
