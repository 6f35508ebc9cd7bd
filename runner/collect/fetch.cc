#include "runner/collect/fetch.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <utility>

namespace edp::collect {
namespace {

// How long a Go server may take to end a cpu or trace window early and to send what it has.
constexpr auto kGrace = std::chrono::seconds(3);
constexpr std::string_view kTraceHead = "go 1.";  // of every execution trace
constexpr auto kProgressEvery = std::chrono::milliseconds(100);

// net/http/pprof of Go before 1.23 refuses a window that its server's WriteTimeout would cut off.
bool is_write_timeout(const http::Response& response) {
  return response.status == 400 &&
         response.error_body.find("exceeds server's WriteTimeout") != std::string::npos;
}

std::string number_text(double value) {
  char text[32];
  (void)std::snprintf(text, sizeof text, "%.6g", value);
  return text;
}

std::string target_of(const std::string& root, const CollectorSpec& spec, const std::string& seconds) {
  std::string target = root + std::string(spec.path);
  char separator = '?';
  if (!spec.query.empty()) {
    target += separator + std::string(spec.query);
    separator = '&';
  }
  if (!seconds.empty()) target += separator + ("seconds=" + seconds);
  return target;
}

}  // namespace

Fetcher::Fetched Fetcher::fetch(const CollectorSpec& spec, const std::string& target, double window_seconds) {
  const auto limits = plan_.limits.find(spec.info.name);
  const bool own = limits != plan_.limits.end();
  const double patience = own && limits->second.seconds > 0 ? limits->second.seconds : plan_.seconds;
  const uint64_t max_bytes = own && limits->second.max_bytes > 0 ? limits->second.max_bytes : plan_.max_bytes;
  const auto time = std::chrono::duration<double>(window_seconds + patience);

  Fetched fetched;
  auto reported = Clock::now();
  http::Request request;
  request.target = target;
  request.deadline = std::min(overall_, Clock::now() + std::chrono::duration_cast<Clock::duration>(time));
  request.max_bytes = max_bytes;
  request.cheap = window_seconds == 0;
  if (window_seconds > 0 && !spec.is_delta) request.cancel_grace = kGrace;
  request.sink = [&](std::string_view data) {
    if (!recorder_.take(data.size())) {
      fetched.too_much = "all artefacts of the target are larger than the limit of " +
                         std::to_string(plan_.max_total_bytes) + " bytes";
      return false;
    }
    fetched.bytes += data;
    if (spec.only_bytes > 0 && fetched.bytes.size() >= spec.only_bytes) {
      fetched.bytes.resize(spec.only_bytes);
      return false;
    }
    if (const auto now = Clock::now(); now - reported >= kProgressEvery) {
      reported = now;
      recorder_.bytes(spec.info.name, fetched.bytes.size());
    }
    return true;
  };
  fetched.began = recorder_.now();
  fetched.response = client_.get(request, context_.cancel);
  fetched.ended = recorder_.now();
  return fetched;
}

// /debug/vars and /metrics lie below the target's base path or at the server's root.
Fetcher::Fetched Fetcher::fetch_beside(const CollectorSpec& spec) {
  std::vector<std::string> roots = server_.roots;
  {
    const MutexLock lock(mutex_);
    if (const auto found = found_.find(spec.info.name); found != found_.end()) roots = {found->second};
  }
  Fetched fetched;
  for (const std::string& root : roots) {
    fetched = fetch(spec, target_of(root, spec, ""), 0);
    auto& failure = fetched.response.failure;
    if (!failure) {
      const MutexLock lock(mutex_);
      found_[spec.info.name] = root;
      break;
    }
    // A page for people where another service would have its figures: it is not there.
    if (failure->kind == http::FailureKind::kHtml) failure->kind = http::FailureKind::kNotFound;
    if (failure->kind != http::FailureKind::kNotFound) break;
  }
  return fetched;
}

void Fetcher::snapshot(const CollectorSpec& spec, int number) {
  recorder_.started(spec.info.name);
  Fetched fetched =
      spec.root == Root::kService ? fetch_beside(spec) : fetch(spec, target_of(server_.prefix, spec, ""), 0);
  if (spec.info.name == "mutex.rate" && !fetched.response.failure) {
    if (const auto period = parse_mutex_period(fetched.bytes)) {
      recorder_.set_mutex_fraction(*period);
    } else {
      fetched.response.failure =
          http::Failure{http::FailureKind::kProtocol, "no sampling period in the mutex profile's head"};
    }
  }
  record(spec, number, std::move(fetched), 0, "");
}

void Fetcher::window(const CollectorSpec& spec, int seconds, const std::string& cut) {
  recorder_.started(spec.info.name);
  std::string why = cut;
  const int wish = seconds;
  for (;;) {
    Fetched fetched = fetch(spec, target_of(server_.prefix, spec, std::to_string(seconds)), seconds);
    if (!is_write_timeout(fetched.response) || seconds == 1) {
      return record(spec, 0, std::move(fetched), seconds, why);
    }
    // The refusal comes at once, so nothing is lost by asking again.
    seconds /= 2;
    why = "window cut from " + std::to_string(wish) + " to " + std::to_string(seconds) +
          " s: the server's WriteTimeout allows no more";
  }
}

CollectorSpec Fetcher::recorder_of(const CollectorSpec& trace) const {
  CollectorSpec spec = trace;
  spec.root = Root::kService;
  spec.path = plan_.flight_recorder;
  return spec;
}

bool Fetcher::has_flight_recorder(const CollectorSpec& trace) {
  if (plan_.flight_recorder.empty()) return false;
  CollectorSpec head = recorder_of(trace);
  head.only_bytes = kTraceHead.size();
  const Fetched fetched = fetch_beside(head);
  return !fetched.response.failure && fetched.bytes == kTraceHead;
}

void Fetcher::flight_recorder(const CollectorSpec& trace) {
  recorder_.started(trace.info.name);
  const CollectorSpec spec = recorder_of(trace);
  record(spec, 0, fetch_beside(spec), 0, "");
}

void Fetcher::short_window(const CollectorSpec& spec, int number, double seconds) {
  recorder_.started(spec.info.name);
  record(spec, number, fetch(spec, target_of(server_.prefix, spec, number_text(seconds)), seconds), seconds,
         "");
}

void Fetcher::record(const CollectorSpec& spec, int number, Fetched fetched, double window_seconds,
                     const std::string& cut) {
  const auto& response = fetched.response;
  Attempt attempt;
  attempt.seconds = fetched.ended - fetched.began;
  attempt.bytes = fetched.bytes.size();
  bool keep = true;
  if (response.failure || !fetched.too_much.empty()) {
    attempt.message = response.failure ? response.failure->message : fetched.too_much;
    attempt.outcome = response.failure ? outcome_of(response.failure->kind) : "failed";
    keep = spec.useful_in_part && !fetched.bytes.empty() && response.status == 200;
    if (keep) attempt.outcome = "partial";
  } else if (fetched.bytes.empty()) {
    attempt.outcome = "failed";
    attempt.message = "an empty answer";
    keep = false;
  } else if (response.ended_early) {
    attempt.outcome = "partial";
    attempt.message = "cancelled after " + number_text(std::round(attempt.seconds * 10) / 10) + " of " +
                      number_text(window_seconds) + " s";
    window_seconds = std::min(window_seconds, attempt.seconds);
  } else if (!cut.empty()) {
    attempt.outcome = "partial";
    attempt.message = cut;
  }
  if (keep) {
    Collected artefact;
    artefact.collector = spec.info.name;
    artefact.artefact = std::string(spec.info.name) + (number > 0 ? "." + std::to_string(number) : "") +
                        std::string(spec.extension);
    artefact.media_type = spec.media_type;
    artefact.bytes = std::move(fetched.bytes);
    artefact.started_at = fetched.began;
    artefact.ended_at = fetched.ended;
    artefact.window_seconds = window_seconds;
    artefact.is_delta = spec.is_delta;
    artefact.partial = response.failure.has_value() || !fetched.too_much.empty();
    recorder_.keep(std::move(artefact));
  }
  recorder_.finished(spec.info.name, std::move(attempt));
}

}  // namespace edp::collect
