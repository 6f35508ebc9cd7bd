// What an informer tells whoever keeps the objects. Order matters: one feed a kind, each from one thread.
//   kSyncBegin  a list begins: what is not upserted before kSyncEnd is gone
//   kUpsert     the object is there, new or changed or again
//   kDelete     the object is gone; only ns, name and uid are set
//   kSyncEnd    the list is complete
#pragma once

#include <cstdint>
#include <functional>

namespace edp::watch {

enum class DeltaKind : uint8_t { kSyncBegin, kUpsert, kDelete, kSyncEnd };

template <typename T>
struct Delta {
  DeltaKind kind = DeltaKind::kUpsert;
  T object;
};

template <typename T>
using DeltaSink = std::function<void(Delta<T>&&)>;

}  // namespace edp::watch
