// What every object has, and what only the protocol has: bookmarks, a list's metadata, a Status.
#include <string>
#include <string_view>
#include <utility>

#include "operator/watch/meta.h"
#include "operator/watch/proto.h"
#include "operator/watch/readers.h"
#include "operator/watch/sax.h"

namespace edp::watch {
namespace {

struct OnlyMeta {
  MetaReader meta{false};
  uint8_t child(uint8_t node, std::string_view key) {
    if (node == kRoot) return key == "metadata" ? MetaReader::kMeta : kSkip;
    return meta.child(node, key);
  }
  void enter(uint8_t node) { meta.enter(node); }
  void leave(uint8_t node) { meta.leave(node); }
  void text(uint8_t node, std::string& value) { meta.text(node, value); }
  void number(uint8_t node, int64_t value) { meta.number(node, value); }
  void boolean(uint8_t node, bool value) { meta.boolean(node, value); }
};

struct StatusReader {
  enum Node : uint8_t { kCode = 2, kReason, kMessage };
  StatusObject status;
  static uint8_t child(uint8_t node, std::string_view key) {
    if (node != kRoot) return kSkip;
    if (key == "code") return kCode;
    if (key == "reason") return kReason;
    if (key == "message") return kMessage;
    return kSkip;
  }
  void enter(uint8_t /*node*/) {}
  void leave(uint8_t /*node*/) {}
  void text(uint8_t node, std::string& value) {
    if (node == kReason) status.reason = value;
    if (node == kMessage) status.message = value;
  }
  void number(uint8_t node, int64_t value) {
    if (node == kCode && value >= 0 && value < 1000) status.code = static_cast<int>(value);
  }
  void boolean(uint8_t /*node*/, bool /*value*/) {}
};

}  // namespace

Result<Identity> read_identity(std::string_view bytes) {
  OnlyMeta reader;
  if (const auto read = read_object(bytes, reader, kObjectShape); !read) return tl::unexpected(read.error());
  Meta& meta = reader.meta.meta;
  if (meta.name.empty()) return fail("an object without a name");
  const uint64_t version = meta.version();
  return Identity{meta.ns, std::move(meta.name), std::move(meta.uid), version};
}

Result<ListMeta> read_list_meta(std::string_view bytes) {
  OnlyMeta reader;
  if (const auto read = read_object(bytes, reader, kObjectShape); !read) return tl::unexpected(read.error());
  Meta& meta = reader.meta.meta;
  const bool end = meta.annotation("k8s.io/initial-events-end") == "true";
  return ListMeta{std::move(meta.resource_version), std::move(reader.meta.continue_token), end};
}

std::string metadata_resource_version(std::string_view bytes) {
  const auto meta = read_list_meta(bytes);
  return meta ? meta->resource_version : std::string();
}

Result<StatusObject> read_status(std::string_view bytes) {
  StatusReader reader;
  if (const auto read = read_object(bytes, reader, kStatusShape); !read) return tl::unexpected(read.error());
  return std::move(reader.status);
}

}  // namespace edp::watch
