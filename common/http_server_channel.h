// Inside of common/http_server: one accepted connection, with or without TLS, whose every read and write ends
// in time.
#pragma once

#include <openssl/ssl.h>
#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <vector>

namespace edp::http {

using SslContext = std::shared_ptr<SSL_CTX>;

class Channel {
 public:
  using Clock = std::chrono::steady_clock;

  // Owns `fd`, which must not block.
  Channel(int fd, std::string peer);
  ~Channel();
  Channel(const Channel&) = delete;
  Channel& operator=(const Channel&) = delete;

  [[nodiscard]] int fd() const { return fd_; }
  [[nodiscard]] const std::string& peer() const { return peer_; }

  // What the following calls may take: `gap` for one wait, `deadline` for all, `budget` bytes to read.
  void limit(std::chrono::milliseconds gap, Clock::time_point deadline);
  void set_budget(uint64_t bytes) { budget_ = bytes; }
  [[nodiscard]] bool budget_spent() const { return budget_ == 0; }
  [[nodiscard]] bool timed_out() const { return timed_out_; }

  // Once, before the first byte is read. False: no TLS, the connection is of no use.
  bool accept_tls(const SslContext& context);

  // Bytes read or written; 0: the peer has ended; -1: error, time, or budget.
  ssize_t read(char* into, size_t size);
  ssize_t write(const char* from, size_t size);
  // Bytes that have come already and that poll() would not tell of.
  [[nodiscard]] bool buffered() const;
  // Since the last call of this: counts of bytes, to know whether a request has begun and an answer gone out.
  struct Traffic {
    uint64_t read = 0, written = 0;
  };
  Traffic take_traffic();

  // Gives back what is not needed between requests.
  void rest();
  // Tells the peer that nothing more comes; what it still sends can be discarded until it closes too.
  void end_sending();
  // True while the peer may still be sending; reads and drops what is there, at most `max` bytes.
  bool discard(size_t max);
  // From any thread: reads and writes under way fail at once.
  void abort() const;

 private:
  ssize_t read_some(char* into, size_t size);
  [[nodiscard]] bool wait(short events);

  const int fd_;
  const std::string peer_;
  SslContext context_;
  SSL* ssl_ = nullptr;
  bool failed_ = false;  // after a TLS error nothing may be written any more
  bool timed_out_ = false;
  std::chrono::milliseconds gap_{1000};
  Clock::time_point deadline_;
  uint64_t budget_ = std::numeric_limits<uint64_t>::max();
  Traffic traffic_;
  std::vector<char> buffer_;
  size_t begin_ = 0, end_ = 0;
};

}  // namespace edp::http
