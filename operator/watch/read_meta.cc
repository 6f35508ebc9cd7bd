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
    if (node == kRoot) return when(key == "metadata", MetaReader::kMeta);
    return meta.child(node, key);
  }
  void enter(uint8_t node) { meta.enter(node); }
  void leave(uint8_t node) { meta.leave(node); }
  void text(uint8_t node, std::string& value) { meta.text(node, value); }
  void number(uint8_t node, int64_t value) { meta.number(node, value); }
  void boolean(uint8_t node, bool value) { meta.boolean(node, value); }
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

}  // namespace edp::watch
