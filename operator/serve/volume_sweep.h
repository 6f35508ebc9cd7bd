// Inside of the volume store: what is too old goes, then what nobody refers to.
#pragma once

#include <chrono>
#include <string>

#include "common/cancel.h"
#include "operator/serve/volume_guard.h"

namespace edp::serve::volume {

// Safe beside uploads in this process; against those of another process (the leader before us) a blob younger
// than an hour is left alone.
Result<SweepResult> sweep(const std::string& root, Guard& guard, int64_t now, std::chrono::seconds keep,
                          const CancelToken& cancel);

}  // namespace edp::serve::volume
