#include <algorithm>
#include <limits>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "operator/watch/labels.h"
#include "operator/watch/meta.h"
#include "operator/watch/pod_ports.h"
#include "operator/watch/proto.h"
#include "operator/watch/readers.h"
#include "operator/watch/sax.h"

namespace edp::watch {
namespace {

constexpr size_t kMaxWaitingMessage = 1024;

int32_t narrow(int64_t value) {
  return static_cast<int32_t>(
      std::clamp<int64_t>(value, std::numeric_limits<int32_t>::min(), std::numeric_limits<int32_t>::max()));
}

struct Terminated {
  bool there = false;
  std::string reason, message;
  int64_t exit_code = 0, finished = 0;
};

class PodReader {
 public:
  enum Node : uint8_t {
    kSpec = MetaReader::kEnd,
    kNodeName,
    kContainers,
    kPorts,
    kPortName,
    kPortNumber,
    kPortProtocol,
    kProbe,
    kHttpGet,
    kTcpSocket,
    kProbePort,
    kProbePath,
    kProbeScheme,
    kProbeHost,
    kProbeOther,
    kProbeTimeout,
    kProbePeriod,
    kStatus,
    kPhase,
    kIp,
    kConditions,
    kConditionType,
    kConditionStatus,
    kConditionTime,
    kEphemeralSpec,
    kEphemeralSpecName,
    kEphemeralStatuses,
    kEphemeralName,
    kEphemeralState,
    kStatuses,
    kRestarts,
    kState,
    kLastState,
    kTerminated,
    kLastTerminated,
    kTermReason,
    kTermMessage,
    kTermExit,
    kTermFinished,
    kWaiting,
    kWaitReason,
    kWaitMessage,
  };

  uint8_t child(uint8_t node, std::string_view key) {
    if (MetaReader::owns(node)) return meta_.child(node, key);
    switch (node) {
      case kRoot:
        if (key == "metadata") return MetaReader::kMeta;
        if (key == "spec") return kSpec;
        return when(key == "status", kStatus);
      case kSpec:
        if (key == "nodeName") return kNodeName;
        if (key == "ephemeralContainers") return kEphemeralSpec;
        return when(key == "containers", kContainers);
      case kEphemeralSpec:
        return when(key == "name", kEphemeralSpecName);
      case kContainers:
        if (key == "ports") return kPorts;
        return when(key == "readinessProbe", kProbe);
      case kPorts:
        if (key == "name") return kPortName;
        if (key == "protocol") return kPortProtocol;
        return when(key == "containerPort", kPortNumber);
      case kProbe:
        if (key == "httpGet") return kHttpGet;
        if (key == "tcpSocket") return kTcpSocket;
        if (key == "exec" || key == "grpc") return kProbeOther;
        if (key == "timeoutSeconds") return kProbeTimeout;
        return when(key == "periodSeconds", kProbePeriod);
      case kHttpGet:
      case kTcpSocket:
        if (key == "port") return kProbePort;
        if (key == "path") return kProbePath;
        if (key == "host") return kProbeHost;
        return when(key == "scheme", kProbeScheme);
      case kStatus:
        if (key == "phase") return kPhase;
        if (key == "podIP") return kIp;
        if (key == "conditions") return kConditions;
        if (key == "ephemeralContainerStatuses") return kEphemeralStatuses;
        return when(key == "containerStatuses", kStatuses);
      case kEphemeralStatuses:
        if (key == "name") return kEphemeralName;
        return when(key == "state", kEphemeralState);
      case kConditions:
        if (key == "type") return kConditionType;
        if (key == "status") return kConditionStatus;
        return when(key == "lastTransitionTime", kConditionTime);
      case kStatuses:
        if (key == "restartCount") return kRestarts;
        if (key == "state") return kState;
        return when(key == "lastState", kLastState);
      case kState:
      case kEphemeralState:
        if (key == "waiting") return kWaiting;
        return when(key == "terminated", kTerminated);
      case kLastState:
        return when(key == "terminated", kLastTerminated);
      case kTerminated:
      case kLastTerminated:
        if (key == "reason") return kTermReason;
        if (key == "message") return kTermMessage;
        if (key == "exitCode") return kTermExit;
        return when(key == "finishedAt", kTermFinished);
      case kWaiting:
        if (key == "reason") return kWaitReason;
        return when(key == "message", kWaitMessage);
      default:
        return kSkip;
    }
  }

