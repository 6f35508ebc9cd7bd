#include "runner/model/finding.h"

namespace edp::model {

std::string_view to_string(Severity severity) {
  switch (severity) {
    case Severity::kInfo:
      return "INFO";
    case Severity::kWarning:
      return "WARNING";
    case Severity::kCritical:
      return "CRITICAL";
  }
  return "";
}

std::string_view to_string(Basis basis) {
  switch (basis) {
    case Basis::kMeasured:
      return "measured";
    case Basis::kSampled:
      return "sampled";
    case Basis::kInferred:
      return "inferred";
  }
  return "";
}

std::string_view to_string(RuleStatus status) {
  switch (status) {
    case RuleStatus::kFired:
      return "fired";
    case RuleStatus::kClean:
      return "clean";
    case RuleStatus::kCannotTell:
      return "cannot_tell";
    case RuleStatus::kNotApplicable:
      return "not_applicable";
  }
  return "";
}

}  // namespace edp::model
