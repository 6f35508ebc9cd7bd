// What we need of S3's XML: lists of objects, and errors. Unknown elements are passed over.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace edp::serve::s3 {

struct Object {
  std::string key;
  std::string modified;  // "2026-01-02T03:04:05.678Z": sorts as text
  int64_t modified_at = 0;
  uint64_t size = 0;
};

struct List {
  std::vector<Object> objects;
  std::string next;  // continuation token; empty: that was all
};

// Of ListObjectsV2; nothing where it is none.
std::optional<List> read_list(std::string_view xml);

struct Fault {
  std::string code, message;
};
// Of an error's body; empty where it is none.
Fault read_fault(std::string_view xml);

}  // namespace edp::serve::s3