  void enter(uint8_t node) {
    if (MetaReader::owns(node)) return meta_.enter(node);
    switch (node) {
      case kContainers:
        ports_.add_container();
        break;
      case kPorts:
        ports_.add_port();
        break;
      case kProbe:
        probe_ = PodProbe();
        break;
      case kHttpGet:
        probe_.kind = PodProbe::Kind::kHttp;
        break;
      case kTcpSocket:
        probe_.kind = PodProbe::Kind::kTcp;
        break;
      case kProbeOther:
        probe_.kind = PodProbe::Kind::kOther;
        break;
      case kEphemeralStatuses:
        ephemeral_ = EphemeralContainer();
        in_ephemeral_ = true;
        break;
      case kConditions:
        is_ready_condition_ = condition_true_ = false;
        condition_time_ = 0;
        break;
      case kTerminated:
      case kLastTerminated:
        terminated_ = Terminated();
        terminated_.there = true;
        break;
      default:
        break;
    }
  }

  void leave(uint8_t node) {
    if (MetaReader::owns(node)) return meta_.leave(node);
    switch (node) {
      case kProbe:
        ports_.add_probe(probe_);
        break;
      case kConditions:
        if (!is_ready_condition_) break;
        pod_.ready = condition_true_;
        pod_.ready_since = condition_time_;
        break;
      case kEphemeralStatuses:
        in_ephemeral_ = false;
        keep_ephemeral(std::move(ephemeral_));
        break;
      case kTerminated:
      case kLastTerminated:
        add_terminated(node == kTerminated);
        break;
      default:
        break;
    }
  }

  void text(uint8_t node, std::string& value) {
    if (MetaReader::owns(node)) return meta_.text(node, value);
    switch (node) {
      case kNodeName:
        pod_.node = Symbol(value);
        break;
      case kPortName:
        if (PodPort* const port = ports_.port()) port->name = value;
        break;
      case kPortProtocol:
        if (PodPort* const port = ports_.port()) port->tcp = value == "TCP";
        break;
      case kProbePort:
        probe_.port_name = value;
        break;
      case kProbePath:
        probe_.path = value;
        break;
      case kProbeScheme:
        probe_.https = value == "HTTPS";
        break;
      case kProbeHost:
        probe_.other_host = !value.empty();
        break;
      case kEphemeralSpecName:
        keep_ephemeral({.name = value});
        break;
      case kEphemeralName:
        ephemeral_.name = value;
        break;
      case kPhase:
        pod_.phase = value == "Running"     ? PodPhase::kRunning
                     : value == "Pending"   ? PodPhase::kPending
                     : value == "Succeeded" ? PodPhase::kSucceeded
                     : value == "Failed"    ? PodPhase::kFailed
                                            : PodPhase::kUnknown;
        break;
      case kIp:
        pod_.ip = value;
        break;
      case kConditionType:
        is_ready_condition_ = value == "Ready";
        break;
      case kConditionStatus:
        condition_true_ = value == "True";
        break;
      case kConditionTime:
        condition_time_ = parse_time(value);
        break;
      case kTermReason:
        terminated_.reason = value;
        break;
      case kTermMessage:
        terminated_.message = std::move(value);
        break;
      case kTermFinished:
        terminated_.finished = parse_time(value);
        break;
      case kWaitReason:
        if (auto& reason = now().waiting_reason; reason.empty()) reason = value;
        break;
      case kWaitMessage:
        if (auto& text = now().waiting_message; text.empty()) text = value.substr(0, kMaxWaitingMessage);
        break;
      default:
        break;
    }
  }

