// A kube::Api that answers by a script: the n-th call gets the n-th answer. After the last one, calls hang
// until they are cancelled.
#pragma once

#include <algorithm>
#include <chrono>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/mutex.h"
#include "operator/kube/api.h"

namespace edp::watch::testing {

struct Asked {
  std::string path, accept;
  std::chrono::milliseconds idle{0}, timeout{0};
  uint64_t max_bytes = 0;

  [[nodiscard]] bool has(std::string_view part) const { return path.find(part) != std::string::npos; }
};

class ScriptedApi final : public kube::Api {
 public:
  using Step = std::function<kube::Answer(std::chrono::milliseconds idle, const kube::BodySink& sink,
                                          const CancelToken& cancel)>;

  void then(Step step) {
    const MutexLock lock(mutex_);
    steps_.push_back(std::move(step));
  }
  // A 200 with this body, in chunks of `chunk` bytes.
  void body(std::string text, size_t chunk = 1000) {
    then([text = std::move(text), chunk](auto /*idle*/, const kube::BodySink& sink, const CancelToken&) {
      send(text, chunk, sink);
      kube::Answer answer;
      answer.status = 200;
      return answer;
    });
  }
  // The same, but the connection breaks at the end.
  void broken(std::string text) {
    then([text = std::move(text)](auto /*idle*/, const kube::BodySink& sink, const CancelToken&) {
      send(text, 1000, sink);
      return failure(200, "connection reset by peer");
    });
  }
  // The same, but then nothing more comes: what ends it is `idle`.
  void black_hole(std::string text) {
    then([text = std::move(text)](auto idle, const kube::BodySink& sink, const CancelToken& cancel) {
      send(text, 1000, sink);
      (void)cancel.sleep_for(idle);
      return failure(200, "nothing came for too long");
    });
  }
  void refused() {
    then([](auto /*idle*/, const kube::BodySink&, const CancelToken&) {
      return failure(0, "connection refused");
    });
  }
  void status(int code, std::optional<std::chrono::seconds> retry_after = std::nullopt) {
    then([=](auto /*idle*/, const kube::BodySink&, const CancelToken&) {
      kube::Answer answer;
      answer.status = code;
      answer.retry_after = retry_after;
      answer.body = R"({"kind":"Status","status":"Failure","message":"says the script","reason":"Scripted"})";
      return answer;
    });
  }

  kube::Answer call(const kube::Call& /*what*/, const CancelToken& /*cancel*/) override {
    return failure(0, "not scripted");
  }
  kube::Answer stream(const kube::Call& what, std::chrono::milliseconds idle, const kube::BodySink& sink,
                      const CancelToken& cancel) override {
    Step step;
    {
      const MutexLock lock(mutex_);
      std::string accept;
      for (const auto& [name, value] : what.headers)
        if (name == "Accept") accept = value;
      asked_.push_back({what.path, accept, idle, what.timeout, what.max_bytes});
      if (asked_.size() <= steps_.size()) step = steps_[asked_.size() - 1];
      changed_.notify_all();
    }
    if (step) return step(idle, sink, cancel);
    (void)cancel.sleep_for(std::chrono::hours(1));
    return failure(0, "cancelled");
  }

  // Until the call after the script's last has been made; false: it wasn't, within a generous time.
  bool wait_for_end() {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    const MutexLock lock(mutex_);
    while (asked_.size() <= steps_.size())
      if (!changed_.wait_until(mutex_, deadline)) return asked_.size() > steps_.size();
    return true;
  }
  std::vector<Asked> asked() {
    const MutexLock lock(mutex_);
    return asked_;
  }

 private:
  static void send(std::string_view text, size_t chunk, const kube::BodySink& sink) {
    for (size_t at = 0; at < text.size(); at += chunk)
      if (!sink(text.substr(at, chunk))) return;
  }
  static kube::Answer failure(int status, std::string what) {
    kube::Answer answer;
    answer.status = status;
    answer.failure = Error{std::move(what)};
    return answer;
  }

  Mutex mutex_;
  CondVar changed_;
  std::vector<Step> steps_ EDP_GUARDED_BY(mutex_);
  std::vector<Asked> asked_ EDP_GUARDED_BY(mutex_);
};

}  // namespace edp::watch::testing
