// Inside of common/http_server: connections that have something to say wait here for a thread.
#pragma once

#include <functional>
#include <list>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "common/http_server_channel.h"
#include "common/mutex.h"

namespace edp::http {

struct Connection {
  std::unique_ptr<Channel> channel;
  Channel::Clock::time_point until;  // when waiting for the peer (or for a worker) ends
  int served = 0;
  bool secured = false;    // the TLS handshake is done, where there is one
  bool lingering = false;  // our side has ended; what comes is dropped
};
using ConnectionPtr = std::unique_ptr<Connection>;

class Workers {
 public:
  struct Options {
    size_t threads = 16, per_peer = 12, max_waiting = 64;
  };
  // On a worker's thread, neither may throw: `serve` does one turn of a connection; where it says true, the
  // connection goes to `give_back`, else it is closed.
  Workers(Options options, std::function<bool(Connection&)> serve,
          std::function<void(ConnectionPtr)> give_back);
  ~Workers();  // finish() must have been called
  Workers(const Workers&) = delete;
  Workers& operator=(const Workers&) = delete;

  // False: there is no room, the connection is closed.
  bool add(ConnectionPtr connection);
  // Closes those that have waited past their time.
  void expire(Channel::Clock::time_point now);
  // True when nothing waits and nobody works, at the latest at `deadline`.
  bool drain(Channel::Clock::time_point deadline);
  // Closes what waits, breaks off what is being served, ends the threads.
  void finish();

  struct Counts {
    size_t busy = 0, waiting = 0, threads = 0;
  };
  [[nodiscard]] Counts counts();

 private:
  void run();
  std::list<ConnectionPtr>::iterator next() EDP_REQUIRES(mutex_);

  const Options options_;
  const std::function<bool(Connection&)> serve_;
  const std::function<void(ConnectionPtr)> give_back_;
  Mutex mutex_;
  CondVar work_, idle_;
  std::list<ConnectionPtr> waiting_ EDP_GUARDED_BY(mutex_);
  std::map<std::string, size_t> busy_by_peer_ EDP_GUARDED_BY(mutex_);
  std::set<const Channel*> busy_ EDP_GUARDED_BY(mutex_);
  std::vector<std::thread> threads_ EDP_GUARDED_BY(mutex_);
  size_t idle_threads_ EDP_GUARDED_BY(mutex_) = 0;
  bool stop_ EDP_GUARDED_BY(mutex_) = false;
};

}  // namespace edp::http
