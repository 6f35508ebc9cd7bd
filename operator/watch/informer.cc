#include "operator/watch/informer.h"

#include <algorithm>
#include <random>
#include <thread>

#include "common/mutex.h"
#include "operator/kube/paths.h"
#include "operator/watch/backoff.h"
#include "operator/watch/meta.h"
#include "operator/watch/splitter.h"

namespace edp::watch {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr uint64_t kNoLimit = uint64_t{1} << 50;  // bytes: a watch goes on and on
constexpr std::chrono::seconds kListTime{300};
constexpr std::chrono::seconds kGrace{30};  // beyond the time that the server was asked to end a watch after
constexpr std::chrono::seconds kLongestRetryAfter{120};
constexpr Clock::duration kShortWatch = std::chrono::seconds(1);
constexpr int kPageTries = 5;       // of one page, before the list begins anew
constexpr int kPagedLists = 2;      // that expired midway, before one without pages
constexpr int kSilentStreams = 2;   // streaming lists that broke off, before one in pages
constexpr int kRefusedResumes = 5;  // that the server answered with an error, before a list

// What came of a list or a watch.
enum class End : uint8_t {
  kDone,     // as it should
  kBroken,   // no answer, or it broke off; 429, 5xx: later again
  kGone,     // the server has forgotten the version
  kRefused,  // the server won't, and says so by a status
  kStopped,
};

struct Outcome {
  End end = End::kDone;
  int status = 0;
  std::string error;
  std::optional<std::chrono::seconds> retry_after;
  bool heard = false;        // an object or a bookmark came
  bool error_event = false;  // an ERROR event ended it
};

// Each sort of failure has waits of its own.
class Waits {
 public:
  explicit Waits(const InformerOptions& options)
      : troubled_(options.backoff_first, options.backoff_most),
        unanswered_(options.backoff_first, options.unanswered_most),
        refused_(options.refused_first, options.refused_most) {}

  void reset() {
    for (Backoff* backoff : {&troubled_, &unanswered_, &refused_}) backoff->reset();
  }
  milliseconds next(const Outcome& outcome, double random) {
    if (outcome.end == End::kRefused) return refused_.next(random);
    return (outcome.status == 0 ? unanswered_ : troubled_).next(random);
  }

 private:
  Backoff troubled_, unanswered_, refused_;
};

bool gone(const kube::StatusText& status) {
  return status.code == 410 || status.reason == "Expired" || status.reason == "Gone";
}

}  // namespace

struct WatchLoop::Impl {
  Impl(kube::Api& with, Resource what, ObjectFeed& to, InformerOptions how)
      : api(with), resource(std::move(what)), feed(to), options(std::move(how)) {
    if (!options.now) options.now = [] { return Clock::now(); };
    if (!options.sleep)
      options.sleep = [](milliseconds time, const CancelToken& token) { return token.sleep_for(time); };
    if (!options.random) {
      options.random = [engine = std::mt19937_64(std::random_device{}())]() mutable {
        return std::uniform_real_distribution<double>(0, 1)(engine);
      };
    }
    streaming = options.streaming_list;
  }

  kube::Api& api;
  const Resource resource;
  ObjectFeed& feed;
  InformerOptions options;
  CancelToken cancel;
  std::thread thread;

  // The thread's own.
  std::string version;      // of the last list, event or bookmark; empty: a list is due
  bool streaming = true;    // ask for streaming lists
  int silent_streams = 0;   // streaming lists in a row that broke off
  int refused_resumes = 0;  // in a row, by an error that isn't about the version
  int gone_in_a_row = 0;    // watches that were refused as too old before anything was heard

  mutable Mutex mutex;
  Health health EDP_GUARDED_BY(mutex);

  // Something came: the server is well again.
  void hear(Outcome& outcome) {
    if (outcome.heard) return;
    outcome.heard = true;
    note([](Health& h) { h.last_error.clear(); });
  }
  template <typename F>
  void note(F&& change) {
    const MutexLock lock(mutex);
    change(health);
  }
  void skip(std::string why) {
    note([&](Health& h) {
      ++h.skipped;
      h.last_error = resource.path + ": " + why;
    });
  }

