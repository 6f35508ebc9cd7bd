// Carries out acts as EDP does, for run.py and its kills: the intention into the audit, then the act itself
// (a line in a file), then the outcome.
//   edp-audit-load LOG ACTS FROM TO THREADS [KEY] [MAX_BYTES]
// Acts FROM to TO-1, shared by the threads. Prints "N acts/s" at the end. Exit status 3: an act was refused
// (standard error says why); it goes on with the next.
#include <fcntl.h>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <thread>
#include <vector>

#include "common/audit/journal.h"
#include "common/descriptor.h"

namespace {

edp::audit::Act act_of(int number) {
  return {.what = "collect",
          .actor = {.kind = edp::audit::ActorKind::kLocal, .name = "load", .known = "test"},
          .target = {.url = "http://10.0.0.1:6060/" + std::to_string(number)},
          .why = {.run = "act-" + std::to_string(number)}};
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 6) return 1;
  const int from = std::atoi(argv[3]);
  const int to = std::atoi(argv[4]);
  const int threads = std::atoi(argv[5]);
  auto log = edp::audit::Log::open(
      {.path = argv[1],
       .key_file = argc > 6 ? argv[6] : "",
       .writer = "edp-audit-load",
       .max_bytes = argc > 7 ? std::strtoull(argv[7], nullptr, 10) : uint64_t{64} << 20});
  if (!log) {
    (void)std::fprintf(stderr, "%s\n", log.error().to_string().c_str());
    return 1;
  }
  edp::audit::Journal journal(**log);
  const edp::Descriptor acts(
      ::open(argv[2], O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600));  // NOLINT(*-vararg)
  std::atomic<int> next{from};
  std::atomic<int> refused{0};
  const auto began = std::chrono::steady_clock::now();
  const auto work = [&] {
    for (int number = next++; number < to; number = next++) {
      edp::audit::Act act = act_of(number);
      const auto intent = journal.intend(act);
      if (!intent) {
        if (refused++ == 0) (void)std::fprintf(stderr, "refused: %s\n", intent.error().to_string().c_str());
        continue;
      }
      (void)edp::write_all(acts.get(), std::to_string(number) + "\n");
      act.outcome = edp::audit::Outcome::kDone;
      act.intent = *intent;
      journal.finish({act});
    }
  };
  std::vector<std::thread> workers;
  for (int i = 0; i < threads; ++i) workers.emplace_back(work);
  for (std::thread& worker : workers) worker.join();
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
  std::printf("%.0f acts/s, %d done, %d refused\n", (to - from - refused) / took.count(), to - from - refused,
              refused.load());
  return refused > 0 ? 3 : 0;
}
