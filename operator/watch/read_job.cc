#include <charconv>
#include <string>
#include <string_view>
#include <utility>

#include "operator/watch/labels.h"
#include "operator/watch/meta.h"
#include "operator/watch/readers.h"
#include "operator/watch/sax.h"

namespace edp::watch {
namespace {

class JobReader {
 public:
  enum Node : uint8_t {
    kSpec = MetaReader::kEnd,
    kTemplate,
    kPodSpec,
    kContainers,
    kResources,
    kRequests,
    kLimits,
    kRequestCpu,
    kRequestMemory,
    kLimitCpu,
    kLimitMemory,
    kStatus,
    kCompletionTime,
    kConditions,
    kType,
    kCondStatus,
    kReason,
    kMessage,
    kTransition,
  };

  uint8_t child(uint8_t node, std::string_view key) {
    if (MetaReader::owns(node)) return meta_.child(node, key);
    switch (node) {
      case kRoot:
        if (key == "metadata") return MetaReader::kMeta;
        if (key == "spec") return kSpec;
        return when(key == "status", kStatus);
      case kSpec:
        return when(key == "template", kTemplate);
      case kTemplate:
        return when(key == "spec", kPodSpec);
      case kPodSpec:
        return when(key == "containers", kContainers);
      case kContainers:
        return when(key == "resources", kResources);
      case kResources:
        if (key == "requests") return kRequests;
        return when(key == "limits", kLimits);
      case kRequests:
        if (key == "cpu") return kRequestCpu;
        return when(key == "memory", kRequestMemory);
      case kLimits:
        if (key == "cpu") return kLimitCpu;
        return when(key == "memory", kLimitMemory);
      case kStatus:
        if (key == "completionTime") return kCompletionTime;
        return when(key == "conditions", kConditions);
      case kConditions:
        if (key == "type") return kType;
        if (key == "status") return kCondStatus;
        if (key == "reason") return kReason;
        if (key == "message") return kMessage;
        return when(key == "lastTransitionTime", kTransition);
      default:
        return kSkip;
    }
  }

  void enter(uint8_t node) {
    if (MetaReader::owns(node)) return meta_.enter(node);
    if (node == kConditions) condition_ = Condition();
  }

  void leave(uint8_t node) {
    if (MetaReader::owns(node)) return meta_.leave(node);
    if (node != kConditions || condition_.status != "True") return;
    // SuccessCriteriaMet and FailureTarget only announce: the Job's pods may still run.
    const bool complete = condition_.type == "Complete";
    if (!complete && condition_.type != "Failed") return;
    (complete ? job_.complete : job_.failed) = true;
    job_.reason = std::move(condition_.reason);
    job_.message = std::move(condition_.message);
    job_.finished = condition_.transition;
  }

  void text(uint8_t node, std::string& value) {
    if (MetaReader::owns(node)) return meta_.text(node, value);
    switch (node) {
      case kRequestCpu:
        job_.requests.cpu += parse_cpu(value).value_or(0);
        break;
      case kRequestMemory:
        job_.requests.memory += parse_bytes(value).value_or(0);
        break;
      case kLimitCpu:
        job_.limits.cpu += parse_cpu(value).value_or(0);
        break;
      case kLimitMemory:
        job_.limits.memory += parse_bytes(value).value_or(0);
        break;
      case kCompletionTime:
        completion_ = parse_time(value);
        break;
      case kType:
        condition_.type = value;
        break;
      case kCondStatus:
        condition_.status = value;
        break;
      case kReason:
        condition_.reason = std::move(value);
        break;
      case kMessage:
        condition_.message = std::move(value);
        break;
      case kTransition:
        condition_.transition = parse_time(value);
        break;
      default:
        break;
    }
  }

  void number(uint8_t node, int64_t value) {
    if (MetaReader::owns(node)) return meta_.number(node, value);
    std::string text = std::to_string(value);  // quantities may be numbers: cpu: 1
    if (node >= kRequestCpu && node <= kLimitMemory) this->text(node, text);
  }

  void boolean(uint8_t node, bool value) {
    if (MetaReader::owns(node)) meta_.boolean(node, value);
  }

  Result<JobRecord> finish() {
    Meta& meta = meta_.meta;
    if (meta.name.empty()) return fail("a job without a name");
    job_.version = meta.version();
    job_.ns = meta.ns;
    job_.name = std::move(meta.name);
    job_.uid = std::move(meta.uid);
    job_.created = meta.created;
    job_.deleting = meta.deleting;
    const auto labels = share_labels(std::move(meta.labels));
    job_.run_uid = label(*labels, "edp.dev/run-uid");
    job_.target_uid = label(*labels, "edp.dev/target-uid");
    job_.run_namespace = meta.annotation("edp.dev/run-namespace");
    job_.run_name = meta.annotation("edp.dev/run-name");
    job_.target_pod = meta.annotation("edp.dev/target-pod");
    job_.target_node = Symbol(meta.annotation("edp.dev/target-node"));
    const std::string_view attempt = label(*labels, "edp.dev/attempt");
    int32_t number = 0;
    const auto [at, error] = std::from_chars(attempt.data(), attempt.data() + attempt.size(), number);
    if (error == std::errc() && at == attempt.data() + attempt.size() && number > 0) job_.attempt = number;
    if (job_.done() && job_.finished == 0) job_.finished = completion_;
    return std::move(job_);
  }

 private:
  MetaReader meta_;
  JobRecord job_;
  Condition condition_;
  int64_t completion_ = 0;
};

}  // namespace

Result<JobRecord> read_job(std::string_view json) {
  JobReader reader;
  if (const auto read = read_paths(json, reader); !read) return tl::unexpected(read.error());
  return reader.finish();
}

}  // namespace edp::watch
