// The metadata of any object, as a part of a PathSax reader.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "operator/watch/records.h"
#include "operator/watch/sax.h"

namespace edp::watch {

struct Meta {
  Symbol ns;
  std::string name, uid, resource_version;
  int64_t generation = 0;
  int64_t created = 0;
  bool deleting = false;
  Labels labels;  // as given, not sorted
  std::vector<std::pair<std::string, std::string>>
      annotations;  // those of edp.dev and k8s.io/initial-events-end
  Symbol owner_kind, owner_name;

  [[nodiscard]] uint64_t version() const { return numeric_version(resource_version); }
  [[nodiscard]] std::string_view annotation(std::string_view key) const;

  // 0 where it is no number.
  static uint64_t numeric_version(std::string_view text);
};

class MetaReader {
 public:
  // kMeta is where the reader's own child() leads for "metadata". Nodes from kEnd on are the reader's.
  enum Node : uint8_t {
    kMeta = 2,
    kName,
    kNamespace,
    kUid,
    kVersion,
    kGeneration,
    kCreated,
    kDeleted,
    kContinue,
    kLabels,
    kLabel,
    kAnnotations,
    kAnnotation,
    kOwners,
    kOwnerKind,
    kOwnerName,
    kOwnerController,
    kEnd
  };
  static bool owns(uint8_t node) { return node >= kMeta && node < kEnd; }

  // Labels and owners are read only where they are asked for.
  explicit MetaReader(bool labels = true) : with_labels_(labels) {}

  uint8_t child(uint8_t node, std::string_view key);
  void enter(uint8_t node);
  void leave(uint8_t node);
  void text(uint8_t node, std::string& value);
  void number(uint8_t node, int64_t value);
  void boolean(uint8_t node, bool value);

  Meta meta;
  std::string continue_token;  // of a list

 private:
  bool with_labels_;
  Symbol label_key_;
  std::string annotation_key_;
  std::string owner_kind_, owner_name_;
  bool controller_ = false;
};

}  // namespace edp::watch