  void run();
  bool list_again(const Outcome& outcome);
  void pause(const Outcome& outcome, Waits& waits);
  Outcome list();
  Outcome streamed_list();
  Outcome paged_list();
  Outcome page(std::string& continue_token, int page_size, std::string& list_version);
  Outcome watch();
  Outcome follow(const std::string& query, std::chrono::seconds server_time, milliseconds idle, bool initial);
  bool on_event(std::string_view bytes, bool initial, Outcome& outcome, bool& complete);
  bool on_bookmark(std::string_view object, bool initial, Outcome& outcome, bool& complete);
  void on_object(std::string_view bytes, bool deleted, Outcome& outcome, bool initial);
  Outcome judge(const kube::Answer& answer, const char* doing) const;
  [[nodiscard]] std::string path(const std::string& query) const;
};

std::string WatchLoop::Impl::path(const std::string& query) const {
  std::string out = resource.path + (resource.path.find('?') == std::string::npos ? "?" : "&") + query;
  if (!resource.label_selector.empty())
    out += "&labelSelector=" + kube::escape_query(resource.label_selector);
  if (!resource.field_selector.empty())
    out += "&fieldSelector=" + kube::escape_query(resource.field_selector);
  return out;
}

// Of an answer whose body, where it was a 200, the sink has taken.
Outcome WatchLoop::Impl::judge(const kube::Answer& answer, const char* doing) const {
  Outcome outcome;
  outcome.status = answer.status;
  outcome.retry_after = answer.retry_after;
  if (cancel.cancelled()) {
    outcome.end = End::kStopped;
    return outcome;
  }
  if (answer.ok()) return outcome;
  outcome.error = std::string(doing) + " " + resource.path + ": " + answer.explain();
  if (answer.failure) {
    outcome.end = End::kBroken;
  } else if (answer.status == 410) {
    outcome.end = End::kGone;
  } else {
    const bool passing = answer.passing() || answer.status == 401 || answer.status == 408;
    outcome.end = passing ? End::kBroken : End::kRefused;
  }
  return outcome;
}

void WatchLoop::Impl::run() {
  // Of their own, so that lists that succeed don't speed up watches that fail.
  Waits list_waits(options), watch_waits(options);
  while (!cancel.cancelled()) {
    const bool listing = version.empty();
    Waits& waits = listing ? list_waits : watch_waits;
    const Clock::time_point begun = options.now();
    Outcome outcome = listing ? list() : watch();
    if (outcome.end == End::kStopped) return;
    if (outcome.end == End::kDone && !listing && !outcome.heard && options.now() - begun < kShortWatch) {
      outcome.end = End::kBroken;  // ends at once, perhaps over and over
      outcome.error = "watch " + resource.path + ": ended as soon as it began";
    }
    if (outcome.end == End::kDone || outcome.heard) {
      waits.reset();
      if (!listing) refused_resumes = gone_in_a_row = 0;
    }
    if (outcome.end == End::kDone) continue;
    note([&](Health& h) {
      ++h.failures;
      h.last_error = outcome.error;
    });
    if (!listing && list_again(outcome)) {
      version.clear();
      if (outcome.end == End::kGone) note([](Health& h) { ++h.restarts; });
      // At once, but for a server that forgets the versions of its own lists.
      if (outcome.end == End::kGone && gone_in_a_row++ == 0) continue;
    }
    pause(outcome, waits);
  }
}

// Whether a failed watch can't be resumed.
bool WatchLoop::Impl::list_again(const Outcome& outcome) {
  if (outcome.end == End::kGone) return true;
  if (!outcome.error_event && outcome.end != End::kRefused) return false;
  // No such resource any more, or no right to it: what is there afterwards is anyone's guess. Other errors
  // may be about a version that the server, restored from a backup, has yet to reach.
  if (outcome.status != 403 && outcome.status != 404 && ++refused_resumes < kRefusedResumes) return false;
  refused_resumes = 0;
  return true;
}

void WatchLoop::Impl::pause(const Outcome& outcome, Waits& waits) {
  milliseconds wait = waits.next(outcome, options.random());
  if (outcome.retry_after) {
    const auto asked = std::clamp(*outcome.retry_after, std::chrono::seconds(0), kLongestRetryAfter);
    // At least what the server asks for; a little more, or all its clients come back in one moment.
    wait = milliseconds(asked) + milliseconds(static_cast<int64_t>(options.random() * 1000));
  }
  (void)options.sleep(wait, cancel);
}

