#include "common/http_intake.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <system_error>

namespace edp::http {
namespace {

constexpr size_t kSniff = 512;       // held back to see whether it is HTML
constexpr size_t kErrorBody = 4096;  // of an answer that is not 200

bool looks_like_html(std::string_view content_type, std::string_view head) {
  const auto begins = [](std::string_view text, std::string_view with) {
    return text.size() >= with.size() &&
           std::equal(with.begin(), with.end(), text.begin(),
                      [](char a, char b) { return a == std::tolower(static_cast<unsigned char>(b)); });
  };
  if (begins(content_type, "text/html") || begins(content_type, "application/xhtml")) return true;
  head.remove_prefix(std::min(head.find_first_not_of(" \t\r\n\xef\xbb\xbf"), head.size()));
  return begins(head, "<!doctype html") || begins(head, "<html");
}

std::string html_message(std::string_view head) {
  const size_t title = head.find("<title>");
  const std::string text = one_line(
      title == std::string_view::npos ? head : head.substr(title, head.find("</title>", title) - title), 80);
  return "an HTML page where a profile was expected" + (text.empty() ? "" : ": \"" + text + "\"");
}

}  // namespace

Failure from_status(int status, std::string_view body) {
  std::string message = "status " + std::to_string(status);
  if (status == 401) message = "not authorised (status 401)";
  if (status == 403) message = "forbidden (status 403)";
  if (status == 404) message = "not there (status 404)";
  if (const std::string text = one_line(body); !text.empty()) message += ": " + text;
  const FailureKind kind = status == 401   ? FailureKind::kUnauthorized
                           : status == 403 ? FailureKind::kForbidden
                           : status == 404 ? FailureKind::kNotFound
                                           : FailureKind::kStatus;
  return {kind, std::move(message)};
}

bool Intake::on_head(const ResponseHead& head) {
  response_.status = head.status;
  response_.content_type = head.content_type;
  location_ = head.location;
  uint64_t length = 0;
  const char* end = head.content_length.data() + head.content_length.size();
  const auto [rest, error] = std::from_chars(head.content_length.data(), end, length);
  if (head.status == 200 && !head.content_length.empty() &&
      (error != std::errc{} || length > request_.max_bytes)) {
    // Taken as far as allowed all the same: the first part may do.
    announced_ = head.content_length.substr(0, 20) + " bytes";
  }
  return !redirect();
}

bool Intake::on_body(std::string_view data) {
  if (response_.status != 200) {
    response_.error_body.append(data.substr(0, kErrorBody - response_.error_body.size()));
    return response_.error_body.size() < kErrorBody;
  }
  if (sniffed_) return deliver(data);
  head_.append(data);
  return head_.size() < kSniff || flush();
}

void Intake::finish() {
  if (response_.status == 200 && !sniffed_) (void)flush();
}

bool Intake::redirect() const {
  const int s = response_.status;
  return s == 301 || s == 302 || s == 303 || s == 307 || s == 308;
}

bool Intake::flush() {
  sniffed_ = true;
  if (!request_.html && looks_like_html(response_.content_type, head_)) {
    failure_ = Failure{FailureKind::kHtml, html_message(head_)};
    return false;
  }
  return deliver(head_);
}

bool Intake::deliver(std::string_view data) {
  const uint64_t room = request_.max_bytes - response_.bytes;
  const std::string_view fits = data.substr(0, room);
  response_.bytes += fits.size();
  if (!fits.empty() && request_.sink && !request_.sink(fits)) return false;
  if (fits.size() == data.size()) return true;
  failure_ = Failure{FailureKind::kTooLong,
                     "larger than the limit of " + std::to_string(request_.max_bytes) + " bytes" +
                         (announced_.empty() ? "" : " (it announces " + announced_ + ")")};
  return false;
}

}  // namespace edp::http
