// The readers of objects: whatever the text, a record or an error, and a record keeps what its type promises.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "operator/watch/readers.h"
#include "operator/watch/store.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace edp::watch;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (auto pod = read_pod(text)) {
    if (pod->name.empty() || pod->labels == nullptr || pod->restarts < 0) std::abort();
    if (!std::is_sorted(pod->labels->begin(), pod->labels->end())) std::abort();
    if ((pod->readiness.kind == ReadinessProbe::Kind::kNone) != (pod->readiness.port == 0)) std::abort();
    if ((pod->runner != nullptr) != !label(*pod->labels, "edp.dev/run-uid").empty()) std::abort();
    const auto identity = read_identity(text);
    if (!identity || identity->name != pod->name || identity->uid != pod->uid) std::abort();
    const Symbol ns = pod->ns;
    const std::string name = pod->name;
    Store<PodRecord> store;
    store.apply({DeltaKind::kUpsert, std::move(*pod)});
    if (store.find(ns, name) == nullptr) std::abort();
  }
  if (const auto job = read_job(text); job && (job->name.empty() || job->attempt < 1)) std::abort();
  if (const auto run = read_run(text); run && (run->max_parallel < 1 || run->max_parallel > 16)) std::abort();
  (void)read_profile(text);
  (void)read_policy(text);
  (void)read_quota(text);
  return 0;
}