Outcome WatchLoop::Impl::list() {
  note([](Health& h) { ++h.lists; });
  Outcome outcome;
  bool streamed = false;
  if (streaming && silent_streams < kSilentStreams) {
    outcome = streamed_list();
    streamed = outcome.end == End::kDone;
    if (outcome.end == End::kBroken && (outcome.status == 200 || outcome.heard)) ++silent_streams;
    // Servers without streaming lists say 400 or 422; some proxies 403 or 405. A 404 or a passing failure is
    // not about the way to list.
    const bool other_way = outcome.end == End::kRefused && outcome.status != 404;
    if (!streamed && !other_way) return outcome;
  }
  if (!streamed) {
    const int refusal = outcome.status;
    outcome = paged_list();
    if (outcome.end != End::kDone) return outcome;
    // For good where the refusal was surely about streaming; a 200 is one without the mark of an end.
    if (refusal != 0 && refusal != 403) streaming = false;
  }
  silent_streams = 0;
  note([&](Health& h) {
    h.synced = true;
    h.streaming = streamed;
  });
  outcome.heard = true;
  return outcome;
}

// The stream is left when the list is complete: a watch is told apart from a list by how long it may be
// silent.
Outcome WatchLoop::Impl::streamed_list() {
  const std::string query =
      "watch=true&allowWatchBookmarks=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan"
      "&timeoutSeconds=" +
      std::to_string(kListTime.count());
  feed.sync_begin();
  Outcome outcome = follow(query, kListTime, options.list_idle, true);
  if (outcome.end == End::kDone && !version.empty()) {
    feed.sync_end();
  } else if (outcome.end == End::kDone) {
    // The server took it for an ordinary watch: no word about an end.
    outcome.end = End::kRefused;
    outcome.error = "list " + resource.path + ": the stream ended without the mark of a complete list";
  }
  return outcome;
}

Outcome WatchLoop::Impl::paged_list() {
  for (int attempt = 0;; ++attempt) {
    const int page_size = attempt < kPagedLists ? options.page_size : 0;
    feed.sync_begin();
    std::string continue_token, list_version;
    Outcome outcome;
    int tries = 0;
    Waits waits(options);
    do {
      outcome = page(continue_token, page_size, list_version);
      if (outcome.end == End::kDone) {
        tries = 0;
        waits.reset();
      } else if (outcome.end != End::kBroken || ++tries >= kPageTries) {
        break;
      } else {
        note([&](Health& h) {
          ++h.failures;
          h.last_error = outcome.error;
        });
        pause(outcome, waits);
        if (cancel.cancelled()) outcome.end = End::kStopped;
      }
    } while (outcome.end == End::kBroken || (outcome.end == End::kDone && !continue_token.empty()));
    if (outcome.end == End::kDone) {
      if (list_version.empty()) {
        outcome.end = End::kBroken;
        outcome.error = "list " + resource.path + ": no resourceVersion";
        return outcome;
      }
      version = list_version;
      feed.sync_end();
      return outcome;
    }
    // The token was too old: the pages took longer than the server remembers.
    if (outcome.end != End::kGone || page_size == 0) return outcome;
  }
}

Outcome WatchLoop::Impl::page(std::string& continue_token, int page_size, std::string& list_version) {
  std::string query = "limit=" + std::to_string(page_size);
  if (!continue_token.empty()) query += "&continue=" + kube::escape_query(continue_token);
  kube::Call call;
  call.path = path(query);
  call.timeout = kListTime;
  call.max_bytes = kNoLimit;
  Outcome ignored;
  ListSplitter splitter(options.max_object, [&](std::string_view item) {
    on_object(item, false, ignored, true);
    return !cancel.cancelled();
  });
  const kube::Answer answer = api.stream(
      call, options.list_idle,
      [&](std::string_view chunk) {
        note([&](Health& h) { h.last_heard = options.now(); });
        return splitter.feed(chunk);
      },
      cancel);
  Outcome outcome = judge(answer, "list");
  for (uint64_t i = 0; i < splitter.too_long(); ++i) skip("an object is too long");
  if (outcome.end != End::kDone) return outcome;
  const auto broken = [&](const std::string& why) {
    outcome.end = End::kBroken;
    outcome.error = "list " + resource.path + ": " + why;
    return outcome;
  };
  if (!splitter.error().empty()) return broken(splitter.error());
  if (!splitter.complete()) return broken("the list ends too early");
  const auto meta = read_list_meta(splitter.envelope());
  if (!meta) return broken(meta.error().to_string());
  continue_token = meta->continue_token;
  list_version = meta->resource_version;
  return outcome;
}

