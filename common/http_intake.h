// Inside of common/http: one answer while it comes in.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "common/http.h"
#include "common/http_exchange.h"

namespace edp::http {

// Sorts a body into the request's sink or the text of an error, holds it to the limit, and finds HTML.
class Intake {
 public:
  // Borrows both.
  Intake(const Request& request, Response& response) : request_(request), response_(response) {}

  bool on_head(const ResponseHead& head);
  bool on_body(std::string_view data);
  void finish();  // once the body has ended, however it did

  [[nodiscard]] bool redirect() const;
  [[nodiscard]] const std::string& location() const { return location_; }
  [[nodiscard]] const std::optional<Failure>& failure() const { return failure_; }

 private:
  bool flush();
  bool deliver(std::string_view data);

  const Request& request_;
  Response& response_;
  std::string location_;
  std::string announced_;  // a length that is too long
  std::string head_;
  bool sniffed_ = false;
  std::optional<Failure> failure_;
};

// What a status other than 200 means, with the beginning of its body.
Failure from_status(int status, std::string_view body);

}  // namespace edp::http
