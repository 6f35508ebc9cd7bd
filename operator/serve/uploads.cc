#include "operator/serve/uploads.h"

#include "operator/serve/names.h"
#include "operator/serve/upload_body.h"

namespace edp::serve {
namespace {

class Slot {
 public:
  Slot(std::atomic<size_t>& used, size_t most) : used_(used), got_(++used <= most) {}
  ~Slot() { --used_; }
  Slot(const Slot&) = delete;
  Slot& operator=(const Slot&) = delete;
  [[nodiscard]] bool got() const { return got_; }

 private:
  std::atomic<size_t>& used_;
  const bool got_;
};

ServeEvent::Kind kind_of(int status) {
  if (status == 507) return ServeEvent::Kind::kDiskFull;
  if (status == 503) return ServeEvent::Kind::kUnavailable;
  return status >= 500 ? ServeEvent::Kind::kFailed : ServeEvent::Kind::kUploadRefused;
}

}  // namespace

http::Reply Uploads::put(http::ServerRequest& request, const ReportKey& key, ServeEvent& event) {
  auto taken = take(request, key, event);
  if (taken) {
    event.kind = ServeEvent::Kind::kStored;
    event.status = taken->status;
    return std::move(*taken);
  }
  event.status = taken.error().status;
  event.kind = kind_of(event.status);
  event.reason = taken.error().reason;
  event.detail = taken.error().detail;
  return to_reply(taken.error());
}

tl::expected<http::Reply, Fault> Uploads::take(http::ServerRequest& request, const ReportKey& key,
                                               ServeEvent& event) {
  const auto user = gate_.authenticate(request);
  if (!user) return tl::unexpected(user.error());
  event.user = user->name;
  const auto attempt = gate_.admit(*user, key);
  if (!attempt) return tl::unexpected(attempt.error());
  const Slot slot(under_way_, options_.max_uploads);
  if (!slot.got()) return tl::unexpected(Fault{503, "Busy", "too many uploads at once; try again", {}});

  const auto before = store_.find(key);
  const auto ref = receive(request, key, *attempt, event);
  if (!ref) return tl::unexpected(ref.error());
  event.digest = ref->digest;
  event.bytes = ref->bytes;
  http::Reply reply;
  reply.status = before && before->digest == ref->digest ? 200 : 201;
  reply.body = "{\"digest\":\"" + ref->digest + "\",\"bytes\":" + std::to_string(ref->bytes) + "}\n";
  reply.headers.emplace_back("ETag", "\"" + ref->digest + "\"");
  return reply;
}

tl::expected<ReportRef, Fault> Uploads::receive(http::ServerRequest& request, const ReportKey& key,
                                                int attempt, ServeEvent& event) {
  const uint64_t most = key.file == ReportFile::kJson ? options_.max_json_bytes : options_.max_html_bytes;
  const std::string expected(request.header("X-EDP-Digest"));
  if (!expected.empty() && !valid_digest(expected)) {
    return tl::unexpected(Fault{422, "BadDigest", "X-EDP-Digest is not sha256: and 64 hex digits", {}});
  }
  const auto encoding = request.header("Content-Encoding");
  const bool gzip = encoding == "gzip";
  if (!gzip && !encoding.empty() && encoding != "identity") {
    return tl::unexpected(Fault{415, "BadEncoding", "Content-Encoding may be gzip or identity", {}});
  }
  const uint64_t announced = request.content_length().value_or(0);
  if (announced > most) {
    return tl::unexpected(
        Fault{413, "TooLarge", "the report is longer than " + std::to_string(most) + " bytes", {}});
  }
  auto writer = store_.begin(announced);
  if (!writer) return tl::unexpected(store_fault(writer.error()));
  UploadBody body(**writer, key.file, gzip, most);
  const auto end = request.read_body(most, [&body](std::string_view bytes) { return body.feed(bytes); });
  if (end != http::BodyEnd::kComplete && !body.fault()) {
    switch (end) {
      case http::BodyEnd::kTooLong:
        return tl::unexpected(
            Fault{413, "TooLarge", "the report is longer than " + std::to_string(most) + " bytes", {}});
      case http::BodyEnd::kTimedOut:
        return tl::unexpected(Fault{408, "TimedOut", "the body did not come in time", {}});
      default:
        return tl::unexpected(Fault{400, "BrokenBody", "the body broke off or is malformed", {}});
    }
  }
  if (!body.finish()) return tl::unexpected(*body.fault());
  const std::string digest = (*writer)->digest();
  if (!expected.empty() && digest != expected) {
    return tl::unexpected(Fault{422, "DigestMismatch", "what came has another digest: " + digest, {}});
  }
  event.digest = digest;
  event.bytes = (*writer)->bytes();
  const auto intent = auditor_.intend_upload(event);
  if (!intent) return tl::unexpected(intent.error());
  event.intent = *intent;
  const int64_t now = options_.now();
  auto ref = (*writer)->commit(key, attempt, now);
  if (!ref) return tl::unexpected(store_fault(ref.error()));
  return *ref;
}

}  // namespace edp::serve
