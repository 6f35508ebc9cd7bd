// Kubernetes Events (events.k8s.io/v1) of runs, policies and target pods: what to send, and whether at all.
// The same event of the same object within ten minutes is counted up by a patch of its series instead of
// making a new object; an object that has used up its tokens is silent until they come back. No I/O.
#pragma once

#include <chrono>
#include <cstdint>
#include <list>
#include <string>
#include <string_view>
#include <unordered_map>

namespace edp::publish {

struct ObjectRef {
  std::string api_version;  // "edp.dev/v1alpha1", "v1"
  std::string kind;
  std::string ns;  // empty for cluster objects: their events live in "default", as the apiserver wants it
  std::string name;
  std::string uid;
};

struct Event {
  ObjectRef regarding;
  ObjectRef related;  // optional: kind empty
  bool warning = false;
  std::string reason;  // "JobCreated"; at most 128 bytes
  std::string action;  // what was done: "Admit"; at most 128 bytes; empty: the reason
  std::string note;    // for people; cut at 1,024 bytes
};

// One call to the apiserver; kDrop: none.
struct EventPlan {
  enum class Kind : uint8_t { kDrop, kCreate, kPatch };
  Kind kind = Kind::kDrop;
  std::string method;        // POST or PATCH
  std::string path;          // "/apis/events.k8s.io/v1/namespaces/shop/events[/NAME]"
  std::string content_type;  // "application/json" or "application/merge-patch+json"
  std::string body;
  // Of a patch: when it is answered 404 (the event has expired), POST this body to create_path instead.
  std::string create_path, create_body;
};

struct EventOptions {
  std::string controller = "edp-operator";
  std::string instance;  // this replica: its pod's name
  std::chrono::seconds window{600};
  size_t max_series = 1024;   // remembered; the one used longest ago is forgotten
  size_t max_objects = 1024;  // whose tokens are remembered
  double burst = 25;
  std::chrono::seconds refill{300};  // one token
};

// For one thread.
class EventRecorder {
 public:
  using Time = std::chrono::sys_time<std::chrono::microseconds>;
  explicit EventRecorder(EventOptions options);

  [[nodiscard]] EventPlan plan(const Event& event, Time now);

 private:
  struct Series {
    std::string key, name;
    Time first, last;
    int64_t count = 1;
  };
  struct Bucket {
    std::string key;
    double tokens = 0;
    Time when;
  };
  bool take_token(const Event& event, Time now);
  std::string body_of(const Event& event, const std::string& name, Time first, int64_t count,
                      Time last) const;

  const EventOptions options_;
  uint64_t made_ = 0;
  std::list<Series> series_;  // used last first
  std::unordered_map<std::string_view, std::list<Series>::iterator> series_by_key_;
  std::list<Bucket> buckets_;
  std::unordered_map<std::string_view, std::list<Bucket>::iterator> buckets_by_key_;
};

}  // namespace edp::publish
