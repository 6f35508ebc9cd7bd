#include "runner/kubectl/target.h"

#include <gtest/gtest.h>

#include "runner/kubectl/selector.h"

namespace edp::kubectl {
namespace {

struct Good {
  const char* name;
  const char* text;
  const char* target;  // JSON
  const char* ns = "";
};
struct Bad {
  const char* name;
  const char* text;
  const char* says;
};

template <typename T>
std::string name_of(const ::testing::TestParamInfo<T>& info) {
  return info.param.name;
}

class Resource : public ::testing::TestWithParam<Good> {};
TEST_P(Resource, BecomesASpecTarget) {
  const auto target = parse_resource(GetParam().text);
  ASSERT_TRUE(target) << target.error().to_string();
  EXPECT_EQ(target->target, Json::parse(GetParam().target));
}
INSTANTIATE_TEST_SUITE_P(
    Kinds, Resource,
    ::testing::Values(
        Good{"Deploy", "deploy/checkout", R"({"workload":{"kind":"Deployment","name":"checkout"}})"},
        Good{"LongName", "statefulset/db", R"({"workload":{"kind":"StatefulSet","name":"db"}})"},
        Good{"WithGroup", "daemonset.apps/x", R"({"workload":{"kind":"DaemonSet","name":"x"}})"},
        Good{"ReplicaSet", "rs/x-1", R"({"workload":{"kind":"ReplicaSet","name":"x-1"}})"},
        Good{"Pod", "pod/x-7d4b9.a", R"({"pod":"x-7d4b9.a"})"}),
    name_of<Good>);

class BadResource : public ::testing::TestWithParam<Bad> {};
TEST_P(BadResource, IsRefusedInWords) {
  const auto target = parse_resource(GetParam().text);
  ASSERT_FALSE(target);
  EXPECT_NE(target.error().to_string().find(GetParam().says), std::string::npos)
      << target.error().to_string();
}
INSTANTIATE_TEST_SUITE_P(Texts, BadResource,
                         ::testing::Values(Bad{"NoKind", "checkout", "name the kind too"},
                                           Bad{"OtherKind", "svc/x", "can't be diagnosed"},
                                           Bad{"EmptyKind", "/x", "can't be diagnosed"},
                                           Bad{"EmptyName", "pod/", "no name of an object"},
                                           Bad{"Capitals", "pod/X", "no name of an object"},
                                           Bad{"Path", "pod/../secrets", "no name of an object"},
                                           Bad{"Slash", "pod/a/b", "no name of an object"},
                                           Bad{"DashAtTheEnd", "pod/a-", "no name of an object"}),
                         name_of<Bad>);

class ClusterTargets : public ::testing::TestWithParam<Good> {};
TEST_P(ClusterTargets, NameNamespaceAndTarget) {
  const auto parsed = parse_cluster_target(GetParam().text);
  ASSERT_TRUE(parsed);
  ASSERT_TRUE(*parsed) << parsed->error().to_string();
  EXPECT_EQ((*parsed)->target, Json::parse(GetParam().target));
  EXPECT_EQ((*parsed)->ns, GetParam().ns);
}
INSTANTIATE_TEST_SUITE_P(
    Kinds, ClusterTargets,
    ::testing::Values(Good{"Pod", "pod:shop/x", R"({"pod":"x"})", "shop"},
                      Good{"Deploy", "deploy:shop/x", R"({"workload":{"kind":"Deployment","name":"x"}})",
                           "shop"},
                      Good{"Selector", "selector:shop/app.kubernetes.io/name=x",
                           R"({"selector":{"matchLabels":{"app.kubernetes.io/name":"x"}}})", "shop"}),
    name_of<Good>);

TEST(ClusterTargetTest, LeavesOtherTargetsAlone) {
  for (const char* text : {"http://pod:6060/base", "cpu.pb.gz", "-", "pid:1", "core:a,b", "C:/x", ""}) {
    EXPECT_FALSE(parse_cluster_target(text)) << text;
  }
}

TEST(ClusterTargetTest, WantsANamespace) {
  for (const char* text : {"pod:x", "deploy:/x", "selector:app=x", "pod:Shop/x", "pod:a b/x"}) {
    const auto parsed = parse_cluster_target(text);
    ASSERT_TRUE(parsed) << text;
    EXPECT_FALSE(*parsed) << text;
  }
}

class Selectors : public ::testing::TestWithParam<Good> {};
TEST_P(Selectors, BecomeALabelSelector) {
  const auto selector = selector_json(GetParam().text);
  ASSERT_TRUE(selector) << selector.error().to_string();
  EXPECT_EQ(*selector, Json::parse(GetParam().target)) << selector->dump();
}
INSTANTIATE_TEST_SUITE_P(
    Terms, Selectors,
    ::testing::Values(
        Good{"Equal", "a=b", R"({"matchLabels":{"a":"b"}})"},
        Good{"TwoSigns", "a == b , c=d", R"({"matchLabels":{"a":"b","c":"d"}})"},
        Good{"EmptyValue", "a=", R"({"matchLabels":{"a":""}})"},
        Good{"NotEqual", "a!=b", R"({"matchExpressions":[{"key":"a","operator":"NotIn","values":["b"]}]})"},
        Good{"In", "a in (b, c)", R"({"matchExpressions":[{"key":"a","operator":"In","values":["b","c"]}]})"},
        Good{"NotIn", "a notin (b)",
             R"({"matchExpressions":[{"key":"a","operator":"NotIn","values":["b"]}]})"},
        Good{"Exists", "x.io/a", R"({"matchExpressions":[{"key":"x.io/a","operator":"Exists"}]})"},
        Good{"Missing", "!a", R"({"matchExpressions":[{"key":"a","operator":"DoesNotExist"}]})"},
        Good{"TwiceTheSameKey", "a=b,a=c",
             R"({"matchLabels":{"a":"b"},"matchExpressions":[{"key":"a","operator":"In","values":["c"]}]})"}),
    name_of<Good>);

TEST(SelectorTest, RefusesWhatIsNone) {
  for (const char* text : {"", " ", "a=b,", ",a", "a in b", "a in (b", "a b", "=b", "a=b=c", "a=b c", "!",
                           "a/b/c", "a in (b d)", "a like (b)"}) {
    EXPECT_FALSE(selector_json(text)) << text;
  }
}

struct Duration {
  const char* text;
  const char* crd;  // nullptr: refused
};
TEST(DurationTest, IsWrittenAsTheCrdTakesIt) {
  for (const Duration& given : {Duration{"20", "20s"},
                                {"20s", "20s"},
                                {"2m", "120s"},
                                {"1h", "3600s"},
                                {"1500ms", "2s"},
                                {"0", nullptr},
                                {"-1", nullptr},
                                {"x", nullptr},
                                {"1d", nullptr},
                                {"2000h", nullptr}}) {
    const auto crd = crd_duration(given.text);
    ASSERT_EQ(crd.has_value(), given.crd != nullptr) << given.text;
    if (crd) {
      EXPECT_EQ(*crd, given.crd);
    }
  }
}

TEST(RunObjectTest, LeavesOutWhatWasNotSaid) {
  const Json run = run_object(*parse_resource("deploy/checkout"), "shop", {});
  EXPECT_EQ(run, Json::parse(R"({"apiVersion":"edp.dev/v1alpha1","kind":"DiagnosticRun",
      "metadata":{"generateName":"checkout-","namespace":"shop"},
      "spec":{"target":{"workload":{"kind":"Deployment","name":"checkout"}}}})"));
}

TEST(RunObjectTest, ItsNameIsNeverTooLongNorBroken) {
  const std::string name = std::string(39, 'a') + "-." + std::string(200, 'b');
  const Json run = run_object(*parse_resource("pod/" + name), "shop", {});
  EXPECT_EQ(text_at(run, {"metadata", "generateName"}), std::string(39, 'a') + "-");
}

}  // namespace
}  // namespace edp::kubectl
