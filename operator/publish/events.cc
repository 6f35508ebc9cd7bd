#include "operator/publish/events.h"

#include <algorithm>
#include <cinttypes>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <utility>

#include "common/time_text.h"

namespace edp::publish {
namespace {

using nlohmann::json;

constexpr size_t kMaxNote = 1024;
constexpr size_t kMaxWord = 128;
constexpr size_t kMaxName = 253;

// At most `size` bytes, cut between characters.
std::string cut(std::string text, size_t size) {
  if (text.size() <= size) return text;
  while (size > 0 && (static_cast<unsigned char>(text[size]) & 0xC0) == 0x80) --size;
  text.resize(size);
  return text;
}

json reference(const ObjectRef& object) {
  json out = {{"apiVersion", object.api_version}, {"kind", object.kind}, {"name", object.name}};
  if (!object.ns.empty()) out["namespace"] = object.ns;
  if (!object.uid.empty()) out["uid"] = object.uid;
  return out;
}

std::string text_of(const json& value) { return value.dump(-1, ' ', false, json::error_handler_t::replace); }

std::string key_of(const ObjectRef& object) {
  return object.kind + '\0' + object.ns + '\0' + object.name + '\0' + object.uid;
}

}  // namespace

EventRecorder::EventRecorder(EventOptions options) : options_(std::move(options)) {}

bool EventRecorder::take_token(const Event& event, Time now) {
  std::string key = key_of(event.regarding);
  auto found = buckets_by_key_.find(key);
  if (found == buckets_by_key_.end()) {
    while (!buckets_.empty() && buckets_.size() >= options_.max_objects) {
      buckets_by_key_.erase(buckets_.back().key);
      buckets_.pop_back();
    }
    buckets_.push_front({std::move(key), options_.burst, now});
    found = buckets_by_key_.emplace(buckets_.front().key, buckets_.begin()).first;
  } else {
    buckets_.splice(buckets_.begin(), buckets_, found->second);
  }
  Bucket& bucket = *found->second;
  const double elapsed = std::chrono::duration<double>(now - bucket.when).count();
  const double back = std::max(0.0, elapsed) / std::chrono::duration<double>(options_.refill).count();
  bucket.tokens = std::min(options_.burst, bucket.tokens + back);
  bucket.when = now;
  if (bucket.tokens < 1) return false;
  bucket.tokens -= 1;
  return true;
}

std::string EventRecorder::body_of(const Event& event, const std::string& name, Time first, int64_t count,
                                   Time last) const {
  json body = {{"apiVersion", "events.k8s.io/v1"},
               {"kind", "Event"},
               {"metadata",
                {{"name", name}, {"namespace", event.regarding.ns.empty() ? "default" : event.regarding.ns}}},
               {"eventTime", format_micro_time(first)},
               {"reportingController", options_.controller},
               {"reportingInstance", cut(options_.instance, kMaxWord)},
               {"type", event.warning ? "Warning" : "Normal"},
               {"reason", cut(event.reason, kMaxWord)},
               {"action", cut(event.action.empty() ? event.reason : event.action, kMaxWord)},
               {"note", cut(event.note, kMaxNote)},
               {"regarding", reference(event.regarding)}};
  if (!event.related.kind.empty()) body["related"] = reference(event.related);
  if (count > 1) body["series"] = {{"count", count}, {"lastObservedTime", format_micro_time(last)}};
  return text_of(body);
}

EventPlan EventRecorder::plan(const Event& event, Time now) {
  EventPlan plan;
  if (!take_token(event, now)) return plan;
  const std::string ns = event.regarding.ns.empty() ? "default" : event.regarding.ns;
  const std::string events = "/apis/events.k8s.io/v1/namespaces/" + ns + "/events";
  std::string key = key_of(event.regarding) + '\0' + key_of(event.related) + '\0' + event.reason + '\0' +
                    event.action + '\0' + (event.warning ? "W" : "N") + event.note;
  auto found = series_by_key_.find(key);
  if (found != series_by_key_.end()) {
    Series& series = *found->second;
    if (now - series.last < options_.window) {
      series_.splice(series_.begin(), series_, found->second);
      ++series.count;
      series.last = now;
      plan.kind = EventPlan::Kind::kPatch;
      plan.method = "PATCH";
      plan.path = events + "/" + series.name;
      plan.content_type = "application/merge-patch+json";
      plan.body =
          text_of({{"series", {{"count", series.count}, {"lastObservedTime", format_micro_time(now)}}}});
      plan.create_path = events;
      plan.create_body = body_of(event, series.name, series.first, series.count, now);
      return plan;
    }
    const auto old = found->second;
    series_by_key_.erase(found);
    series_.erase(old);
  }
  while (!series_.empty() && series_.size() >= options_.max_series) {
    series_by_key_.erase(series_.back().key);
    series_.pop_back();
  }
  // As client-go names them; the count keeps two of one microsecond apart.
  char suffix[40] = "";
  (void)std::snprintf(suffix, sizeof suffix, ".%" PRIx64 "%02x",
                      static_cast<uint64_t>(now.time_since_epoch().count()),
                      static_cast<unsigned>(made_++ & 0xff));
  std::string base = cut(event.regarding.name, kMaxName - std::char_traits<char>::length(suffix));
  while (!base.empty() && (base.back() == '.' || base.back() == '-')) base.pop_back();
  series_.push_front({std::move(key), std::move(base) + suffix, now, now, 1});
  series_by_key_.emplace(series_.front().key, series_.begin());
  plan.kind = EventPlan::Kind::kCreate;
  plan.method = "POST";
  plan.path = events;
  plan.content_type = "application/json";
  plan.body = body_of(event, series_.front().name, now, 1, now);
  return plan;
}

}  // namespace edp::publish
