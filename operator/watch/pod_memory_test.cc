// What ten thousand pods cost: bytes in the store, and time to read them. The figures are printed; only the
// bytes are judged, for time depends on the machine.
#include <gtest/gtest.h>
#include <malloc.h>

#include <cstdio>
#include <ctime>
#include <string>
#include <string_view>

#include "operator/watch/readers.h"
#include "operator/watch/splitter.h"
#include "operator/watch/store.h"
#include "operator/watch/testing/pod_json.h"

namespace edp::watch {
namespace {

constexpr int kPods = 10'000;
constexpr size_t kChunk = 16'384;  // a TLS record

size_t heap_in_use() {
  const struct mallinfo2 info = mallinfo2();
  return info.uordblks + info.hblkhd;
}

// Of this thread, so that what else runs on the machine doesn't count.
double cpu_seconds() {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kOwnAllocator = true;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
constexpr bool kOwnAllocator = true;
#else
constexpr bool kOwnAllocator = false;
#endif
#else
constexpr bool kOwnAllocator = false;
#endif

TEST(PodMemory, TenThousandPodsStayBelowEightMebibytes) {
  std::string list =
      R"({"kind":"PodList","apiVersion":"v1","metadata":{"resourceVersion":"600000"},"items":[)";
  for (int i = 0; i < kPods; ++i) {
    if (i != 0) list += ',';
    list += testing::realistic_pod(i);
  }
  list += "]}\n";

  Store<PodRecord> store;
  const size_t before = heap_in_use();
  const double begun = cpu_seconds();
  {
    ListSplitter splitter(size_t{8} << 20, [&](std::string_view item) {
      auto pod = read_pod(item);
      EXPECT_TRUE(pod);
      store.apply({DeltaKind::kUpsert, std::move(*pod)});
      return true;
    });
    for (size_t at = 0; at < list.size(); at += kChunk) {
      ASSERT_TRUE(splitter.feed(std::string_view(list).substr(at, kChunk)));
    }
    ASSERT_TRUE(splitter.complete());
  }
  const double took = cpu_seconds() - begun;
  const size_t bytes = heap_in_use() - before;
  ASSERT_EQ(store.size(), static_cast<size_t>(kPods));
  std::printf(
      "%d pods of %zu bytes: %.0f MB a CPU second, %.1f us a pod; kept: %zu bytes a pod, %.2f MiB in all, "
      "record %zu\n",
      kPods, list.size() / kPods, static_cast<double>(list.size()) / took / 1e6, took * 1e6 / kPods,
      bytes / kPods, static_cast<double>(bytes) / (1 << 20), sizeof(PodRecord));
  if (kOwnAllocator) return;  // its heap is not malloc's
  EXPECT_LT(bytes, size_t{8} << 20);
  EXPECT_GT(bytes, size_t{kPods} * sizeof(PodRecord));  // else the measure is broken
}

}  // namespace
}  // namespace edp::watch
