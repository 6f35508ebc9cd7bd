#include "runner/decode/go_text/go_text.h"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "runner/decode/go_text/traceback_line.h"
#include "tests/support/files.h"

namespace edp::decode {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

model::Goroutines read(const std::string& text) {
  auto decoded = decode(text, "dump");
  EXPECT_TRUE(decoded) << decoded.error().to_string();
  return decoded ? std::move(*decoded->goroutines) : model::Goroutines{};
}

std::string real(const std::string& path) {
  return edp::testing::read_file(std::string(EDP_SOURCE_DIR "/tests/data/go_forms/") + path);
}

nlohmann::json as_json(const model::GoroutineFrame& frame) {
  return {{"Func", frame.function}, {"File", frame.file}, {"Line", frame.line}};
}

// In the form of gostackparse's golden files.
nlohmann::json as_json(const model::Goroutine& goroutine) {
  nlohmann::json stack = nlohmann::json::array();
  for (const auto& frame : goroutine.frames) stack.push_back(as_json(frame));
  return {{"ID", goroutine.id},
          {"State", goroutine.state},
          {"Wait", goroutine.wait_minutes * 60'000'000'000},
          {"LockedToThread", goroutine.locked_to_thread},
          {"Stack", stack},
          {"FramesElided", goroutine.frames_elided},
          {"CreatedBy",
           goroutine.created_by.function.empty() ? nlohmann::json() : as_json(goroutine.created_by)}};
}

// Where gostackparse drops a damaged goroutine, EDP keeps what could be read of it, with a problem.
TEST(GoText, EqualsGostackparsesGoldens) {
  size_t cases = 0;
  for (const auto& entry : std::filesystem::directory_iterator(edp::testing::corpus() / "gostackparse")) {
    if (entry.path().extension() != ".txt") continue;
    auto golden_path = entry.path();
    golden_path.replace_extension(".golden.json");
    const auto golden = nlohmann::json::parse(edp::testing::read_file(golden_path));
    const auto decoded = go_text::decode_text(edp::testing::read_file(entry.path()), {});
    ++cases;
    if (entry.path().stem() == "empty_input") {
      EXPECT_FALSE(decoded);
      continue;
    }
    ASSERT_TRUE(decoded) << entry.path() << decoded.error().to_string();
    EXPECT_EQ(decoded->problems.size(), golden["Errors"].is_null() ? 0 : golden["Errors"].size())
        << entry.path();
    size_t next = 0;
    for (nlohmann::json expected : golden["Goroutines"]) {
      expected.erase("Ancestor");
      const auto& list = decoded->goroutines->list;
      while (next < list.size() && list[next].id != expected["ID"]) ++next;
      ASSERT_LT(next, list.size()) << entry.path() << ": goroutine " << expected["ID"] << " is not there";
      EXPECT_EQ(as_json(list[next]), expected) << entry.path();
    }
    if (golden["Errors"].is_null()) {
      EXPECT_EQ(decoded->goroutines->list.size(), golden["Goroutines"].size());
    }
  }
  EXPECT_EQ(cases, 13u);
}

TEST(GoText, ReadsARealDump) {
  const model::Goroutines dump = read(real("go1.26.8/goroutine.debug2.txt"));
  EXPECT_THAT(dump.problems, IsEmpty());
  EXPECT_FALSE(dump.truncated);
  ASSERT_THAT(dump.list, SizeIs(5));
  EXPECT_EQ(dump.list[0].state, "running");
  EXPECT_EQ(dump.list[1].state, "chan receive");
  EXPECT_EQ(dump.list[2].state, "sync.WaitGroup.Wait");
  EXPECT_TRUE(dump.list[2].locked_to_thread);
  EXPECT_EQ(dump.list[3].state, "select (no cases)");
  const model::Goroutine& waiter = dump.list[4];
  EXPECT_EQ(waiter.state, "sync.Mutex.Lock");
  EXPECT_EQ(waiter.creator_id, 1u);
  EXPECT_EQ(waiter.created_by.function, "main.main");
  EXPECT_EQ(waiter.frames.at(1).arguments, "0x857f68");  // the lock
  EXPECT_EQ(waiter.frames.at(4).function, "main.put");
  EXPECT_EQ(waiter.frames.at(4).arguments, "0xffffffffffffffff");
  EXPECT_EQ(waiter.frames.at(4).file, "example.com/shop/main.go");
  EXPECT_EQ(waiter.frames.at(4).line, 30);
}

TEST(GoText, NamesTheFatalErrorOfACrash) {
  for (const char* version : {"go1.21.13", "go1.26.8"}) {
    const model::Goroutines dump = read(real(std::string(version) + "/crash.txt"));
    EXPECT_EQ(dump.fatal_error, "concurrent map writes");
    ASSERT_FALSE(dump.list.empty());
    EXPECT_EQ(dump.list[0].state, "running");
    EXPECT_THAT(dump.problems, IsEmpty());
  }
}

// As kubectl logs --timestamps gives it, with the log of others between, and behind much log.
TEST(GoText, FindsACrashInALog) {
  std::string log;
  for (int i = 0; i < 300; ++i)
    log += "2026-11-23T19:08:22.100000001Z {\"level\":\"info\",\"msg\":\"order (stored)\"}\n";
  log +=
      "2026-11-23T19:08:22.123456789Z fatal error: concurrent map writes\n"
      "2026-11-23T19:08:22.123456789Z \n"
      "2026-11-23T19:08:22.123456789Z goroutine 22 gp=0xc000007 m=3 mp=0x5 [running]:\n"
      "2026-11-23T19:08:22.123456789Z internal/runtime/maps.fatal({0x652046?, 0x0?})\n"
      "2026-11-23T19:08:22.123456790Z \truntime/panic.go:1181 +0x18 fp=0xc00007 sp=0xc00006 pc=0x43\n"
      "2026-11-23T19:08:22.123456790Z main.(*Store[...]).Put(...)\n"
      "2026-11-23T19:08:22.123456791Z request done (200)\n"
      "2026-11-23T19:08:22.123456791Z \tC:/shop/store.go:55\n"
      "2026-11-23T19:08:22.123456792Z created by main.main in goroutine 1\n"
      "2026-11-23T19:08:22.123456792Z \tC:/shop/main.go:9 +0x25\n"
      "2026-11-23T19:08:22.123456793Z exit status 2\n";
  const model::Goroutines dump = read(log);
  EXPECT_EQ(dump.fatal_error, "concurrent map writes");
  ASSERT_THAT(dump.list, SizeIs(1));
  EXPECT_EQ(dump.list[0].id, 22u);
  ASSERT_THAT(dump.list[0].frames, SizeIs(2));
  EXPECT_EQ(dump.list[0].frames[0].line, 1181);
  EXPECT_EQ(dump.list[0].frames[1].function, "main.(*Store[...]).Put");
  EXPECT_EQ(dump.list[0].frames[1].file, "C:/shop/store.go");
  EXPECT_EQ(dump.list[0].created_by.line, 9);
  EXPECT_THAT(dump.problems, SizeIs(1));  // the request's line
}

TEST(GoText, ACutDumpGivesWhatIsThere) {
  const std::string whole = real("go1.26.8/goroutine.debug2.txt");
  for (size_t size = 30; size < whole.size(); ++size) {
    const auto decoded = go_text::decode_text(whole.substr(0, size), {});
    ASSERT_TRUE(decoded) << size;
    ASSERT_FALSE(decoded->goroutines->list.empty());
  }
  const model::Goroutines cut = read(whole.substr(0, whole.find("\tinternal/sync/mutex.go:149")));
  EXPECT_TRUE(cut.truncated);
  ASSERT_THAT(cut.list, SizeIs(5));
  EXPECT_EQ(cut.list[4].frames.back().function, "internal/sync.(*Mutex).lockSlow");
  EXPECT_THAT(cut.problems,
              ElementsAre(HasSubstr("goroutine " + std::to_string(cut.list[4].id) + ": at byte ")));
}

struct HeaderCase {
  const char* name;
  const char* line;
  uint64_t id;  // 0: no header
  const char* state;
  int64_t minutes;
  bool locked;
};

class GoTextHeader : public ::testing::TestWithParam<HeaderCase> {};

TEST_P(GoTextHeader, IsRead) {
  const HeaderCase& expected = GetParam();
  const auto goroutine = go_text::parse_header(expected.line);
  ASSERT_EQ(goroutine.has_value(), expected.id != 0);
  if (!goroutine) return;
  EXPECT_EQ(goroutine->id, expected.id);
  EXPECT_EQ(goroutine->state, expected.state);
  EXPECT_EQ(goroutine->wait_minutes, expected.minutes);
  EXPECT_EQ(goroutine->locked_to_thread, expected.locked);
}

INSTANTIATE_TEST_SUITE_P(
    Lines, GoTextHeader,
    ::testing::Values(
        HeaderCase{"plain", "goroutine 7 [running]:", 7, "running", 0, false},
        HeaderCase{"all", "goroutine 9 [chan receive, 6883 minutes, locked to thread]:", 9, "chan receive",
                   6883, true},
        HeaderCase{"nil_chan", "goroutine 9 [chan send (nil chan), 2 minutes]:", 9, "chan send (nil chan)", 2,
                   false},
        HeaderCase{"scan", "goroutine 9 [select (scan)]:", 9, "select", 0, false},
        HeaderCase{"leaked", "goroutine 9 [chan receive (leaked)]:", 9, "chan receive", 0, false},
        HeaderCase{"pointers", "goroutine 1 gp=0xc02 m=0 mp=0x7 [running]:", 1, "running", 0, false},
        HeaderCase{"labels", "goroutine 3 [select, 1 minutes labels:{\"a\": \"b, c\"}]:", 3, "select", 1,
                   false},
        HeaderCase{"bubble", "goroutine 3 [sleep (durable), synctest bubble 2]:", 3, "sleep (durable)", 0,
                   false},
        HeaderCase{"no_state", "goroutine 3 []:", 0, "", 0, false},
        HeaderCase{"no_id", "goroutine x [running]:", 0, "", 0, false},
        HeaderCase{"huge_id", "goroutine 99999999999999999999 [running]:", 0, "", 0, false},
        HeaderCase{"no_end", "goroutine 3 [running]", 0, "", 0, false}),
    [](const auto& test) { return test.param.name; });

TEST(GoText, LimitsMemory) {
  std::string text;
  for (int i = 0; i < 100; ++i) text += "goroutine 1 [running]:\nmain.f()\n\t/f.go:1\n\n";
  const auto decoded = go_text::decode_text(text, {.max_model_bytes = 10'000});
  ASSERT_FALSE(decoded);
  EXPECT_THAT(decoded.error().to_string(), HasSubstr("more than the limit of 10000 bytes"));
}

}  // namespace
}  // namespace edp::decode
