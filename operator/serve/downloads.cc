#include "operator/serve/downloads.h"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace edp::serve {
namespace {

// The page is one file with its script in it. "sandbox" without allow-same-origin gives it an origin of its
// own: what a diagnosed program managed to write into its report reaches neither our cookies nor other
// reports.
constexpr const char* kPagePolicy =
    "sandbox allow-scripts; default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; "
    "img-src data:; "
    "font-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'self'";

http::Reply refuse(const Fault& fault, ServeEvent& event) {
  event.status = fault.status;
  event.reason = fault.reason;
  event.detail = fault.detail;
  event.kind = fault.status == 503   ? ServeEvent::Kind::kUnavailable
               : fault.status >= 500 ? ServeEvent::Kind::kFailed
               : fault.status == 404 ? ServeEvent::Kind::kServed
                                     : ServeEvent::Kind::kDenied;
  return to_reply(fault);
}

// If-None-Match: "a", W/"b", or *.
bool has_tag(std::string_view list, std::string_view tag) {
  while (!list.empty()) {
    const size_t comma = list.find(',');
    std::string_view one = list.substr(0, comma);
    list.remove_prefix(comma == std::string_view::npos ? list.size() : comma + 1);
    while (one.starts_with(' ')) one.remove_prefix(1);
    while (one.ends_with(' ')) one.remove_suffix(1);
    if (one.starts_with("W/")) one.remove_prefix(2);
    if (one == tag || one == "*") return true;
  }
  return false;
}

// Who asks. A request that came through the apiserver's service proxy has lost its Authorization header
// there, so clients of that way (kubectl edp) name their token in a header of ours.
std::string_view token_of(const http::ServerRequest& request) {
  if (request.header_count("Authorization") > 0) return request.bearer_token();
  return request.header_count("X-EDP-Token") == 1 ? request.header("X-EDP-Token") : std::string_view();
}

}  // namespace

std::optional<Fault> Downloads::check(http::ServerRequest& request, const std::string& ns,
                                      const std::string& name, ServeEvent& event) {
  const auto token = token_of(request);
  if (token.empty()) return Fault{401, "NoToken", "a bearer token is needed", {}};
  const Identity identity = reviewer_.who(token, {}, request.cancel);
  if (identity.verdict == Verdict::kUnavailable) {
    return Fault{503, "ReviewUnavailable", "the token can't be checked now; try again", identity.trouble};
  }
  if (identity.verdict == Verdict::kNo) return Fault{401, "BadToken", "the token is not valid", {}};
  event.user = identity.user.name;
  AccessRequest what;
  what.ns = ns;
  what.name = name;
  const Access access = reviewer_.may(identity.user, what, request.cancel);
  if (access.verdict == Verdict::kUnavailable) {
    return Fault{503, "ReviewUnavailable", "your access can't be checked now; try again", access.trouble};
  }
  if (access.verdict == Verdict::kNo) {
    return Fault{
        403, "Forbidden", "you may not get diagnosticruns.edp.dev/" + name + " in namespace " + ns, {}};
  }
  return std::nullopt;
}

http::Reply Downloads::report(http::ServerRequest& request, const ReportKey& key, ServeEvent& event) {
  if (const auto fault = check(request, key.ns, key.name, event)) return refuse(*fault, event);
  const auto ref = store_.find(key);
  if (!ref) return refuse(store_fault(ref.error()), event);
  http::Reply reply;
  event.digest = ref->digest;
  const std::string tag = "\"" + ref->digest + "\"";
  reply.headers = {{"ETag", tag},
                   {"Cache-Control", "private, no-cache"},
                   {"Vary", "Authorization, X-EDP-Token"},
                   {"X-Content-Type-Options", "nosniff"},
                   {"Referrer-Policy", "no-referrer"},
                   {"Cross-Origin-Resource-Policy", "same-origin"}};
  if (has_tag(request.header("If-None-Match"), tag)) {
    reply.status = 304;
  } else {
    auto source = store_.open(key, *ref);
    if (!source) {
      // A damaged or vanished report is our fault, also where its blob is simply not there.
      return refuse(store_fault(source.error()), event);
    }
    reply.source = std::move(*source);
    event.bytes = ref->bytes;
  }
  const bool page = key.file == ReportFile::kHtml;
  reply.content_type = media_type(key.file);
  reply.headers.emplace_back("Content-Security-Policy", page ? kPagePolicy : "default-src 'none'; sandbox");
  reply.headers.emplace_back("Content-Disposition", std::string(page ? "inline" : "attachment") +
                                                        "; filename=\"edp-" + key.ns + "-" + key.name +
                                                        (page ? ".html\"" : ".json\""));
  event.kind = ServeEvent::Kind::kServed;
  event.status = reply.status;
  return reply;
}

http::Reply Downloads::index(http::ServerRequest& request, const std::string& ns, const std::string& name,
                             ServeEvent& event) {
  if (const auto fault = check(request, ns, name, event)) return refuse(*fault, event);
  auto entries = store_.index(ns, name);
  if (!entries) return refuse(store_fault(entries.error()), event);
  if (entries->empty()) return refuse({404, "NotFound", "no run of that name has a report", {}}, event);
  // The newest run is the one that had a report last.
  const auto newest = std::max_element(entries->begin(), entries->end(), [](const auto& a, const auto& b) {
    return a.ref.stored != b.ref.stored ? a.ref.stored < b.ref.stored : a.key.run_uid < b.key.run_uid;
  });
  const std::string uid = newest->key.run_uid;
  std::sort(entries->begin(), entries->end(), [](const auto& a, const auto& b) {
    return std::tie(a.key.pod_uid, a.key.file) < std::tie(b.key.pod_uid, b.key.file);
  });
  nlohmann::json reports = nlohmann::json::array();
  for (const auto& [key, ref] : *entries) {
    if (key.run_uid != uid) continue;
    reports.push_back({{"podUid", key.pod_uid},
                       {"file", file_name(key.file)},
                       {"path", "/api/v1/runs/" + ns + "/" + name + "/" + uid + "/targets/" + key.pod_uid +
                                    "/" + std::string(file_name(key.file))},
                       {"digest", ref.digest},
                       {"bytes", ref.bytes},
                       {"attempt", ref.attempt},
                       {"stored", ref.stored}});
  }
  http::Reply reply;
  reply.headers = {{"Cache-Control", "private, no-cache"}, {"X-Content-Type-Options", "nosniff"}};
  reply.body =
      nlohmann::json({{"namespace", ns}, {"name", name}, {"uid", uid}, {"reports", std::move(reports)}})
          .dump() +
      "\n";
  event.kind = ServeEvent::Kind::kServed;
  event.status = 200;
  event.run_uid = uid;
  event.bytes = reply.body.size();
  return reply;
}

}  // namespace edp::serve
