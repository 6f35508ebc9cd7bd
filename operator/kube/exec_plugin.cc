#include "operator/kube/exec_plugin.h"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <nlohmann/json.hpp>
#include <system_error>
#include <thread>

#include "common/base64.h"

namespace edp::kube {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr size_t kMaxOutput = size_t{1} << 20;

std::string reason(int error) { return std::generic_category().message(error); }

std::string exec_info(const ClusterConfig& config) {
  nlohmann::json spec = {{"interactive", false}};
  if (config.exec->provide_cluster_info) {
    nlohmann::json cluster = {{"server", config.server.shown()}};
    if (!config.server_name.empty()) cluster["tls-server-name"] = config.server_name;
    if (config.insecure) cluster["insecure-skip-tls-verify"] = true;
    if (!config.ca_pem.empty()) cluster["certificate-authority-data"] = base64(config.ca_pem);
    spec["cluster"] = std::move(cluster);
  }
  return nlohmann::json{
      {"apiVersion", config.exec->api_version}, {"kind", "ExecCredential"}, {"spec", std::move(spec)}}
      .dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

// Ours, with the plugin's on top.
std::vector<std::string> environment_for(const ClusterConfig& config) {
  auto added = config.exec->env;
  added.emplace_back("KUBERNETES_EXEC_INFO", exec_info(config));
  std::vector<std::string> all;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view text(*entry);
    const auto name = text.substr(0, text.find('='));
    if (std::none_of(added.begin(), added.end(), [&](const auto& one) { return one.first == name; }))
      all.emplace_back(text);
  }
  for (const auto& [name, value] : added) {
    std::string entry = name;
    entry += '=';
    entry += value;
    all.push_back(std::move(entry));
  }
  return all;
}

std::vector<char*> pointers(std::vector<std::string>& strings) {
  std::vector<char*> out;
  for (std::string& one : strings) out.push_back(one.data());
  out.push_back(nullptr);
  return out;
}

class Child {
 public:
  Child() = default;
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  ~Child() {
    if (output_ >= 0) close(output_);
    if (pid_ > 0) {
      kill(pid_, SIGKILL);
      (void)reap(0);
    }
  }

  // 0 or the errno.
  int start(const ClusterConfig& config) {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) return errno;
    output_ = ends[0];
    std::vector<std::string> words{config.exec->command};
    words.insert(words.end(), config.exec->args.begin(), config.exec->args.end());
    std::vector<std::string> variables = environment_for(config);
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attributes;
    posix_spawn_file_actions_init(&files);
    posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&files, ends[1], STDOUT_FILENO);
    // It starts as from a shell, whatever our threads block or ignore.
    posix_spawnattr_init(&attributes);
    sigset_t none;
    sigset_t all;
    sigemptyset(&none);
    sigfillset(&all);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setsigdefault(&attributes, &all);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    const int error = posix_spawnp(&pid_, config.exec->command.c_str(), &files, &attributes,
                                   pointers(words).data(), pointers(variables).data());
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&files);
    close(ends[1]);
    if (error != 0) pid_ = -1;
    return error;
  }

  // What it prints until it closes its stdout.
  Result<std::string> read_all(Clock::time_point deadline) {
    std::string text;
    std::array<char, 4096> chunk{};
    for (;;) {
      const auto left = std::chrono::ceil<milliseconds>(deadline - Clock::now()).count();
      pollfd wait{output_, POLLIN, 0};
      const int ready = left <= 0 ? 0 : poll(&wait, 1, static_cast<int>(std::min<int64_t>(left, 60'000)));
      if (ready < 0 && errno == EINTR) continue;
      if (ready <= 0 && Clock::now() < deadline) continue;
      if (ready <= 0) return fail("the plugin did not end in time");
      const ssize_t count = read(output_, chunk.data(), chunk.size());
      if (count < 0 && errno == EINTR) continue;
      if (count <= 0) return text;
      text.append(chunk.data(), static_cast<size_t>(count));
      if (text.size() > kMaxOutput) return fail("the plugin printed more than 1 MiB");
    }
  }

  // Its wait status; nothing where it does not end in time.
  std::optional<int> wait_until(Clock::time_point deadline) {
    for (;;) {
      if (const auto status = reap(WNOHANG)) return status;
      if (Clock::now() >= deadline) return std::nullopt;
      std::this_thread::sleep_for(milliseconds(5));
    }
  }

 private:
  std::optional<int> reap(int flags) {
    int status = 0;
    pid_t done = 0;
    do {
      done = waitpid(pid_, &status, flags);
    } while (done < 0 && errno == EINTR);
    if (done == 0) return std::nullopt;
    pid_ = -1;
    return done < 0 ? 0 : status;  // somebody else reaped it: judge by what it printed
  }

  pid_t pid_ = -1;
  int output_ = -1;
};

}  // namespace

Result<Credential> run_plugin(const ClusterConfig& config, milliseconds timeout) {
  const std::string where = "exec plugin " + config.exec->command;
  const auto hint = [&] {
    const std::string text = http::one_line(config.exec->install_hint, 500);
    return text.empty() ? "" : ". " + text;
  };
  const auto deadline = Clock::now() + timeout;
  Child child;
  if (const int error = child.start(config); error != 0)
    return fail("can't be started: " + reason(error) + hint(), where);
  auto printed = child.read_all(deadline);
  if (!printed) return tl::unexpected(printed.error().at(where));
  const auto status = child.wait_until(deadline);
  if (!status) return fail("the plugin did not end in time", where);
  if (WIFSIGNALED(*status)) return fail("ended by signal " + std::to_string(WTERMSIG(*status)), where);
  if (WEXITSTATUS(*status) == 127)
    return fail("failed with exit status 127 (command not found)" + hint(), where);
  if (WEXITSTATUS(*status) != 0)
    return fail("failed with exit status " + std::to_string(WEXITSTATUS(*status)), where);
  auto credential = parse_exec_credential(*printed, config.exec->api_version);
  if (!credential) return tl::unexpected(credential.error().at(where));
  return credential;
}

}  // namespace edp::kube
