// What is to be looked at again, and when: keys, each at most once. Adding a key that waits moves it to the
// earlier of the two times. Who takes a key and is told of it again meanwhile simply adds it again: one
// thread takes and works, so no key is worked on twice at a time. For one thread; times are seconds since any
// epoch, of one clock.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>

namespace edp::queue {

struct Backoff {
  double base = 0.005;  // seconds, doubled with every failure
  double cap = 1000;

  // 0 failures give 0.
  [[nodiscard]] double delay(int32_t failures) const;
};

// The names under which Kubernetes controllers are watched: workqueue_*. Counters only grow.
struct QueueFigures {
  size_t depth = 0;         // ready at the time asked about, not taken
  size_t delayed = 0;       // waiting for their time
  uint64_t adds = 0;        // keys added that did not wait already
  uint64_t retries = 0;     // add_failed
  double oldest_age = 0;    // seconds since the oldest ready key became ready
  double wait_seconds = 0;  // of all keys taken: from ready to taken, summed
  uint64_t taken = 0;
};

class WorkQueue {
 public:
  explicit WorkQueue(Backoff backoff = {}) : backoff_(backoff) {}

  void add(std::string_view key, double now) { add_at(key, now, now); }
  // Ready at `due`, or at once if that is past.
  void add_at(std::string_view key, double due, double now);
  // After the key's backoff, which grows with every call until forget(), but after `most` seconds at the
  // latest. Returns the delay.
  double add_failed(std::string_view key, double now, double most = 1e9);
  // It went well: the next failure starts at the base.
  void forget(std::string_view key);
  [[nodiscard]] int32_t failures(std::string_view key) const;
  // The key's object is gone: it waits no longer, and nothing is remembered.
  void remove(std::string_view key);

  // The key that has been ready longest; of equals, the one added first.
  std::optional<std::string> pop(double now);
  // When pop() will have something; nothing while empty. May be past.
  [[nodiscard]] std::optional<double> next_due() const;

  [[nodiscard]] bool empty() const { return waiting_.empty(); }
  [[nodiscard]] size_t size() const { return waiting_.size(); }
  [[nodiscard]] QueueFigures figures(double now) const;

 private:
  using Place = std::pair<double, uint64_t>;  // due, number of the addition
  using Waiting = std::map<std::string, Place, std::less<>>;

  const Backoff backoff_;
  Waiting waiting_;
  std::map<Place, Waiting::const_iterator> order_;
  std::map<std::string, int32_t, std::less<>> failures_;
  uint64_t next_number_ = 0;
  uint64_t retries_ = 0, adds_ = 0, taken_ = 0;
  double wait_seconds_ = 0;
};

}  // namespace edp::queue
