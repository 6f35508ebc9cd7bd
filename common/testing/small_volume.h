// For tests: runs something in a process of its own that sees a small file system at a place.
#pragma once

#include <sched.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <exception>
#include <functional>
#include <string>

namespace edp::testing {

// "" where `scenario` said so, else what it said, or why it could not be run. As root, or where the system
// lets users have namespaces of their own.
inline std::string in_small_volume(const std::string& at, const std::string& size,
                                   const std::function<std::string()>& scenario) {
  int pipe_fds[2];
  if (::pipe(pipe_fds) != 0) return "no pipe";
  const pid_t child = ::fork();
  if (child < 0) return "no process";
  if (child == 0) {
    ::close(pipe_fds[0]);
    std::string said;
    if (::unshare(CLONE_NEWNS | (::geteuid() == 0 ? 0 : CLONE_NEWUSER)) != 0) {
      said = std::string("no mount namespace: ") + std::strerror(errno);
    } else if (::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
               ::mount("tmpfs", at.c_str(), "tmpfs", 0, ("size=" + size + ",mode=0700").c_str()) != 0) {
      said = std::string("no small volume: ") + std::strerror(errno);
    } else {
      try {
        said = scenario();
      } catch (const std::exception& error) {
        said = error.what();
      }
    }
    (void)!::write(pipe_fds[1], said.data(), said.size());
    ::_exit(0);
  }
  ::close(pipe_fds[1]);
  std::string said;
  char bytes[4096];
  ssize_t count = 0;
  while ((count = ::read(pipe_fds[0], bytes, sizeof bytes)) > 0)
    said.append(bytes, static_cast<size_t>(count));
  ::close(pipe_fds[0]);
  int status = 0;
  ::waitpid(child, &status, 0);
  if (said.empty() && (!WIFEXITED(status) || WEXITSTATUS(status) != 0)) return "the process died";
  return said;
}

}  // namespace edp::testing
