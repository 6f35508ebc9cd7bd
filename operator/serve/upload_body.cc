#include "operator/serve/upload_body.h"

#include <algorithm>
#include <cctype>

namespace edp::serve {
namespace {

constexpr size_t kMaxDepth = 64;
constexpr std::string_view kSchema = "edp.report/v1";
constexpr size_t kStart = 64;

bool begins_like_html(std::string_view start) {
  if (start.starts_with("\xef\xbb\xbf")) start.remove_prefix(3);
  const size_t first = start.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos) return false;
  std::string lower(start.substr(first));
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return lower.starts_with("<!doctype html") || lower.starts_with("<html");
}

}  // namespace

UploadBody::UploadBody(ReportWriter& writer, ReportFile file, bool gzip, uint64_t max_bytes)
    : writer_(writer), file_(file), max_bytes_(max_bytes), gate_(kMaxDepth, "schema") {
  if (gzip) gunzip_.emplace();
}

bool UploadBody::refuse(int status, std::string reason, std::string message, std::string detail) {
  if (!fault_) fault_ = Fault{status, std::move(reason), std::move(message), std::move(detail)};
  return false;
}

bool UploadBody::feed(std::string_view bytes) {
  if (fault_) return false;
  if (!gunzip_) return take(bytes);
  const auto outcome = gunzip_->feed(bytes, [this](std::string_view unpacked) { return take(unpacked); });
  if (outcome == Gunzip::Outcome::kBroken) return refuse(422, "NotGzip", "the body is no gzip stream");
  return outcome != Gunzip::Outcome::kRefused;
}

bool UploadBody::take(std::string_view bytes) {
  if (bytes.size() > max_bytes_ - writer_.bytes()) {
    return refuse(413, "TooLarge", "the report is longer than " + std::to_string(max_bytes_) + " bytes");
  }
  if (!look(bytes)) return false;
  const auto written = writer_.write(bytes);
  if (written) return true;
  const Fault fault = store_fault(written.error());
  return refuse(fault.status, fault.reason, fault.message, fault.detail);
}

bool UploadBody::look(std::string_view bytes) {
  if (file_ == ReportFile::kJson) {
    return gate_.feed(bytes) || refuse(422, "NotAReport", "the body " + gate_.fault());
  }
  if (start_.size() >= kStart) return true;
  start_ += bytes.substr(0, kStart - start_.size());
  return start_.size() < kStart || begins_like_html(start_) ||
         refuse(422, "NotAReport", "the body is no HTML page");
}

bool UploadBody::finish() {
  if (fault_) return false;
  if (gunzip_ && !gunzip_->ended()) return refuse(422, "NotGzip", "the gzip stream breaks off");
  if (file_ == ReportFile::kHtml) {
    return begins_like_html(start_) || refuse(422, "NotAReport", "the body is no HTML page");
  }
  if (!gate_.finish()) return refuse(422, "NotAReport", "the body " + gate_.fault());
  return gate_.value() == kSchema ||
         refuse(422, "NotAReport", "the body's schema is not " + std::string(kSchema));
}

}  // namespace edp::serve
