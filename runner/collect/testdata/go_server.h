// For tests: the Go program in testdata/goserver, built with a Go toolchain and running.
#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

extern char** environ;

namespace edp::testing {

// The program's path; "" with a test failure where it can't be built. `toolchain`: as in GOTOOLCHAIN.
inline std::string build_go_server(const std::string& toolchain = "local") {
  namespace fs = std::filesystem;
  static std::map<std::string, std::string> built;
  std::string& path = built[toolchain];
  if (!path.empty()) return path;
  const fs::path folder = fs::read_symlink("/proc/self/exe").parent_path() / "testdata";
  fs::create_directories(folder);
  const std::string final_path = (folder / ("goserver-" + toolchain)).string();
  const std::string own = final_path + "." + std::to_string(getpid());
  const std::string command =
      "cd '" EDP_SOURCE_DIR "/runner/collect/testdata/goserver' && GOTOOLCHAIN=" + toolchain +
      " GOWORK=off CGO_ENABLED=0 GOFLAGS=-buildvcs=false go build -o '" + own + "' . 2>&1";
  std::string output;
  FILE* pipe = popen(command.c_str(), "r");
  std::array<char, 4096> buffer{};
  while (pipe != nullptr && fgets(buffer.data(), buffer.size(), pipe) != nullptr) output += buffer.data();
  if (pipe == nullptr || pclose(pipe) != 0) {
    ADD_FAILURE() << "the Go test server does not build with GOTOOLCHAIN=" << toolchain
                  << "; Go is installed by: ./edp setup\n"
                  << output;
    return "";
  }
  fs::rename(own, final_path);
  return path = final_path;
}

class GoServer {
 public:
  explicit GoServer(std::vector<std::string> arguments, const std::string& toolchain = "local") {
    const std::string program = build_go_server(toolchain);
    if (program.empty()) return;
    std::array<int, 2> in{}, out{};
    if (pipe2(in.data(), O_CLOEXEC) != 0 || pipe2(out.data(), O_CLOEXEC) != 0) std::abort();
    std::vector<char*> argv{const_cast<char*>(program.c_str())};
    for (std::string& argument : arguments) argv.push_back(argument.data());
    argv.push_back(nullptr);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, in[0], STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&actions, out[1], STDOUT_FILENO);
    if (posix_spawn(&pid_, program.c_str(), &actions, nullptr, argv.data(), environ) != 0) pid_ = -1;
    posix_spawn_file_actions_destroy(&actions);
    close(in[0]);
    close(out[1]);
    stdin_ = in[1];
    char c = 0;
    while (read(out[0], &c, 1) == 1 && c != '\n') address_ += c;
    close(out[0]);
    if (address_.empty()) ADD_FAILURE() << "the Go test server did not start";
  }
  ~GoServer() {
    if (stdin_ >= 0) close(stdin_);
    if (pid_ > 0) waitpid(pid_, nullptr, 0);
  }
  GoServer(const GoServer&) = delete;
  GoServer& operator=(const GoServer&) = delete;

  [[nodiscard]] const std::string& address() const { return address_; }  // "127.0.0.1:40123"
  [[nodiscard]] std::string url() const { return "http://" + address_; }

 private:
  pid_t pid_ = -1;
  int stdin_ = -1;
  std::string address_;
};

}  // namespace edp::testing
