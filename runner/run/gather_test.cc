#include "runner/run/gather.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "runner/run/on_demand.h"
#include "tests/support/files.h"

namespace edp::run {
namespace {

using collect::Collected;
using collect::TargetCollection;
using ::testing::HasSubstr;

constexpr const char* kDump = R"(goroutine 1 [running]:
main.main()
	/src/main.go:10 +0x1d

goroutine 7 [sync.Mutex.Lock, 3 minutes]:
sync.(*Mutex).Lock(...)
	/go/src/sync/mutex.go:90
main.work()
	/src/main.go:20 +0x44
created by main.main in goroutine 1
	/src/main.go:12 +0x30
)";

// Eleven goroutines wait for a mutex, one runs.
constexpr const char* kGoroutines = R"(goroutine profile: total 12
11 @ 0x1 0x2
#	0x1	sync.(*Mutex).Lock+0x10	/go/src/sync/mutex.go:90
#	0x2	main.work+0x44	/src/main.go:20

1 @ 0x3
#	0x3	main.main+0x1d	/src/main.go:10
)";

TargetCollection collection_of(std::vector<Collected> artefacts) {
  TargetCollection collection;
  collection.target.kind = collect::TargetKind::kUrl;
  collection.target.name = "http://127.0.0.1:1";
  for (const Collected& artefact : artefacts) {
    collection.outcomes.push_back(
        {.target = collection.target.name, .collector = artefact.collector, .outcome = "ok"});
  }
  collection.artefacts = std::move(artefacts);
  return collection;
}

Collected artefact(std::string collector, std::string bytes) {
  return {.collector = collector, .artefact = collector + ".bin", .bytes = std::move(bytes), .ended_at = 2};
}

TEST(Gather, TurnsBytesIntoFacts) {
  const Gathered gathered = gather(
      collection_of({artefact("goroutine.debug2", kDump), artefact("goroutine", kGoroutines)}), {}, {});
  EXPECT_TRUE(gathered.has_facts);
  ASSERT_EQ(gathered.facts.goroutines.size(), 1U);
  EXPECT_EQ(gathered.facts.goroutines[0].goroutines.list.size(), 2U);
  EXPECT_EQ(gathered.facts.goroutines[0].taken_at, 2);
  ASSERT_EQ(gathered.facts.profiles.size(), 1U);
  EXPECT_EQ(gathered.facts.profiles[0].kind, model::ProfileKind::kGoroutine);
  ASSERT_EQ(gathered.artefacts.size(), 2U);
  EXPECT_EQ(gathered.artefacts[0].size, std::string_view(kDump).size());
  EXPECT_EQ(goroutines_waiting_for_locks(gathered.facts), 11);
}

TEST(Gather, WhatCannotBeDecodedCostsItsCollectorOnly) {
  const Gathered gathered = gather(
      collection_of({artefact("cpu", "<!doctype html><html>"), artefact("goroutine.debug2", kDump)}), {}, {});
  EXPECT_TRUE(gathered.has_facts);
  ASSERT_EQ(gathered.outcomes.size(), 2U);
  EXPECT_EQ(gathered.outcomes[0].outcome, "failed");
  EXPECT_THAT(gathered.outcomes[0].message, HasSubstr("cpu.bin"));
  EXPECT_EQ(gathered.outcomes[1].outcome, "ok");
  EXPECT_THAT(gathered.facts.why_missing("cpu"), HasSubstr("HTML"));
  EXPECT_EQ(gathered.facts.why_missing("heap"), "not collected");
}

TEST(Gather, AFileKeepsOneOutcome) {
  TargetCollection collection = collection_of({artefact("file", "<!doctype html><html>")});
  collection.target.kind = collect::TargetKind::kFile;
  collection.outcomes[0].collector = "file.bin";
  const Gathered gathered = gather(std::move(collection), {}, {});
  ASSERT_EQ(gathered.outcomes.size(), 1U);
  EXPECT_EQ(gathered.outcomes[0].outcome, "failed");
}

TEST(Gather, ATraceBecomesATimelineAndIsKept) {
  std::string kept;
  const std::string bytes =
      ::edp::testing::read_file(::edp::testing::corpus_traces() / "go122-annotations.trace");
  const Gathered gathered = gather(collection_of({artefact("trace", bytes)}), {},
                                   [&](const Collected& seen) { kept = seen.bytes; });
  EXPECT_EQ(gathered.outcomes[0].outcome, "ok");
  EXPECT_EQ(kept, bytes);
  ASSERT_EQ(gathered.facts.traces.size(), 1U);
  EXPECT_EQ(gathered.facts.traces[0].timeline->event_count(), 90U);
  EXPECT_TRUE(gathered.has_facts);
}

TEST(Gather, AnUnreachableTargetIsAnOutcome) {
  TargetCollection collection = collection_of({});
  collection.error = Error{"connection refused", "http://127.0.0.1:1"};
  const Gathered gathered = gather(std::move(collection), {}, {});
  ASSERT_EQ(gathered.outcomes.size(), 1U);
  EXPECT_EQ(gathered.outcomes[0].message, "http://127.0.0.1:1: connection refused");
}

TEST(Gather, ALaterCollectionIsJoined) {
  Gathered first = gather(collection_of({artefact("goroutine", kGoroutines)}), {}, {});
  add(first, gather(collection_of({artefact("goroutine.debug2", kDump)}), {}, {}));
  EXPECT_EQ(first.facts.profiles.size(), 1U);
  EXPECT_EQ(first.facts.goroutines.size(), 1U);
  EXPECT_EQ(first.outcomes.size(), 2U);
  EXPECT_EQ(first.artefacts.size(), 2U);
}

}  // namespace
}  // namespace edp::run
