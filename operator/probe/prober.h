// The light health probe: one thread, one epoll loop, thousands of targets, a bounded number of sockets. As
// the kubelet does it: a TCP connect, or a GET whose status is 200 to 399, over TLS without verification
// where the pod says so. No redirect is followed, no proxy used, a response's head is read up to 4 KiB.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "common/result.h"
#include "operator/probe/target.h"

namespace edp::probe {

enum class ErrorKind : uint8_t {
  kNone,
  kAddress,  // the filter refused it; asked again at the next interval, no packet was sent
  kRefused,  // connection refused or reset while connecting
  kUnreachable,
  kTimeout,
  kReset,     // closed or reset before the answer's head was there
  kTls,       // no TLS
  kProtocol,  // no HTTP/1.x
  kTooLong,   // head longer than 4 KiB
  kStatus,    // not 200 to 399
  kLocal,     // our own side: out of sockets or ports; says nothing about the target
};
std::string_view to_string(ErrorKind kind);  // "none", "address", ...

struct ProbeResult {
  std::string key;
  watch::Symbol ns, workload;
  int64_t when = 0;  // seconds since 1970
  bool ok = false;
  uint16_t status = 0;  // of HTTP; 0: none came
  ErrorKind error = ErrorKind::kNone;
  std::chrono::microseconds
      latency{};  // connect to first byte of the answer; TCP: connect; no answer: time spent
};

// Called on the prober's thread, with at least one result; must not block and must not call the Prober's
// destructor.
using ResultSink = std::function<void(std::vector<ProbeResult>&&)>;

struct ProberOptions {
  AddressFilter filter = pod_addresses();
  size_t max_sockets = 256;
  size_t max_tls = 32;                         // of them; TLS is the dear kind
  size_t batch = 256;                          // results are handed over at this count,
  std::chrono::milliseconds batch_delay{200};  // or after this time
  double jitter = 0.1;  // of the interval, either way; the first probe comes anywhere within one interval
  std::string user_agent = "edp-probe/1";
  uint64_t seed = 0;  // of the jitter; 0: random
};

class Prober {
 public:
  static Result<std::unique_ptr<Prober>> start(ProberOptions options, ResultSink sink);
  ~Prober();  // ends the thread; results not yet handed over are dropped
  Prober(const Prober&) = delete;
  Prober& operator=(const Prober&) = delete;

  // From any thread; take effect soon. A target that is the same as before keeps its schedule. What was under
  // way to a target that is removed or changed is dropped; a result that waits in a batch may still come.
  void set_targets(std::vector<Target> targets);  // all that there are
  void upsert(Target target);
  void remove(std::string_view key);

  struct Stats {
    size_t targets = 0;
    size_t sockets = 0;      // open now
    uint64_t probes = 0;     // begun, ever
    uint64_t results = 0;    // ended, ever
    double lag_seconds = 0;  // how late the latest probe began: above zero when the sockets don't suffice
  };
  [[nodiscard]] Stats stats() const;

 private:
  struct Impl;
  explicit Prober(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace edp::probe
