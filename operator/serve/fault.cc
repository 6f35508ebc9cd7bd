#include "operator/serve/fault.h"

namespace edp::serve {

http::Reply to_reply(const Fault& fault) {
  http::Reply reply = http::error_reply(fault.status, fault.reason, fault.message);
  if (fault.status == 401) reply.headers.emplace_back("WWW-Authenticate", "Bearer realm=\"edp\"");
  if (fault.status == 503) reply.headers.emplace_back("Retry-After", "5");
  reply.headers.emplace_back("Cache-Control", "no-store");
  return reply;
}

Fault store_fault(const StoreError& error) {
  const std::string detail = error.error.to_string();
  switch (error.kind) {
    case StoreErrorKind::kDiskFull:
      return {507, "DiskFull", "the report store is full", detail};
    case StoreErrorKind::kSuperseded:
      return {409, "Superseded", "a later attempt's report is there already", detail};
    case StoreErrorKind::kUnavailable:
      return {503, "StoreUnavailable", "the report store gives no answer; try again", detail};
    case StoreErrorKind::kNotFound:
      return {404, "NotFound", "there is no such report", detail};
    case StoreErrorKind::kCorrupt:
      return {500, "Corrupt", "the stored report is damaged", detail};
    case StoreErrorKind::kBroken:
      break;
  }
  return {500, "StoreFailed", "the report store failed; the operator's log knows more", detail};
}

}  // namespace edp::serve
