// File descriptors, and what is written through them. Functions that return int return 0 or an errno.
#pragma once

#include <string>
#include <string_view>
#include <utility>

namespace edp {

class Descriptor {
 public:
  Descriptor() = default;
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept;
  ~Descriptor();
  [[nodiscard]] int get() const { return fd_; }
  [[nodiscard]] bool valid() const { return fd_ >= 0; }
  // Some file systems tell only here that the disk is full.
  int close();

 private:
  int fd_ = -1;
};

int write_all(int fd, std::string_view bytes);
int sync_file(int fd);
// What was made, renamed or removed in it is so after a crash.
int sync_folder(const std::string& path);

}  // namespace edp