  void number(uint8_t node, int64_t value) {
    if (MetaReader::owns(node)) return meta_.number(node, value);
    switch (node) {
      case kPortNumber:
        if (PodPort* const port = ports_.port()) port->number = port_number(value);
        break;
      case kProbePort:
        probe_.port = port_number(value);
        break;
      case kProbeTimeout:
        probe_.timeout = value;
        break;
      case kProbePeriod:
        probe_.period = value;
        break;
      case kRestarts:
        pod_.restarts = narrow(pod_.restarts + std::clamp<int64_t>(value, 0, 1'000'000'000));
        break;
      case kTermExit:
        terminated_.exit_code = value;
        break;
      default:
        break;
    }
  }

  void boolean(uint8_t node, bool value) {
    if (MetaReader::owns(node)) meta_.boolean(node, value);
  }

  Result<PodRecord> finish() {
    Meta& meta = meta_.meta;
    if (meta.name.empty()) return fail("a pod without a name");
    pod_.version = meta.version();
    pod_.ns = meta.ns;
    pod_.name = std::move(meta.name);
    pod_.uid = std::move(meta.uid);
    pod_.owner_kind = meta.owner_kind;
    pod_.owner_name = meta.owner_name;
    pod_.created = meta.created;
    pod_.deleting = meta.deleting;
    pod_.labels = share_labels(std::move(meta.labels));
    pod_.pprof_port = port_number(meta.annotation("edp.dev/pprof-port"));
    pod_.pprof_path = Symbol(meta.annotation("edp.dev/pprof-path"));
    pod_.pprof_scheme = Symbol(meta.annotation("edp.dev/pprof-scheme"));
    if (pod_.pprof_port == 0) pod_.pprof_port = ports_.named("pprof");
    if (pod_.pprof_port == 0) pod_.pprof_port = ports_.named("debug");
    pod_.readiness = ports_.readiness();
    if (!label(*pod_.labels, "edp.dev/run-uid").empty())
      pod_.runner = std::make_unique<RunnerPod>(std::move(runner_));
    // Room that growing left over is not kept ten thousand times.
    pod_.name.shrink_to_fit();
    pod_.uid.shrink_to_fit();
    return std::move(pod_);
  }

 private:
  // The container whose state is being read.
  RunnerPod& now() { return in_ephemeral_ ? ephemeral_.state : runner_; }

  // Of EDP's own, the status after the spec that came before it, or the other way round.
  void keep_ephemeral(EphemeralContainer container) {
    if (!container.name.starts_with("edp-")) return;
    if (!pod_.ephemeral) pod_.ephemeral = std::make_unique<std::vector<EphemeralContainer>>();
    const auto known = std::ranges::find(*pod_.ephemeral, container.name, &EphemeralContainer::name);
    if (known == pod_.ephemeral->end()) {
      pod_.ephemeral->push_back(std::move(container));
    } else if (!(container.state == RunnerPod())) {
      *known = std::move(container);
    }
  }

  void add_terminated(bool current) {
    if (in_ephemeral_) {
      ephemeral_.finished = terminated_.finished;
      ephemeral_.state.exit_code = narrow(terminated_.exit_code);
      ephemeral_.state.message = std::move(terminated_.message);
      return;  // an EDP runner's end is none of the pod's
    }
    Termination& last = pod_.last_termination;
    if (terminated_.finished >= last.finished) {
      last.reason = Symbol(terminated_.reason);
      last.exit_code = narrow(terminated_.exit_code);
      last.finished = terminated_.finished;
    }
    if (current && !runner_.exit_code) {
      runner_.exit_code = narrow(terminated_.exit_code);
      runner_.message = std::move(terminated_.message);
    }
  }

  MetaReader meta_;
  PodRecord pod_;
  RunnerPod runner_;
  EphemeralContainer ephemeral_;
  bool in_ephemeral_ = false;
  PodPorts ports_;
  PodProbe probe_;
  Terminated terminated_;
  bool is_ready_condition_ = false, condition_true_ = false;
  int64_t condition_time_ = 0;
};

}  // namespace

Result<PodRecord> read_pod(std::string_view bytes) {
  PodReader reader;
  if (const auto read = read_object(bytes, reader, kPodShape); !read) return tl::unexpected(read.error());
  return reader.finish();
}

}  // namespace edp::watch