Outcome WatchLoop::Impl::watch() {
  const auto range = options.watch_max - options.watch_min;
  const auto length =
      options.watch_min +
      std::chrono::seconds(static_cast<int64_t>(static_cast<double>(range.count()) * options.random()));
  const std::string query =
      "watch=true&allowWatchBookmarks=true&resourceVersion=" + kube::escape_query(version) +
      "&timeoutSeconds=" + std::to_string(length.count());
  return follow(query, length, options.idle, false);
}

Outcome WatchLoop::Impl::follow(const std::string& query, std::chrono::seconds server_time, milliseconds idle,
                                bool initial) {
  note([](Health& h) { ++h.watches; });
  kube::Call call;
  call.path = path(query);
  call.timeout = server_time + kGrace;
  call.max_bytes = kNoLimit;
  Outcome said;  // by the events
  bool complete = false;
  if (resource.protobuf) {
    call.headers.emplace_back("Accept", "application/vnd.kubernetes.protobuf;stream=watch, application/json");
  }
  EventSplitter splitter(options.max_object,
                         [&](std::string_view bytes) { return on_event(bytes, initial, said, complete); });
  uint64_t too_long = 0;
  const kube::Answer answer = api.stream(
      call, idle,
      [&](std::string_view chunk) {
        note([&](Health& h) { h.last_heard = options.now(); });
        const bool more = splitter.feed(chunk);
        for (; too_long < splitter.too_long(); ++too_long) skip("an event is too long");
        return more && !cancel.cancelled();
      },
      cancel);
  if (cancel.cancelled()) {
    said.end = End::kStopped;
    return said;
  }
  if (said.end != End::kDone || complete) return said;
  Outcome outcome = judge(answer, initial ? "list" : "watch");
  outcome.heard = said.heard;
  return outcome;
}

bool WatchLoop::Impl::on_event(std::string_view bytes, bool initial, Outcome& outcome, bool& complete) {
  const auto event = split_event(bytes);
  if (!event) {
    skip(event.error().to_string());
    return true;
  }
  if (event->type == "ADDED" || event->type == "MODIFIED" || event->type == "DELETED") {
    on_object(event->object, event->type == "DELETED", outcome, initial);
    return !cancel.cancelled();
  }
  if (event->type == "BOOKMARK") return on_bookmark(event->object, initial, outcome, complete);
  if (event->type != "ERROR") {
    skip("an event of unknown type");
    return true;
  }
  const kube::StatusText status = kube::read_status(event->object);
  outcome.end = gone(status) ? End::kGone : End::kBroken;
  outcome.error_event = true;
  outcome.error = std::string(initial ? "list " : "watch ") + resource.path + ": error event " +
                  std::to_string(status.code) + " " + status.reason + ": " + status.message.substr(0, 500);
  return false;
}

bool WatchLoop::Impl::on_bookmark(std::string_view object, bool initial, Outcome& outcome, bool& complete) {
  auto meta = read_list_meta(object);
  if (!meta || meta->resource_version.empty()) {
    skip("a bookmark without a version");
    return true;
  }
  hear(outcome);
  note([](Health& h) { ++h.bookmarks; });
  // Objects of a list come in any order of versions: only the mark of its end is a place to resume from.
  if (initial && !meta->initial_events_end) return true;
  version = std::move(meta->resource_version);
  complete = initial;
  return !initial;
}

void WatchLoop::Impl::on_object(std::string_view bytes, bool deleted, Outcome& outcome, bool initial) {
  const Result<uint64_t> passed_on = deleted ? feed.remove(bytes) : feed.upsert(bytes);
  hear(outcome);
  if (passed_on) {
    note([](Health& h) { ++h.events; });
  } else {
    skip("an object is left out: " + passed_on.error().to_string());
  }
  if (initial) return;
  std::string heard_of =
      passed_on && *passed_on != 0 ? std::to_string(*passed_on) : metadata_resource_version(bytes);
  if (!heard_of.empty()) version = std::move(heard_of);
}

WatchLoop::WatchLoop(kube::Api& api, Resource resource, ObjectFeed& feed, InformerOptions options)
    : impl_(std::make_unique<Impl>(api, std::move(resource), feed, std::move(options))) {}

WatchLoop::~WatchLoop() { stop(); }

void WatchLoop::start() {
  impl_->thread = std::thread([this] { impl_->run(); });
}

void WatchLoop::stop() {
  impl_->cancel.cancel();
  if (impl_->thread.joinable()) impl_->thread.join();
}

Health WatchLoop::health() const {
  const MutexLock lock(impl_->mutex);
  return impl_->health;
}

}  // namespace edp::watch
