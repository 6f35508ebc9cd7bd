// The body of an upload on its way into the store: unpacked, measured, looked at, written. Knows no HTTP, so
// that the fuzzer can feed it.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "operator/serve/fault.h"
#include "operator/serve/gunzip.h"
#include "operator/serve/json_gate.h"
#include "operator/serve/store.h"

namespace edp::serve {

class UploadBody {
 public:
  // `writer` is borrowed.
  UploadBody(ReportWriter& writer, ReportFile file, bool gzip, uint64_t max_bytes);

  // False: the body is refused, see fault().
  bool feed(std::string_view bytes);
  // After the last byte.
  bool finish();

  // 413 TooLarge, 422 NotGzip or NotAReport, or what the store said.
  [[nodiscard]] const std::optional<Fault>& fault() const { return fault_; }

 private:
  bool take(std::string_view bytes);
  bool look(std::string_view bytes);
  bool refuse(int status, std::string reason, std::string message, std::string detail = {});

  ReportWriter& writer_;
  const ReportFile file_;
  const uint64_t max_bytes_;
  std::optional<Gunzip> gunzip_;
  JsonGate gate_;
  std::string start_;  // of an HTML page
  std::optional<Fault> fault_;
};

}  // namespace edp::serve
