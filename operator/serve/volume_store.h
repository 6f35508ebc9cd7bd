// Reports on a file system:
//   blobs/sha256/<2 hex>/<64 hex>                               the bytes, by their digest
//   runs/<ns>/<name>/<runUid>/<podUid>/<file>.ref               JSON {digest, bytes, attempt, stored}
//   incoming/                                                   uploads under way, each locked by its writer
// A ref is written after its blob, and both are synced with their folders before a commit returns.
#pragma once

#include <memory>
#include <string>

#include "operator/serve/store.h"

namespace edp::serve {

struct VolumeOptions {
  std::string root;                             // made where it is missing
  uint64_t reserve_bytes = uint64_t{32} << 20;  // kept free for what else lives on the volume
};

// Removes what uploads of dead processes left behind. Fails where `root` can't be written.
Result<std::unique_ptr<ReportStore>> open_volume_store(const VolumeOptions& options);

}  // namespace edp::serve
