#include <algorithm>
#include <charconv>
#include <limits>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "operator/watch/labels.h"
#include "operator/watch/meta.h"
#include "operator/watch/proto.h"
#include "operator/watch/readers.h"
#include "operator/watch/sax.h"

namespace edp::watch {
namespace {

constexpr size_t kMaxWaitingMessage = 1024;

uint16_t port_number(int64_t value) {
  return value > 0 && value <= 65'535 ? static_cast<uint16_t>(value) : uint16_t{0};
}
uint16_t port_number(std::string_view text) {
  int64_t value = 0;
  const char* const end = text.data() + text.size();
  const auto [at, error] = std::from_chars(text.data(), end, value);
  return error == std::errc() && at == end ? port_number(value) : uint16_t{0};
}
int32_t narrow(int64_t value) {
  return static_cast<int32_t>(
      std::clamp<int64_t>(value, std::numeric_limits<int32_t>::min(), std::numeric_limits<int32_t>::max()));
}

struct Port {
  std::string name;
  uint16_t number = 0;
  bool tcp = true;
};

struct Probe {
  enum class Kind : uint8_t { kNone, kHttp, kTcp, kOther };  // kOther: exec, grpc
  Kind kind = Kind::kNone;
  bool https = false, other_host = false;
  uint16_t port = 0;
  std::string port_name, path;
  int64_t timeout = 1, period = 10;
  size_t container = 0;
};

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
        return key == "status" ? kStatus : kSkip;
      case kSpec:
        if (key == "nodeName") return kNodeName;
        return key == "containers" ? kContainers : kSkip;
      case kContainers:
        if (key == "ports") return kPorts;
        return key == "readinessProbe" ? kProbe : kSkip;
      case kPorts:
        if (key == "name") return kPortName;
        if (key == "protocol") return kPortProtocol;
        return key == "containerPort" ? kPortNumber : kSkip;
      case kProbe:
        if (key == "httpGet") return kHttpGet;
        if (key == "tcpSocket") return kTcpSocket;
        if (key == "exec" || key == "grpc") return kProbeOther;
        if (key == "timeoutSeconds") return kProbeTimeout;
        return key == "periodSeconds" ? kProbePeriod : kSkip;
      case kHttpGet:
      case kTcpSocket:
        if (key == "port") return kProbePort;
        if (key == "path") return kProbePath;
        if (key == "host") return kProbeHost;
        return key == "scheme" ? kProbeScheme : kSkip;
      case kStatus:
        if (key == "phase") return kPhase;
        if (key == "podIP") return kIp;
        if (key == "conditions") return kConditions;
        return key == "containerStatuses" ? kStatuses : kSkip;
      case kConditions:
        if (key == "type") return kConditionType;
        if (key == "status") return kConditionStatus;
        return key == "lastTransitionTime" ? kConditionTime : kSkip;
      case kStatuses:
        if (key == "restartCount") return kRestarts;
        if (key == "state") return kState;
        return key == "lastState" ? kLastState : kSkip;
      case kState:
        if (key == "waiting") return kWaiting;
        return key == "terminated" ? kTerminated : kSkip;
      case kLastState:
        return key == "terminated" ? kLastTerminated : kSkip;
      case kTerminated:
      case kLastTerminated:
        if (key == "reason") return kTermReason;
        if (key == "message") return kTermMessage;
        if (key == "exitCode") return kTermExit;
        return key == "finishedAt" ? kTermFinished : kSkip;
      case kWaiting:
        if (key == "reason") return kWaitReason;
        return key == "message" ? kWaitMessage : kSkip;
      default:
        return kSkip;
    }
  }

  void enter(uint8_t node) {
    if (MetaReader::owns(node)) return meta_.enter(node);
    switch (node) {
      case kContainers:
        ports_.emplace_back();
        break;
      case kPorts:
        if (!ports_.empty()) ports_.back().emplace_back();
        break;
      case kProbe:
        probe_ = Probe();
        break;
      case kHttpGet:
        probe_.kind = Probe::Kind::kHttp;
        break;
      case kTcpSocket:
        probe_.kind = Probe::Kind::kTcp;
        break;
      case kProbeOther:
        probe_.kind = Probe::Kind::kOther;
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
        add_probe();
        break;
      case kConditions:
        if (!is_ready_condition_) break;
        pod_.ready = condition_true_;
        pod_.ready_since = condition_time_;
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
        if (Port* const port = this->port()) port->name = value;
        break;
      case kPortProtocol:
        if (Port* const port = this->port()) port->tcp = value == "TCP";
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
        if (runner_.waiting_reason.empty()) runner_.waiting_reason = value;
        break;
      case kWaitMessage:
        if (runner_.waiting_message.empty()) runner_.waiting_message = value.substr(0, kMaxWaitingMessage);
        break;
      default:
        break;
    }
  }

  void number(uint8_t node, int64_t value) {
    if (MetaReader::owns(node)) return meta_.number(node, value);
    switch (node) {
      case kPortNumber:
        if (Port* const port = this->port()) port->number = port_number(value);
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
    if (pod_.pprof_port == 0) pod_.pprof_port = named_port("pprof");
    if (pod_.pprof_port == 0) pod_.pprof_port = named_port("debug");
    set_readiness();
    if (!label(*pod_.labels, "edp.dev/run-uid").empty())
      pod_.runner = std::make_unique<RunnerPod>(std::move(runner_));
    // Room that growing left over is not kept ten thousand times.
    pod_.name.shrink_to_fit();
    pod_.uid.shrink_to_fit();
    return std::move(pod_);
  }

 private:
  Port* port() { return ports_.empty() || ports_.back().empty() ? nullptr : &ports_.back().back(); }

  void add_probe() {
    if (probe_.kind == Probe::Kind::kNone || ports_.empty()) return;
    probe_.container = ports_.size() - 1;
    const auto usable = [](const Probe& one) {
      return one.kind == Probe::Kind::kHttp || one.kind == Probe::Kind::kTcp;
    };
    if (chosen_.kind == Probe::Kind::kNone || (!usable(chosen_) && usable(probe_))) chosen_ = probe_;
  }

  void add_terminated(bool now) {
    Termination& last = pod_.last_termination;
    if (terminated_.finished >= last.finished) {
      last.reason = Symbol(terminated_.reason);
      last.exit_code = narrow(terminated_.exit_code);
      last.finished = terminated_.finished;
    }
    if (now && !runner_.exit_code) {
      runner_.exit_code = narrow(terminated_.exit_code);
      runner_.message = std::move(terminated_.message);
    }
  }

  [[nodiscard]] uint16_t named_port(std::string_view name) const {
    for (const auto& container : ports_)
      for (const Port& port : container)
        if (port.tcp && port.name == name && port.number != 0) return port.number;
    return 0;
  }

  [[nodiscard]] uint16_t probe_port() const {
    if (chosen_.port_name.empty()) return chosen_.port;
    for (const Port& port : ports_[chosen_.container])
      if (port.tcp && port.name == chosen_.port_name) return port.number;
    const uint16_t elsewhere = named_port(chosen_.port_name);
    return elsewhere != 0 ? elsewhere : port_number(chosen_.port_name);
  }

  void set_readiness() {
    ReadinessProbe& readiness = pod_.readiness;
    if (chosen_.kind == Probe::Kind::kNone) {  // no probe at all: a connect to the first port
      for (const auto& container : ports_)
        for (const Port& port : container)
          if (readiness.port == 0 && port.tcp) readiness.port = port.number;
      if (readiness.port != 0) readiness.kind = ReadinessProbe::Kind::kTcp;
      return;
    }
    if (chosen_.kind == Probe::Kind::kOther || chosen_.other_host) return;
    readiness.port = probe_port();
    if (readiness.port == 0) return;
    readiness.timeout_seconds = static_cast<uint16_t>(std::clamp<int64_t>(chosen_.timeout, 1, 3600));
    readiness.period_seconds = static_cast<uint16_t>(std::clamp<int64_t>(chosen_.period, 1, 3600));
    if (chosen_.kind == Probe::Kind::kTcp) {
      readiness.kind = ReadinessProbe::Kind::kTcp;
    } else {
      readiness.kind = chosen_.https ? ReadinessProbe::Kind::kHttps : ReadinessProbe::Kind::kHttp;
      readiness.path = Symbol(chosen_.path.empty() ? "/" : std::string_view(chosen_.path));
    }
  }

  MetaReader meta_;
  PodRecord pod_;
  RunnerPod runner_;
  std::vector<std::vector<Port>> ports_;  // of each container
  Probe probe_, chosen_;
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
