#include "operator/watch/meta.h"

#include <charconv>

namespace edp::watch {

std::string_view Meta::annotation(std::string_view key) const {
  for (const auto& [name_of, value] : annotations)
    if (name_of == key) return value;
  return {};
}

uint64_t Meta::numeric_version(std::string_view text) {
  uint64_t value = 0;
  const char* const end = text.data() + text.size();
  const auto [at, error] = std::from_chars(text.data(), end, value);
  return error == std::errc() && at == end ? value : 0;
}

uint8_t MetaReader::child(uint8_t node, std::string_view key) {
  switch (node) {
    case kMeta:
      if (key == "name") return kName;
      if (key == "namespace") return kNamespace;
      if (key == "uid") return kUid;
      if (key == "resourceVersion") return kVersion;
      if (key == "generation") return kGeneration;
      if (key == "creationTimestamp") return kCreated;
      if (key == "deletionTimestamp") return kDeleted;
      if (key == "continue") return kContinue;
      if (key == "annotations") return kAnnotations;
      if (key == "labels" && with_labels_) return kLabels;
      if (key == "ownerReferences" && with_labels_) return kOwners;
      return kSkip;
    case kLabels:
      label_key_ = Symbol(key);
      return kLabel;
    case kAnnotations:
      if (!key.starts_with("edp.dev/") && key != "k8s.io/initial-events-end") return kSkip;
      annotation_key_ = key;
      return kAnnotation;
    case kOwners:
      if (key == "kind") return kOwnerKind;
      if (key == "name") return kOwnerName;
      if (key == "controller") return kOwnerController;
      return kSkip;
    default:
      return kSkip;
  }
}

void MetaReader::enter(uint8_t node) {
  if (node != kOwners) return;
  owner_kind_.clear();
  owner_name_.clear();
  controller_ = false;
}

void MetaReader::leave(uint8_t node) {
  if (node != kOwners || !controller_) return;
  meta.owner_kind = Symbol(owner_kind_);
  meta.owner_name = Symbol(owner_name_);
}

void MetaReader::text(uint8_t node, std::string& value) {
  switch (node) {
    case kName:
      meta.name = value;
      break;
    case kNamespace:
      meta.ns = Symbol(value);
      break;
    case kUid:
      meta.uid = value;
      break;
    case kVersion:
      meta.resource_version = value;
      break;
    case kCreated:
      meta.created = parse_time(value);
      break;
    case kDeleted:
      meta.deleting = true;
      break;
    case kContinue:
      continue_token = value;
      break;
    case kLabel:
      meta.labels.emplace_back(label_key_, Symbol(value));
      break;
    case kAnnotation:
      meta.annotations.emplace_back(std::move(annotation_key_), std::move(value));
      break;
    case kOwnerKind:
      owner_kind_ = value;
      break;
    case kOwnerName:
      owner_name_ = value;
      break;
    default:
      break;
  }
}

void MetaReader::number(uint8_t node, int64_t value) {
  if (node == kGeneration) meta.generation = value;
}

void MetaReader::boolean(uint8_t node, bool value) {
  if (node == kOwnerController) controller_ = value;
}

}  // namespace edp::watch
