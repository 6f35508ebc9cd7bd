// Follows one resource of the apiserver: lists it, watches it, and tells a sink what is there (delta.h). One
// thread.
//
//   list    streamed by the watch itself where the server does so (WatchList), else in pages
//   watch   from the list's resourceVersion with bookmarks; when the stream ends or breaks, a new one resumes
//           from the last version heard of, without a list
//   410     as the status or as an ERROR event: list again
//
// What was heard twice or too late is passed on as it came; Store (store.h) sorts it out by `version`.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "common/cancel.h"
#include "common/result.h"
#include "operator/kube/api.h"
#include "operator/watch/delta.h"
#include "operator/watch/readers.h"

namespace edp::watch {

struct Resource {
  std::string path;            // "/api/v1/pods", "/apis/batch/v1/namespaces/diagnostic-system/jobs"
  std::string label_selector;  // not yet percent-encoded; empty: all
  std::string field_selector;
  // Ask for protobuf: a third of the server's time for JSON, and of ours. For kinds whose reader takes it; a
  // server that has none of it answers in JSON.
  bool protobuf = false;
};

struct InformerOptions {
  int page_size = 500;
  bool streaming_list = true;  // false: pages at once
  // A stream that is silent for so long is given up and resumed. Bookmarks come about every minute; a dead
  // connection is noticed sooner, by TCP (kube/client.h).
  std::chrono::milliseconds idle{100'000};
  std::chrono::milliseconds list_idle{30'000};          // the same while a list is under way
  std::chrono::seconds watch_min{240}, watch_max{480};  // length asked for, drawn anew for each watch
  // Waits between tries, doubled each time, jittered: of a server that says it has trouble; of one that
  // doesn't answer, which is soon back or costs it nothing; of one that refuses (403, 404: no right, no such
  // resource), as one that has just started may for a moment.
  std::chrono::milliseconds backoff_first{200}, backoff_most{15'000};
  std::chrono::milliseconds unanswered_most{3'000};
  std::chrono::milliseconds refused_first{1'000}, refused_most{30'000};
  size_t max_object = size_t{8} << 20;  // bytes of one object or event; longer ones are passed over

  // Seams. `random` in [0, 1); `sleep` as CancelToken::sleep_for: true when cut short.
  std::function<std::chrono::steady_clock::time_point()> now;
  std::function<double()> random;
  std::function<bool(std::chrono::milliseconds, const CancelToken&)> sleep;
};

struct Health {
  bool synced = false;                               // a list has been complete once
  std::chrono::steady_clock::time_point last_heard;  // of the last bytes of a list or watch; epoch: never
  uint64_t lists = 0;                                // begun
  uint64_t watches = 0;                              // begun, a streaming list's own included
  uint64_t restarts = 0;  // lists made anew because the server had forgotten our version (410)
  uint64_t events = 0;    // objects and events passed on
  uint64_t bookmarks = 0;
  uint64_t skipped = 0;    // unreadable, too long, or of unknown type
  uint64_t failures = 0;   // calls that ended in anything but a good end
  bool streaming = false;  // the last complete list was a streaming one
  std::string last_error;  // of a call or an object; empty once something was heard after a failed call
};

// What a WatchLoop hands its objects to. On the loop's thread.
class ObjectFeed {
 public:
  ObjectFeed() = default;
  ObjectFeed(const ObjectFeed&) = delete;
  ObjectFeed& operator=(const ObjectFeed&) = delete;
  virtual ~ObjectFeed() = default;
  virtual void sync_begin() = 0;
  virtual void sync_end() = 0;
  // The object's resourceVersion as a number, 0 where it is none.
  virtual Result<uint64_t> upsert(std::string_view bytes) = 0;
  virtual Result<uint64_t> remove(std::string_view bytes) = 0;
};

// The part of an informer that doesn't know the kind.
class WatchLoop {
 public:
  WatchLoop(kube::Api& api, Resource resource, ObjectFeed& feed, InformerOptions options);
  ~WatchLoop();  // stops
  WatchLoop(const WatchLoop&) = delete;
  WatchLoop& operator=(const WatchLoop&) = delete;

  void start();  // once
  // Ends the stream under way and joins the thread; may be called twice, not from the sink.
  void stop();
  [[nodiscard]] Health health() const;  // from any thread

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

template <typename T>
class Informer {
 public:
  using Reader = std::function<Result<T>(std::string_view bytes)>;

  // `sink` is called on the informer's thread. `api` must outlive this.
  Informer(kube::Api& api, Resource resource, Reader reader, DeltaSink<T> sink, InformerOptions options = {})
      : feed_(std::move(reader), std::move(sink)),
        loop_(api, std::move(resource), feed_, std::move(options)) {}

  void start() { loop_.start(); }
  void stop() { loop_.stop(); }
  [[nodiscard]] Health health() const { return loop_.health(); }

 private:
  class Feed final : public ObjectFeed {
   public:
    Feed(Reader reader, DeltaSink<T> sink) : reader_(std::move(reader)), sink_(std::move(sink)) {}
    void sync_begin() override { sink_({DeltaKind::kSyncBegin, T()}); }
    void sync_end() override { sink_({DeltaKind::kSyncEnd, T()}); }
    Result<uint64_t> upsert(std::string_view bytes) override {
      Result<T> object = reader_(bytes);
      if (!object) return tl::unexpected(object.error());
      const uint64_t version = object->version;
      sink_({DeltaKind::kUpsert, std::move(*object)});
      return version;
    }
    Result<uint64_t> remove(std::string_view bytes) override {
      Result<Identity> identity = read_identity(bytes);
      if (!identity) return tl::unexpected(identity.error());
      T object;
      if constexpr (requires { object.ns; }) object.ns = identity->ns;
      object.name = std::move(identity->name);
      object.uid = std::move(identity->uid);
      object.version = identity->version;
      const uint64_t version = object.version;
      sink_({DeltaKind::kDelete, std::move(object)});
      return version;
    }

   private:
    Reader reader_;
    DeltaSink<T> sink_;
  };

  Feed feed_;
  WatchLoop loop_;  // after feed_: its thread uses it
};

}  // namespace edp::watch
