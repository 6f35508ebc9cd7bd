#include "common/audit/check.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/audit/act.h"
#include "common/files.h"

namespace edp::audit {
namespace {

using ::testing::ElementsAre;

const std::string kStream(32, 'a');

// Lines 1 to `count`; the first opens the stream.
std::vector<std::string> chain(int count, const std::string& stream = kStream) {
  std::vector<std::string> lines;
  std::string prev = kNoLine;
  for (int seq = 1; seq <= count; ++seq) {
    nlohmann::json act = {{"act", "x" + std::to_string(seq)}, {"outcome", "done"}};
    if (seq == 1) act["segment"] = {{"after", 0}};
    lines.push_back(compose(act, stream, static_cast<uint64_t>(seq), prev, "2026-01-01T00:00:00.000000Z"));
    prev = sha256_hex(lines.back());
  }
  return lines;
}

std::vector<std::string> check(const std::vector<std::string>& lines, CheckOptions options = {}) {
  std::vector<std::string> found;
  options.on_problem = [&](const Problem& problem) {
    found.push_back(std::string(to_string(problem.kind)) + " " + std::to_string(problem.seq) + " at " +
                    std::to_string(problem.place.line));
  };
  ChainCheck checking(std::move(options));
  uint64_t number = 0;
  for (const std::string& line : lines) checking.feed(line, {.file = "f", .line = ++number});
  checking.end();
  return found;
}

using Lines = std::vector<std::string>;
struct Case {
  const char* name;
  void (*tamper)(Lines&);
  std::vector<std::string> found;
};
class Tampered : public ::testing::TestWithParam<Case> {};

TEST_P(Tampered, IsNamed) {
  Lines lines = chain(9);
  GetParam().tamper(lines);
  EXPECT_EQ(check(lines), GetParam().found);
}

void change(std::string& line, const char* from, const char* to) {
  line.replace(line.find(from), std::string(from).size(), to);
}

INSTANTIATE_TEST_SUITE_P(
    Kinds, Tampered,
    ::testing::Values(
        Case{"Nothing", [](Lines&) {}, {}},
        Case{"MissingOne", [](Lines& l) { l.erase(l.begin() + 4); }, {"missing 5 at 5"}},
        Case{"MissingFirst", [](Lines& l) { l.erase(l.begin()); }, {"missing 1 at 1"}},
        Case{"MissingThree", [](Lines& l) { l.erase(l.begin() + 3, l.begin() + 6); }, {"missing 4 at 4"}},
        Case{"ChangedText", [](Lines& l) { change(l[4], "\"x5\"", "\"y5\""); }, {"changed 5 at 5"}},
        Case{"ChangedFirst", [](Lines& l) { change(l[0], "\"x1\"", "\"y1\""); }, {"changed 1 at 1"}},
        Case{"ChangedOpening", [](Lines& l) { change(l[0], "segment", "segmenu"); }, {"changed 1 at 1"}},
        Case{"ChangedToNoJson", [](Lines& l) { l[4] = "garbage"; }, {"changed 5 at 5"}},
        Case{"ChangedFirstToNoJson", [](Lines& l) { l[0] = "garbage"; }, {"changed 1 at 1"}},
        Case{"ChangedNumber", [](Lines& l) { change(l[4], "\"seq\":5", "\"seq\":7"); }, {"changed 5 at 5"}},
        Case{"ChangedNumberBack",
             [](Lines& l) { change(l[4], "\"seq\":5", "\"seq\":2"); },
             {"changed 5 at 5"}},
        Case{"ChangedLink",
             [](Lines& l) {
               change(l[4], "\"prev\":\"", "\"prev\":\"0");
               l[4].erase(l[4].find("\"prev\":\"") + 70, 1);
             },
             {"changed 5 at 5"}},
        Case{"ChangedStream", [](Lines& l) { change(l[4], "aaaa", "bbbb"); }, {"changed 5 at 5"}},
        Case{"ChangedTwo",
             [](Lines& l) {
               change(l[2], "\"x3\"", "\"y3\"");
               change(l[6], "\"x7\"", "\"y7\"");
             },
             {"changed 3 at 3", "changed 7 at 7"}},
        Case{"SwappedNeighbours", [](Lines& l) { std::swap(l[3], l[4]); }, {"swapped 5 at 4"}},
        Case{"SwappedFar", [](Lines& l) { std::swap(l[2], l[6]); }, {"swapped 7 at 3", "swapped 3 at 7"}},
        Case{"SwappedFirst", [](Lines& l) { std::swap(l[0], l[1]); }, {"swapped 2 at 1"}},
        Case{"AddedForged",
             [](Lines& l) {
               Lines other = chain(9);
               change(other[4], "\"x5\"", "\"y5\"");
               l.insert(l.begin() + 4, other[4]);
             },
             {"added 5 at 5"}},
        Case{"AddedText", [](Lines& l) { l.insert(l.begin() + 4, "hello"); }, {"added 5 at 5"}},
        Case{"AddedFromTheFuture",
             [](Lines& l) {
               Lines other = chain(20);
               change(other[17], "\"x18\"", "\"y18\"");
               l.insert(l.begin() + 4, other[17]);
             },
             {"added 18 at 5"}},
        Case{"Duplicated", [](Lines& l) { l.insert(l.begin() + 5, l[4]); }, {"duplicated 5 at 6"}},
        Case{"DuplicatedFar", [](Lines& l) { l.push_back(l[2]); }, {"duplicated 3 at 10"}},
        Case{"DuplicatedBefore", [](Lines& l) { l.insert(l.begin() + 2, l[6]); }, {"duplicated 7 at 3"}},
        Case{"Spliced",
             [](Lines& l) { l.insert(l.begin() + 4, chain(9, std::string(32, 'b'))[4]); },
             {"spliced 5 at 5"}},
        Case{"SplicedOver",
             [](Lines& l) { l[4] = chain(9, std::string(32, 'b'))[4]; },
             {"spliced 5 at 5", "missing 5 at 5"}}),
    [](const auto& tested) { return tested.param.name; });

TEST(ChainCheck, AnEndThatIsCutOffIsToldByAHead) {
  Lines lines = chain(9);
  const Head head{.stream = kStream, .seq = 9, .hash = sha256_hex(lines[8]), .time = "t"};
  EXPECT_THAT(check(lines, {.heads = {{kStream, head}}}), ElementsAre());
  lines.pop_back();
  EXPECT_THAT(check(lines, {.heads = {{kStream, head}}}), ElementsAre("truncated-tail 9 at 8"));
  lines = chain(9);
  change(lines[8], "\"x9\"", "\"y9\"");
  EXPECT_THAT(check(lines, {.heads = {{kStream, head}}}), ElementsAre("changed 9 at 9"));
}

TEST(ChainCheck, HeadsAreCheckedByTheirSignature) {
  const auto key = ed25519::PrivateKey::generate().value();
  const auto other = ed25519::PrivateKey::generate().value();
  const auto with_head = [&](const ed25519::PrivateKey& by, uint64_t seq) {
    Lines lines = chain(3);
    Head head{.stream = kStream, .seq = seq, .hash = sha256_hex(lines[2]), .time = "t"};
    EXPECT_TRUE(sign(by, head));
    lines.push_back(
        compose({{"act", "audit.head"}, {"head", to_json(head)}}, kStream, 4, sha256_hex(lines[2]), "t"));
    return check(lines, {.keys = {key.public_key()}});
  };
  EXPECT_THAT(with_head(key, 3), ElementsAre());
  EXPECT_THAT(with_head(other, 3), ElementsAre("forged-head 4 at 4"));
  EXPECT_THAT(with_head(key, 2), ElementsAre("forged-head 4 at 4"));
}

TEST(ChainCheck, WhatIsGoneMustBeToldAsOld) {
  const Lines whole = chain(6);
  Lines rest(whole.begin() + 3, whole.end());
  // As the log would have opened a segment here.
  const auto opened = [&](nlohmann::json more) {
    Lines lines;
    std::string prev = sha256_hex(whole[2]);
    for (nlohmann::json act :
         {nlohmann::json{{"act", "audit.rotate"}, {"segment", {{"after", 3}}}}, std::move(more)}) {
      lines.push_back(compose(act, kStream, 4 + lines.size(), prev, "t"));
      prev = sha256_hex(lines.back());
    }
    return lines;
  };
  const nlohmann::json plain = {{"act", "x"}};
  nlohmann::json prune = {{"act", "audit.prune"},
                          {"pruned", {{"stream", kStream}, {"to", 3}, {"hash", sha256_hex(whole[2])}}}};
  EXPECT_THAT(check(opened(plain), {.whole = true}), ElementsAre("missing 3 at 0"));
  EXPECT_THAT(check(opened(plain)), ElementsAre());
  EXPECT_THAT(check(opened(prune), {.whole = true}), ElementsAre());
  prune["pruned"]["hash"] = kNoLine;
  EXPECT_THAT(check(opened(prune), {.whole = true}), ElementsAre("missing 3 at 0"));
}

TEST(Context, ComesBackAsItWent) {
  const Context context{.actor = {.kind = ActorKind::kUser, .name = "al\"ice", .known = "k"},
                        .why = {.run = "shop/a", .trigger = "alert"}};
  const auto back = read_context(to_text(context));
  ASSERT_TRUE(back);
  EXPECT_EQ(back->actor.name, "al\"ice");
  EXPECT_EQ(back->why.trigger, "alert");
  for (const char* text : {"", "{}", "[", R"({"actor":{"kind":"king"}})", R"({"actor":[]})"})
    EXPECT_FALSE(read_context(text)) << text;
}

}  // namespace
}  // namespace edp::audit
