// What the user names as a target, read once and checked.
#pragma once

#include <string>
#include <string_view>

#include "common/result.h"

namespace edp::collect {

enum class TargetKind { kUrl, kFile, kDirectory, kStdin };

struct TargetSpec {
  TargetKind kind = TargetKind::kFile;
  // For people, reports and logs: as the user wrote it, without a password and without a query.
  std::string name;
  std::string url;   // kUrl: scheme://host[:port][/base], no user, no password, no query
  std::string path;  // kFile, kDirectory
  // kUrl: from user:password@ in the URL, percent-decoded. Never shown.
  std::string user, password;
};

// `http(s)://[user[:password]@]host[:port][/base]`, `-` (standard input), or a file or directory that exists.
// pid:, pod: and core: are recognised and answered with an error: the first and the last are not supported in
// this version, pods are diagnosed in their cluster (runner/kubectl).
Result<TargetSpec> parse_target(std::string_view text);

}  // namespace edp::collect
