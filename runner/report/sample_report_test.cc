#include "runner/report/sample_report.h"

#include <limits>

#include "common/string_arena.h"
#include "runner/report/sample_profiles.h"

namespace edp::report::testing {
namespace {

using model::Basis;
using model::ProfileFact;
using model::ProfileKind;
using model::RuleStatus;
using model::Severity;

constexpr const char* kTarget = "http://orders-api.shop.svc:6060";

// Frames that many stacks share.
const std::string kServe =
    "net/http.(*conn).serve@/usr/local/go/src/net/http/server.go:2092;net/http.serverHandler.ServeHTTP@/usr/"
    "local/"
    "go/src/net/http/server.go:3210;net/http.(*ServeMux).ServeHTTP@/usr/local/go/src/net/http/server.go:2747;"
    "net/http.HandlerFunc.ServeHTTP@/usr/local/go/src/net/http/server.go:2220";
const std::string kQuote = kServe + ";main.(*API).Quote@/src/orders/api.go:88";
const std::string kSubmit = kServe + ";main.(*API).Submit@/src/orders/api.go:131";
const std::string kPut = ";main.(*PriceCache).Put@/src/orders/cache/price.go:57";
const std::string kStore = ";sync.(*Map).Store@/usr/local/go/src/sync/map.go:312";
const std::string kSwap = ";sync.(*Map).Swap@/usr/local/go/src/sync/map.go:357";
const std::string kIndex = ";main.(*OrderIndex).Add@/src/orders/index.go:44";

model::Profile cpu_profile() {
  const auto ms = [](int64_t n) { return std::vector<int64_t>{n / 10, n * 1'000'000}; };
  model::Profile profile = make_profile(
      {{"samples", "count"}, {"cpu", "nanoseconds"}},
      {
          {kQuote + kPut + kStore + kSwap + ";sync.(*Map).dirtyLocked@/usr/local/go/src/sync/map.go:437",
           ms(4180)},
          {kQuote + kPut + kStore + kSwap +
               ";sync.(*Map).dirtyLocked@/usr/local/go/src/sync/map.go:437;runtime.mapassign@/usr/local/go/"
               "src/"
               "runtime/map.go:635",
           ms(2310)},
          {kQuote + kPut + kStore + kSwap +
               ";sync.(*Map).dirtyLocked@/usr/local/go/src/sync/map.go:437;runtime.mapassign@/usr/local/go/"
               "src/"
               "runtime/map.go:635;runtime.growWork@/usr/local/go/src/runtime/map.go:1175;runtime.evacuate@/"
               "usr/"
               "local/go/src/runtime/map.go:1242",
           ms(1120)},
          {kQuote + kPut + kStore + kSwap +
               ";runtime.newobject@/usr/local/go/src/runtime/malloc.go:1386;runtime.mallocgc@/usr/local/go/"
               "src/"
               "runtime/malloc.go:1029",
           ms(640)},
          {kQuote + kPut + kStore + kSwap +
               ";sync.(*Mutex).Lock@/usr/local/go/src/sync/mutex.go:92;sync.(*Mutex)."
               "lockSlow@/usr/local/go/src/sync/mutex.go:173;runtime.procyield@/usr/local/go/src/runtime/"
               "asm_amd64.s:814",
           ms(930)},
          {kQuote + ";encoding/json.Marshal@/usr/local/go/src/encoding/json/encode.go:161;encoding/json."
                    "(*encodeState).marshal@/usr/local/go/src/encoding/json/encode.go:300;encoding/"
                    "json.structEncoder."
                    "encode@/usr/local/go/src/encoding/json/encode.go:704",
           ms(1510)},
          {kQuote + ";main.(*PriceCache).Get@/src/orders/cache/price.go:41;sync.(*Map).Load@/usr/local/go/"
                    "src/sync/"
                    "map.go:122",
           ms(720)},
          {kQuote + ";main.(*PriceCache).Get@/src/orders/cache/price.go:41;sync.(*Map).Load@/usr/local/go/"
                    "src/sync/"
                    "map.go:129;sync.(*Map).missLocked@/usr/local/go/src/sync/map.go:420",
           ms(130)},
          {kSubmit + kIndex + ";runtime.mapassign_faststr@/usr/local/go/src/runtime/map_faststr.go:205",
           ms(860)},
          {kSubmit + kIndex +
               ";runtime.mapassign_faststr@/usr/local/go/src/runtime/"
               "map_faststr.go:205;runtime.growWork_faststr@/"
               "usr/local/go/src/runtime/map_faststr.go:399;runtime.evacuate_faststr@/usr/local/go/src/"
               "runtime/"
               "map_faststr.go:410",
           ms(990)},
          {kSubmit +
               ";github.com/jackc/pgx/v5.(*Conn).Exec@/go/pkg/mod/github.com/jackc/pgx/v5@v5.5.0/conn.go:429;"
               "github.com/jackc/pgx/v5/pgconn.(*PgConn).Exec@/go/pkg/mod/github.com/jackc/pgx/v5@v5.5.0/"
               "pgconn/"
               "pgconn.go:1012;internal/poll.(*FD).Write@/usr/local/go/src/internal/poll/"
               "fd_unix.go:380;syscall."
               "Syscall@/usr/local/go/src/syscall/syscall_linux.go:69",
           ms(1340)},
          {kServe + ";main.(*API).Quote.func1@/src/orders/api.go:97", ms(190)},
          {"runtime.gcBgMarkWorker@/usr/local/go/src/runtime/mgc.go:1385;runtime.gcDrain@/usr/local/go/src/"
           "runtime/"
           "mgcmark.go:1170;runtime.scanobject@/usr/local/go/src/runtime/mgcmark.go:1446",
           ms(2070)},
          {"runtime.mcall@/usr/local/go/src/runtime/asm_amd64.s:458;runtime.schedule@/usr/local/go/src/"
           "runtime/proc."
           "go:3975;runtime.findRunnable@/usr/local/go/src/runtime/proc.go:3354",
           ms(610)},
      });
  profile.period_type = {"cpu", "nanoseconds"};
  profile.period = 10'000'000;
  profile.duration_nanos = 10'000'000'000;
  return profile;
}

model::Profile heap_profile(int64_t step) {
  constexpr int64_t kMiB = 1 << 20;
  const auto heap = [&](int64_t alloc_mib, int64_t inuse_mib, int64_t object) {
    return std::vector<int64_t>{alloc_mib * step * kMiB / object, alloc_mib * step * kMiB,
                                inuse_mib * step * kMiB / object, inuse_mib * step * kMiB};
  };
  model::Profile profile =
      make_profile({{"alloc_objects", "count"},
                    {"alloc_space", "bytes"},
                    {"inuse_objects", "count"},
                    {"inuse_space", "bytes"}},
                   {
                       {kQuote + kPut + kStore + kSwap +
                            ";sync.(*Map).dirtyLocked@/usr/local/go/src/sync/map.go:437;runtime."
                            "mapassign@/usr/local/go/src/runtime/map.go:635;runtime.hashGrow@/usr/local/go/"
                            "src/runtime/map.go:1090;"
                            "runtime.makeBucketArray@/usr/local/go/src/runtime/map.go:399",
                        heap(2310, 61, 4096)},
                       {kQuote + kPut + kStore + kSwap + ";sync.newEntry@/usr/local/go/src/sync/map.go:107",
                        heap(940, 33, 16)},
                       {kSubmit + kIndex +
                            ";runtime.mapassign_faststr@/usr/local/go/src/runtime/map_faststr.go:205;runtime."
                            "hashGrow@/usr/local/go/src/runtime/map.go:1090;runtime.makeBucketArray@/usr/"
                            "local/go/src/runtime/"
                            "map.go:399",
                        heap(512, 256, 65536)},
                       {kSubmit + ";main.newOrder@/src/orders/order.go:19", heap(310, 84, 240)},
                       {kQuote + ";encoding/json.Marshal@/usr/local/go/src/encoding/json/encode.go:161",
                        heap(1420, 2, 512)},
                       {"main.main@/src/orders/main.go:31;main.loadCatalogue@/src/orders/catalogue.go:66",
                        heap(44, 44, 1024)},
                   });
  profile.period_type = {"space", "bytes"};
  profile.period = 524288;
  return profile;
}

model::Profile mutex_profile() {
  return make_profile(
      {{"contentions", "count"}, {"delay", "nanoseconds"}},
      {{kQuote + kPut + kStore + kSwap + ";sync.(*Mutex).Unlock@/usr/local/go/src/sync/mutex.go:223",
        {184'220, 41'800'000'000}},
       {kSubmit + kIndex + ";sync.(*RWMutex).Unlock@/usr/local/go/src/sync/rwmutex.go:207",
        {9'130, 3'120'000'000}}});
}

ProfileFact profile_fact(ProfileKind kind, double taken_at, std::string artefact, model::Profile profile) {
  return {.kind = kind,
          .window_seconds = kind == ProfileKind::kCpu ? 10.0 : 0.0,
          .taken_at = taken_at,
          .artefact = std::move(artefact),
          .profile = std::move(profile)};
}

void add_goroutines(model::Goroutines& to, size_t count, std::string_view state, int64_t wait,
                    const std::vector<model::GoroutineFrame>& frames, model::GoroutineFrame created_by) {
  for (size_t i = 0; i < count; ++i) {
    model::Goroutine goroutine;
    goroutine.id = to.list.size() * 7 + 18;
    goroutine.state = state;
    goroutine.wait_minutes = wait > 0 ? 1 + static_cast<int64_t>(i) % wait : 0;
    goroutine.frames = frames;
    goroutine.created_by = created_by;
    goroutine.creator_id = 1;
    to.list.push_back(std::move(goroutine));
  }
}

model::GoroutineFrame frame(std::string_view function, std::string_view file, int64_t line) {
  return {.function = function, .arguments = {}, .file = file, .line = line};
}

model::Goroutines goroutines(size_t leaked) {
  constexpr const char* kServer = "/usr/local/go/src/net/http/server.go";
  const auto by_serve = frame("net/http.(*Server).Serve", kServer, 3360);
  model::Goroutines out;
  add_goroutines(out, leaked, "chan send", 9,
                 {frame("main.(*Notifier).push", "/src/orders/notify.go", 73),
                  frame("main.(*API).Submit.func2", "/src/orders/api.go", 149)},
                 frame("main.(*API).Submit", "/src/orders/api.go", 148));
  add_goroutines(out, 212, "sync.Mutex.Lock", 0,
                 {frame("sync.runtime_SemacquireMutex", "/usr/local/go/src/runtime/sema.go", 95),
                  frame("sync.(*Mutex).lockSlow", "/usr/local/go/src/sync/mutex.go", 173),
                  frame("sync.(*Map).Swap", "/usr/local/go/src/sync/map.go", 357),
                  frame("main.(*PriceCache).Put", "/src/orders/cache/price.go", 57),
                  frame("main.(*API).Quote", "/src/orders/api.go", 88)},
                 by_serve);
  add_goroutines(out, 96, "IO wait", 3,
                 {frame("internal/poll.runtime_pollWait", "/usr/local/go/src/runtime/netpoll.go", 351),
                  frame("net.(*conn).Read", "/usr/local/go/src/net/net.go", 189),
                  frame("net/http.(*connReader).Read", kServer, 789)},
                 by_serve);
  add_goroutines(out, 1, "running", 0,
                 {frame("main.(*PriceCache).Put", "/src/orders/cache/price.go", 57),
                  frame("main.(*API).Quote", "/src/orders/api.go", 88)},
                 by_serve);
  add_goroutines(out, 1, "select", 0, {frame("main.main", "/src/orders/main.go", 58)}, {});
  return out;
}

model::MemoryStats memory(double taken_at, std::string artefact, uint64_t step) {
  model::MemoryStats stats;
  stats.artefact = std::move(artefact);
  stats.taken_at = taken_at;
  stats.alloc = stats.heap_alloc = (410U << 20U) + step * (37U << 20U);
  stats.total_alloc = (88ULL << 30U) + step * (5ULL << 30U);
  stats.sys = 1384U << 20U;
  stats.mallocs = 912'340'118 + step * 48'120'334;
  stats.frees = 905'118'902 + step * 47'602'110;
  stats.heap_sys = 1290U << 20U;
  stats.heap_idle = (790U << 20U) - step * (30U << 20U);
  stats.heap_inuse = (500U << 20U) + step * (30U << 20U);
  stats.heap_released = 120U << 20U;
  stats.heap_objects = 7'221'216 + step * 518'224;
  stats.stack_inuse = 9U << 20U;
  stats.next_gc = 812U << 20U;
  stats.gc_count = 1840 + step * 22;
  stats.gc_pause_total_ns = 912'000'000 + step * 14'000'000;
  stats.gc_cpu_fraction = 0.117;
  stats.goroutines = 1200 + step * 410;
  stats.gomaxprocs = 8;
  stats.go_version = "go1.23.12";
  return stats;
}

model::SourceLocation put_line(std::string role) {
  return {.function = "main.(*PriceCache).Put",
          .file = "/src/orders/cache/price.go",
          .line = 57,
          .role = std::move(role),
          .source = "\tc.prices.Store(sku, &Price{Value: v, At: now})"};
}

model::Finding write_heavy() {
  return {
      .rule = "GO-SYNCMAP-WRITE-HEAVY",
      .severity = Severity::kCritical,
      .title = "main.(*PriceCache).Put writes to its sync.Map far more than it reads",
      .summary =
          "52.2% of the CPU goes into storing to one sync.Map, and reads take 4.8%. Every Store of a new key "
          "copies the read map into a new dirty map under one lock; 212 goroutines stand behind it now.",
      .evidence = {{.name = "CPU in stores",
                    .value = 52.2,
                    .unit = "percent",
                    .threshold = 10,
                    .basis = Basis::kSampled,
                    .artefact = "cpu.pb.gz",
                    .note = ""},
                   {.name = "Stores for each load, by CPU",
                    .value = 10.8,
                    .unit = "ratio",
                    .threshold = 1,
                    .basis = Basis::kInferred,
                    .artefact = "cpu.pb.gz",
                    .note = "CPU time stands for calls: a store costs more than a load."},
                   {.name = "Wait for the map's lock",
                    .value = 41.8e9,
                    .unit = "nanoseconds",
                    .threshold = {},
                    .basis = Basis::kSampled,
                    .artefact = "mutex.pb.gz",
                    .note = "Since the process began."},
                   {.name = "Goroutines in Swap's lock",
                    .value = 212,
                    .unit = "goroutines",
                    .threshold = 50,
                    .basis = Basis::kMeasured,
                    .artefact = "goroutine.txt",
                    .note = ""}},
      .location = put_line("map operation"),
      .related = {{.function = "main.(*API).Quote",
                   .file = "/src/orders/api.go",
                   .line = 88,
                   .role = "waiter",
                   .source = "\ta.cache.Put(sku, price)"},
                  {.function = "main.(*PriceCache).Get",
                   .file = "/src/orders/cache/price.go",
                   .line = 41,
                   .role = "map operation",
                   .source = "\tv, ok := c.prices.Load(sku)"}},
      .advice =
          "Replace the sync.Map by a map with a sync.RWMutex, split into 32 or more shards by the key's "
          "hash. "
          "sync.Map pays only where keys are written once and read many times; here stores outweigh loads by "
          "10.8 to 1. If entries may be dropped under memory pressure, a cache library (otter, ristretto) "
          "does "
          "the sharding and bounds the size as well.",
      .fingerprint = "6f1c0b7a52d94e10",
      .target = kTarget};
}

model::Finding leak() {
  return {
      .rule = "GO-GOROUTINE-LEAK",
      .severity = Severity::kCritical,
      .title = "main.(*API).Submit leaks a goroutine a request: 1,310 now, 820 more than 30 s ago",
      .summary =
          "Each stands in a channel send at notify.go:73 that nobody receives. The oldest has waited for 9 "
          "minutes; none of them ends.",
      .evidence = {{.name = "Goroutines of this group",
                    .value = 1310,
                    .unit = "goroutines",
                    .threshold = 100,
                    .basis = Basis::kMeasured,
                    .artefact = "goroutine.2.txt",
                    .note = ""},
                   {.name = "Growth",
                    .value = 27.3,
                    .unit = "per_second",
                    .threshold = 1,
                    .basis = Basis::kMeasured,
                    .artefact = "goroutine.2.txt",
                    .note = "From two dumps 30 s apart."},
                   {.name = "Longest wait",
                    .value = 9,
                    .unit = "minutes",
                    .threshold = {},
                    .basis = Basis::kMeasured,
                    .artefact = "goroutine.2.txt",
                    .note = ""}},
      .location = {.function = "main.(*Notifier).push",
                   .file = "/src/orders/notify.go",
                   .line = 73,
                   .role = "waiter",
                   .source = "\tn.events <- e"},
      .related = {{.function = "main.(*API).Submit",
                   .file = "/src/orders/api.go",
                   .line = 148,
                   .role = "created by",
                   .source = "\tgo func() { a.notifier.push(e) }()"}},
      .advice =
          "Give the send a way out: select on the request's context beside the channel, or make the channel "
          "buffered and drop events when it is full. Bounding the number of notifiers also bounds memory.",
      .fingerprint = "a41d7726c2ff8e03",
      .target = kTarget};
}

model::Finding growth() {
  return {
      .rule = "GO-HEAP-BUCKET-GROWTH",
      .severity = Severity::kWarning,
      .title = "main.(*OrderIndex).Add grows its map by doubling: 256 MiB of buckets in use",
      .summary =
          "Half of the heap in use is one map's bucket array. During a growth the old array stays beside "
          "the new one, so the next doubling needs 768 MiB at once.",
      .evidence = {{.name = "Buckets in use",
                    .value = 256.0 * 1024 * 1024,
                    .unit = "bytes",
                    .threshold = 64.0 * 1024 * 1024,
                    .basis = Basis::kSampled,
                    .artefact = "heap.pb.gz",
                    .note = ""},
                   {.name = "CPU in growth",
                    .value = 5.6,
                    .unit = "percent",
                    .threshold = 5,
                    .basis = Basis::kSampled,
                    .artefact = "cpu.pb.gz",
                    .note = ""}},
      .location = {.function = "main.(*OrderIndex).Add",
                   .file = "/src/orders/index.go",
                   .line = 44,
                   .role = "allocation",
                   .source = "\tix.byID[o.ID] = o"},
      .related = {},
      .advice =
          "Give make() the size it will reach (about 3.4 million entries), or shard the index so that one "
          "shard's growth is small.",
      .fingerprint = "0be2917755aa01c9",
      .target = kTarget};
}

model::Finding gc_share() {
  return {.rule = "GO-MAP-GROWTH-GC",
          .severity = Severity::kInfo,
          .title = "Map growth behind main.(*PriceCache).Put makes a third of all garbage",
          .summary = "42% of allocated bytes are bucket arrays that live for less than a second.",
          .evidence = {{.name = "Bytes allocated by growth",
                        .value = 42,
                        .unit = "percent",
                        .threshold = 50,
                        .basis = Basis::kSampled,
                        .artefact = "heap.pb.gz",
                        .note = ""}},
          .location = put_line("allocation"),
          .related = {},
          .advice = "Goes away with the sync.Map: see GO-SYNCMAP-WRITE-HEAVY at the same line.",
          .fingerprint = "77c81d20e9b3f4a6",
          .target = kTarget};
}

void add_rules(model::Report& report) {
  const auto add = [&](std::string rule, RuleStatus status, std::string reason = "") {
    report.rules.push_back(
        {.rule = std::move(rule), .target = kTarget, .status = status, .reason = std::move(reason)});
  };
  add("GO-SYNCMAP-WRITE-HEAVY", RuleStatus::kFired);
  add("GO-SYNCMAP-MISS-STORM", RuleStatus::kClean);
  add("GO-SYNCMAP-RANGE", RuleStatus::kClean);
  add("GO-SYNCMAP-KEY-CHURN", RuleStatus::kClean);
  add("GO-MAP-ASSIGN-HOT", RuleStatus::kClean);
  add("GO-MAP-GROWTH-HOT", RuleStatus::kClean);
  add("GO-MAP-GROWTH-GC", RuleStatus::kFired);
  add("GO-MAP-ITERATION-HOT", RuleStatus::kClean);
  add("GO-MAP-LOCK-CONVOY", RuleStatus::kCannotTell,
      "The block profile is missing (404 Not Found): import net/http/pprof with "
      "runtime.SetBlockProfileRate(10000) to "
      "get it.");
  add("GO-HEAP-BUCKET-GROWTH", RuleStatus::kFired);
  add("GO-HEAP-FRAGMENTATION", RuleStatus::kClean);
  add("GO-MAP-VALUE-ESCAPE", RuleStatus::kCannotTell,
      "Two heap profiles of the same kind are needed; the second one timed out after 30 s.");
  add("GO-BLOCKED-CHAIN", RuleStatus::kClean);
  add("GO-GOROUTINE-LEAK", RuleStatus::kFired);
  add("GO-MAP-CONCURRENT-WRITE", RuleStatus::kNotApplicable, "No log of the process was given.");
  add("GO-ALLOC-RATE-JUMP", RuleStatus::kClean);
}

void add_collectors(model::Report& report) {
  const auto add = [&](std::string name, std::string outcome, double seconds, uint64_t bytes,
                       std::string message = "") {
    report.collectors.push_back({.target = kTarget,
                                 .collector = std::move(name),
                                 .outcome = std::move(outcome),
                                 .message = std::move(message),
                                 .seconds = seconds,
                                 .bytes = bytes});
  };
  add("cpu", "ok", 10.21, 48'213);
  add("heap", "ok", 0.182, 31'904);
  add("heap.delta", "timeout", 30.0, 0, "no answer within 30 s");
  add("goroutine.debug2", "ok", 0.644, 1'982'440);
  add("mutex", "ok", 0.051, 9'214);
  add("block", "absent", 0.012, 0, "404 Not Found");
  add("memstats", "ok", 0.038, 3'118);
  add("trace", "partial", 2.01, 7'340'032, "stopped at the limit of 7 MiB");
  const auto artefact = [&](std::string name, std::string type, uint64_t size, char digit) {
    report.artefacts.push_back({.name = std::move(name),
                                .target = kTarget,
                                .media_type = std::move(type),
                                .size = size,
                                .sha256 = std::string(64, digit)});
  };
  artefact("cpu.pb.gz", "application/gzip", 48'213, 'a');
  artefact("heap.pb.gz", "application/gzip", 31'904, 'b');
  artefact("heap.2.pb.gz", "application/gzip", 33'120, 'c');
  artefact("goroutine.txt", "text/plain", 991'220, 'd');
  artefact("goroutine.2.txt", "text/plain", 991'220, 'e');
  artefact("mutex.pb.gz", "application/gzip", 9'214, 'f');
  artefact("trace.out", "application/octet-stream", 7'340'032, '0');
}

}  // namespace

model::Report sample_report() {
  model::Facts facts;
  facts.target = kTarget;
  facts.go_version = "go1.23.12";
  facts.rates.mutex_fraction = 100;
  facts.profiles.push_back(profile_fact(ProfileKind::kHeap, 0.4, "heap.pb.gz", heap_profile(1)));
  facts.profiles.push_back(profile_fact(ProfileKind::kCpu, 10.2, "cpu.pb.gz", cpu_profile()));
  facts.profiles.push_back(profile_fact(ProfileKind::kMutex, 10.3, "mutex.pb.gz", mutex_profile()));
  facts.profiles.push_back(profile_fact(ProfileKind::kHeap, 30.6, "heap.2.pb.gz", heap_profile(2)));
  facts.goroutines.push_back({.taken_at = 0.7, .artefact = "goroutine.txt", .goroutines = goroutines(490)});
  facts.goroutines.push_back(
      {.taken_at = 30.7, .artefact = "goroutine.2.txt", .goroutines = goroutines(1310)});
  for (uint64_t step = 0; step < 4; ++step) {
    facts.memory.push_back(memory(0.4 + 10.1 * static_cast<double>(step), "heap.debug1.txt", step));
  }
  facts.missing = {{.collector = "block", .reason = "404 Not Found"},
                   {.collector = "heap.delta", .reason = "no answer within 30 s"}};

  model::Report report;
  report.run_id = "orders-api-20260504-031200";
  report.started = std::chrono::system_clock::time_point(std::chrono::milliseconds(1777864320123));
  report.seconds = 31.4;
  report.profile = "prod-k8s";
  report.gate = "CRITICAL";
  report.exit_status = 2;
  report.tool_version = "0.1.0";
  report.findings = {write_heavy(), leak(), growth(), gc_share()};
  add_rules(report);
  add_collectors(report);
  report.targets.push_back(std::move(facts));
  return report;
}

model::Report clean_report() {
  model::Report report = sample_report();
  report.findings.clear();
  report.exit_status = 0;
  for (model::RuleOutcome& outcome : report.rules) {
    if (outcome.status == RuleStatus::kFired) outcome.status = RuleStatus::kClean;
  }
  report.collectors.resize(2);
  report.artefacts.resize(2);
  report.targets[0].profiles.resize(2);
  report.targets[0].goroutines.clear();
  report.targets[0].memory.clear();
  report.targets[0].missing.clear();
  report.targets[0].rates.mutex_fraction = 0;
  return report;
}

model::Report hostile_report() {
  const std::string script =
      "</script><script>window.broken = true</script><img src=x onerror=\"window.broken=true\">";
  const std::string bytes = "\x1b[2J\x1b]0;owned\x07\r\nX\xff\xc0\x80\xed\xa0\x80 \xe2\x80\xae txt ]]>\x01";
  model::Facts facts;
  facts.target = "http://" + script;
  facts.go_version = bytes;
  facts.profiles.push_back(
      profile_fact(ProfileKind::kCpu, 1, script,
                   make_profile({{"samples", "count"}, {"cpu", "<b>nanoseconds</b>"}},
                                {{script + ";" + bytes, {1, INT64_MAX}},
                                 {"__proto__;constructor;" + std::string(5000, 'x'), {2, -5}},
                                 {"<!--;toString", {9'007'199'254'740'993, 1}}})));
  facts.memory.emplace_back().gc_cpu_fraction = std::numeric_limits<double>::infinity();
  facts.memory.back().mallocs = UINT64_MAX;
  auto arena = std::make_shared<StringArena>();
  model::Goroutines dump;
  add_goroutines(dump, 2, arena->add(script), 2, {frame(arena->add(bytes), arena->add(script), -1)},
                 frame(arena->add(script), arena->add(bytes), 1));
  dump.fatal_error = arena->add(script);
  dump.problems = {bytes};
  dump.storage = arena;
  facts.goroutines.push_back({.taken_at = 1, .artefact = bytes, .goroutines = std::move(dump)});

  model::Report report;
  report.run_id = script;
  report.profile = bytes;
  report.gate = "INFO";
  report.exit_status = 2;
  report.tool_version = script;
  report.findings.push_back(
      {.rule = "GO-SYNCMAP-RANGE",
       .severity = Severity::kCritical,
       .title = script + bytes,
       .summary = bytes + script,
       .evidence = {{.name = script,
                     .value = std::numeric_limits<double>::quiet_NaN(),
                     .unit = bytes,
                     .threshold = std::numeric_limits<double>::infinity(),
                     .basis = Basis::kInferred,
                     .artefact = script,
                     .note = bytes}},
       .location = {.function = script, .file = bytes, .line = -7, .role = script, .source = script},
       .related = {{.function = bytes, .file = script, .line = INT64_MAX, .role = bytes, .source = bytes}},
       .advice = script + bytes,
       .fingerprint = script,
       .target = facts.target});
  report.rules.push_back(
      {.rule = "GO-SYNCMAP-RANGE", .target = facts.target, .status = RuleStatus::kFired, .reason = ""});
  report.rules.push_back({.rule = "GO-MAP-ASSIGN-HOT",
                          .target = facts.target,
                          .status = RuleStatus::kCannotTell,
                          .reason = script + bytes});
  report.collectors.push_back({.target = facts.target,
                               .collector = script,
                               .outcome = "failed",
                               .message = bytes + script,
                               .seconds = std::numeric_limits<double>::quiet_NaN(),
                               .bytes = UINT64_MAX});
  report.artefacts.push_back(
      {.name = script, .target = bytes, .media_type = bytes, .size = UINT64_MAX, .sha256 = ""});
  report.targets.push_back(std::move(facts));
  return report;
}

}  // namespace edp::report::testing
