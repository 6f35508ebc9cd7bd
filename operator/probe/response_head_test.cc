#include "operator/probe/response_head.h"

#include <gtest/gtest.h>

namespace edp::probe {
namespace {

using State = ResponseHead::State;

struct Case {
  const char* name;
  std::string text;
  State state;
  int status = 0;
};
class Heads : public ::testing::TestWithParam<Case> {};
TEST_P(Heads, WholeAndByteByByte) {
  const Case& c = GetParam();
  for (const size_t step : {size_t{100'000}, size_t{7}, size_t{1}}) {
    ResponseHead head;
    State state = State::kMore;
    for (size_t at = 0; at < c.text.size() && state == State::kMore; at += step)
      state = head.feed(std::string_view(c.text).substr(at, step));
    EXPECT_EQ(state, c.state) << step;
    if (state == State::kDone) {
      EXPECT_EQ(head.status(), c.status) << step;
    }
  }
}
INSTANTIATE_TEST_SUITE_P(
    Cases, Heads,
    ::testing::Values(
        Case{"Ok", "HTTP/1.1 200 OK\r\nA: b\r\n\r\nbody", State::kDone, 200},
        Case{"NoReason", "HTTP/1.0 204\r\n\r\n", State::kDone, 204},
        Case{"BareNewlines", "HTTP/1.1 503 no\nA: b\n\n", State::kDone, 503},
        Case{"Continue", "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n\r\n", State::kDone, 200},
        Case{"SwitchingProtocols", "HTTP/1.1 101 x\r\n\r\n", State::kDone, 101},
        Case{"Cut", "HTTP/1.1 200 OK\r\nA: b\r\n", State::kMore}, Case{"Empty", "", State::kMore},
        Case{"Http2", "HTTP/2 200\r\n\r\n", State::kBad}, Case{"Ssh", "SSH-2.0-x\r\n", State::kBad},
        Case{"Http2Preface", std::string("\0\0\x12\x04", 4), State::kBad},
        Case{"NoNumber", "HTTP/1.1 abc\r\n\r\n", State::kBad},
        Case{"FourDigits", "HTTP/1.1 2000 OK\r\n\r\n", State::kBad},
        Case{"Negative", "HTTP/1.1 -20 OK\r\n\r\n", State::kBad},
        Case{"Zero", "HTTP/1.1 000 OK\r\n\r\n", State::kBad},
        Case{"LongHeader", "HTTP/1.1 200 OK\r\nA: " + std::string(5'000, 'x'), State::kTooLong},
        Case{"EndlessContinue",
             [] {
               std::string text;
               while (text.size() < 6'000) text += "HTTP/1.1 102 x\r\n\r\n";
               return text;
             }(),
             State::kTooLong},
        Case{"JustFits", "HTTP/1.1 200 OK\r\nA: " + std::string(ResponseHead::kMax - 24, 'x') + "\r\n\r\n",
             State::kDone, 200}),
    [](const auto& of) { return std::string(of.param.name); });

}  // namespace
}  // namespace edp::probe
