#include "operator/probe/target.h"

#include <gtest/gtest.h>

namespace edp::probe {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

struct Address {
  const char* name;
  const char* ip;
  bool allowed;
};
class PodAddresses : public ::testing::TestWithParam<Address> {};
TEST_P(PodAddresses, AreAskedOrNot) {
  Target target;
  target.ip = GetParam().ip;
  target.port = 8080;
  const auto why = pod_addresses()(target);
  EXPECT_EQ(!why, GetParam().allowed) << why.value_or("allowed");
}
INSTANTIATE_TEST_SUITE_P(
    All, PodAddresses,
    ::testing::Values(Address{"Pod", "10.244.3.7", true}, Address{"PodCgnat", "100.64.0.9", true},
                      Address{"PodPrivate", "192.168.1.1", true}, Address{"Public", "8.8.8.8", true},
                      Address{"Pod6", "fd00:10:244::17", true}, Address{"Global6", "2001:db8::1", true},
                      Address{"Loopback", "127.0.0.1", false},
                      Address{"LoopbackHigh", "127.255.255.254", false}, Address{"Loopback6", "::1", false},
                      Address{"Metadata", "169.254.169.254", false}, Address{"LinkLocal6", "fe80::1", false},
                      Address{"LinkLocal6End", "febf::1", false}, Address{"Unspecified", "0.0.0.0", false},
                      Address{"ThisNetwork", "0.1.2.3", false}, Address{"Unspecified6", "::", false},
                      Address{"Multicast", "224.0.0.1", false},
                      Address{"MulticastEnd", "239.255.255.255", false},
                      Address{"Reserved", "240.0.0.1", false}, Address{"Broadcast", "255.255.255.255", false},
                      Address{"Multicast6", "ff02::1", false}, Address{"Mapped", "::ffff:127.0.0.1", false},
                      Address{"MappedPod", "::ffff:10.0.0.1", false},
                      Address{"Compatible", "::10.0.0.1", false}, Address{"Nat64", "64:ff9b::a00:1", false},
                      Address{"SixToFour", "2002:7f00:1::", false}, Address{"Zone", "fe80::1%eth0", false},
                      Address{"Name", "localhost", false}, Address{"Empty", "", false},
                      Address{"Octal", "0177.0.0.1", false}, Address{"Short", "127.1", false},
                      Address{"Number", "2130706433", false}, Address{"WithPort", "10.0.0.1:80", false},
                      Address{"Space", " 10.0.0.1", false}),
    [](const auto& of) { return std::string(of.param.name); });

TEST(PodAddressesDenied, AreForTheHostsOwnPodsOnly) {
  const auto filter = pod_addresses({"10.0.0.1", "fd00::1", "no address"});
  Target target;
  target.port = 6443;
  for (const char* ip : {"10.0.0.1", "fd00::1", "fd00:0:0::0001"}) {
    target.ip = ip;
    target.host_network = false;
    EXPECT_TRUE(filter(target)) << ip;
    target.host_network = true;
    EXPECT_FALSE(filter(target)) << ip;
  }
  target.ip = "127.0.0.1";
  EXPECT_TRUE(filter(target)) << "whatever the pod says of itself";
  target.ip = "10.0.0.2";
  target.port = 0;
  EXPECT_TRUE(filter(target));
}

watch::PodRecord pod() {
  watch::PodRecord record;
  record.ns = watch::Symbol("shop");
  record.uid = "uid-1";
  record.ip = "10.0.0.5";
  record.phase = watch::PodPhase::kRunning;
  record.readiness.kind = watch::ReadinessProbe::Kind::kHttps;
  record.readiness.port = 8443;
  record.readiness.timeout_seconds = 2;
  record.readiness.path = watch::Symbol("/ready");
  return record;
}

TEST(TargetOf, TakesTheReadinessProbe) {
  const auto target = target_of(pod(), watch::Symbol("checkout"), seconds(15));
  ASSERT_TRUE(target);
  EXPECT_EQ(target->key, "uid-1");
  EXPECT_EQ(target->ip, "10.0.0.5");
  EXPECT_EQ(target->port, 8443);
  EXPECT_EQ(target->kind, Kind::kHttps);
  EXPECT_EQ(target->path.view(), "/ready");
  EXPECT_EQ(target->timeout, seconds(2));
  EXPECT_EQ(target->interval, seconds(15));
}

TEST(TargetOf, BoundsTheTimeout) {
  auto record = pod();
  record.readiness.timeout_seconds = 600;
  EXPECT_EQ(target_of(record, {}, seconds(15))->timeout, seconds(5));
  record.readiness.timeout_seconds = 0;
  EXPECT_EQ(target_of(record, {}, seconds(15))->timeout, seconds(1));
  EXPECT_EQ(target_of(record, {}, milliseconds(500))->timeout, milliseconds(500));
}

TEST(TargetOf, PodsThatCannotBeAsked) {
  auto record = pod();
  record.ip = "";
  EXPECT_FALSE(target_of(record, {}, seconds(15)));
  record = pod();
  record.deleting = true;
  EXPECT_FALSE(target_of(record, {}, seconds(15)));
  record = pod();
  record.phase = watch::PodPhase::kPending;
  EXPECT_FALSE(target_of(record, {}, seconds(15)));
  record = pod();
  record.readiness.kind = watch::ReadinessProbe::Kind::kNone;
  EXPECT_FALSE(target_of(record, {}, seconds(15)));
  record = pod();
  record.readiness.port = 0;
  EXPECT_FALSE(target_of(record, {}, seconds(15)));
}

}  // namespace
}  // namespace edp::probe
