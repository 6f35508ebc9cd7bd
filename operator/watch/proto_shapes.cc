// Of k8s.io/api and k8s.io/apimachinery's generated.proto, the fields that a reader wants. Their numbers
// never change; new fields get new ones.
#include <array>

#include "operator/watch/proto.h"

namespace edp::watch {
namespace {

using Kind = Field::Kind;

constexpr std::array kOwnerFields = {Field{1, "kind"}, Field{3, "name"}, Field{6, "controller", Kind::kFlag}};
constexpr Shape kOwner{kOwnerFields};
constexpr std::array kMetaFields = {Field{1, "name"},
                                    Field{3, "namespace"},
                                    Field{5, "uid"},
                                    Field{6, "resourceVersion"},
                                    Field{7, "generation", Kind::kNumber},
                                    Field{8, "creationTimestamp", Kind::kTime},
                                    Field{9, "deletionTimestamp", Kind::kTime},
                                    Field{11, "labels", Kind::kMap},
                                    Field{12, "annotations", Kind::kMap},
                                    Field{13, "ownerReferences", Kind::kMessage, &kOwner}};
constexpr Shape kMeta{kMetaFields};

// Whether there is one is all that matters of an exec or grpc probe.
constexpr Shape kAnything{};
constexpr std::array kHttpGetFields = {Field{1, "path"}, Field{2, "port", Kind::kPort}, Field{3, "host"},
                                       Field{4, "scheme"}};
constexpr Shape kHttpGet{kHttpGetFields};
constexpr std::array kTcpSocketFields = {Field{1, "port", Kind::kPort}, Field{2, "host"}};
constexpr Shape kTcpSocket{kTcpSocketFields};
constexpr std::array kHandlerFields = {
    Field{1, "exec", Kind::kMessage, &kAnything}, Field{2, "httpGet", Kind::kMessage, &kHttpGet},
    Field{3, "tcpSocket", Kind::kMessage, &kTcpSocket}, Field{4, "grpc", Kind::kMessage, &kAnything}};
constexpr Shape kHandler{kHandlerFields};
constexpr std::array kProbeFields = {Field{1, "", Kind::kInline, &kHandler},
                                     Field{3, "timeoutSeconds", Kind::kNumber},
                                     Field{4, "periodSeconds", Kind::kNumber}};
constexpr Shape kProbe{kProbeFields};

constexpr std::array kPortFields = {Field{1, "name"}, Field{3, "containerPort", Kind::kNumber},
                                    Field{4, "protocol"}};
constexpr Shape kPort{kPortFields};
constexpr std::array kContainerFields = {Field{6, "ports", Kind::kMessage, &kPort},
                                         Field{11, "readinessProbe", Kind::kMessage, &kProbe}};
constexpr Shape kContainer{kContainerFields};
constexpr std::array kNameFields = {Field{1, "name"}};
constexpr Shape kName{kNameFields};
constexpr std::array kEphemeralFields = {Field{1, "", Kind::kInline, &kName}};
constexpr Shape kEphemeral{kEphemeralFields};
constexpr std::array kSpecFields = {Field{2, "containers", Kind::kMessage, &kContainer},
                                    Field{10, "nodeName"},
                                    Field{34, "ephemeralContainers", Kind::kMessage, &kEphemeral}};
constexpr Shape kSpec{kSpecFields};

constexpr std::array kWaitingFields = {Field{1, "reason"}, Field{2, "message"}};
constexpr Shape kWaiting{kWaitingFields};
constexpr std::array kTerminatedFields = {Field{1, "exitCode", Kind::kNumber}, Field{3, "reason"},
                                          Field{4, "message"}, Field{6, "finishedAt", Kind::kTime}};
constexpr Shape kTerminated{kTerminatedFields};
constexpr std::array kStateFields = {Field{1, "waiting", Kind::kMessage, &kWaiting},
                                     Field{3, "terminated", Kind::kMessage, &kTerminated}};
constexpr Shape kState{kStateFields};
constexpr std::array kContainerStatusFields = {Field{1, "name"}, Field{2, "state", Kind::kMessage, &kState},
                                               Field{3, "lastState", Kind::kMessage, &kState},
                                               Field{5, "restartCount", Kind::kNumber}};
constexpr Shape kContainerStatus{kContainerStatusFields};
constexpr std::array kConditionFields = {Field{1, "type"}, Field{2, "status"},
                                         Field{4, "lastTransitionTime", Kind::kTime}};
constexpr Shape kCondition{kConditionFields};
constexpr std::array kPodStatusFields = {
    Field{1, "phase"}, Field{2, "conditions", Kind::kMessage, &kCondition}, Field{6, "podIP"},
    Field{8, "containerStatuses", Kind::kMessage, &kContainerStatus},
    Field{13, "ephemeralContainerStatuses", Kind::kMessage, &kContainerStatus}};
constexpr Shape kPodStatus{kPodStatusFields};

constexpr std::array kObjectFields = {Field{1, "metadata", Kind::kMessage, &kMeta}};
constexpr std::array kPodFields = {Field{1, "metadata", Kind::kMessage, &kMeta},
                                   Field{2, "spec", Kind::kMessage, &kSpec},
                                   Field{3, "status", Kind::kMessage, &kPodStatus}};

}  // namespace

constinit const Shape kPodShape{kPodFields};
constinit const Shape kObjectShape{kObjectFields};

}  // namespace edp::watch
