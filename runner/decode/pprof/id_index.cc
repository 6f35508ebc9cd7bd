#include "runner/decode/pprof/id_index.h"

#include <algorithm>
#include <bit>
#include <random>

namespace edp::decode::pprof {

uint64_t keyed_hash(uint64_t id) {
  static const uint64_t key = [] {
    std::random_device device;
    return uint64_t{device()} << 32 | device();
  }();
  id ^= key;
  id = (id ^ (id >> 30)) * 0xbf58476d1ce4e5b9;
  id = (id ^ (id >> 27)) * 0x94d049bb133111eb;
  return id ^ (id >> 31);
}

void IdIndex::hash_all() {
  const uint64_t size = std::bit_ceil(std::max(expected_, count_ + 1) * 2 + 1);
  slots_.resize(size);
  mask_ = size - 1;
  const uint64_t known = count_;
  count_ = 0;
  for (uint64_t id = 1; id <= known; ++id) insert(id);
}

bool IdIndex::insert(uint64_t id) {
  uint64_t i = keyed_hash(id) & mask_;
  for (; slots_[i].index != model::kNone; i = (i + 1) & mask_) {
    if (slots_[i].id == id) return false;
  }
  slots_[i] = {id, static_cast<uint32_t>(count_++)};
  return true;
}

}  // namespace edp::decode::pprof
