// Small helpers for callers of the Api: paths to ask for, and errors to read.
#pragma once

#include <string>
#include <string_view>

namespace edp::kube {

// Percent-encodes everything but unreserved characters (letters, digits, - . _ ~), '/' too.
std::string escape_segment(std::string_view text);  // one part of a path
std::string escape_query(std::string_view text);    // a value in a query; the same set

// What a metav1.Status says, in JSON or in protobuf; members are empty or 0 where `body` is none.
struct StatusText {
  std::string reason;   // "AlreadyExists", "Expired"
  std::string message;  // one line
  int code = 0;
  int retry_after_seconds = 0;  // details.retryAfterSeconds
};
StatusText read_status(std::string_view body);

}  // namespace edp::kube
