// Label sets are kept once: the pods of a ReplicaSet all have the same.
#pragma once

#include <memory>

#include "operator/watch/records.h"

namespace edp::watch {

// Sorts by key (of a key given twice the last value counts) and returns the set kept. From any thread.
std::shared_ptr<const Labels> share_labels(Labels&& labels);

}  // namespace edp::watch
