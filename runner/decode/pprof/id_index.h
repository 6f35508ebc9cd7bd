// From the ids in a file to dense indices: 1, 2, 3, ... cost nothing, anything else is hashed.
#pragma once

#include <cstdint>
#include <vector>

#include "runner/model/profile.h"

namespace edp::decode::pprof {

// A hash for tables that hold what a file says. Keyed anew in each process: a file can't be made so that its
// ids collide.
uint64_t keyed_hash(uint64_t id);

class IdIndex {
 public:
  // `expected` bounds how many ids come, and with it the memory taken.
  explicit IdIndex(uint64_t expected) : expected_(expected) {}

  // Gives `id` the next index; false where it has one already.
  bool add(uint64_t id) {
    if (slots_.empty()) {
      if (id == count_ + 1) {
        ++count_;
        return true;
      }
      hash_all();
    }
    return insert(id);
  }

  // kNone where the id is not known.
  [[nodiscard]] uint32_t find(uint64_t id) const {
    if (slots_.empty()) return id - 1 < count_ ? static_cast<uint32_t>(id - 1) : model::kNone;
    for (uint64_t i = keyed_hash(id) & mask_;; i = (i + 1) & mask_) {
      if (slots_[i].index == model::kNone || slots_[i].id == id) return slots_[i].index;
    }
  }

  [[nodiscard]] bool is_sequence() const { return slots_.empty(); }
  [[nodiscard]] uint64_t size() const { return count_; }

 private:
  struct Slot {
    uint64_t id = 0;
    uint32_t index = model::kNone;
  };

  void hash_all();
  bool insert(uint64_t id);

  uint64_t expected_;
  uint64_t count_ = 0;
  uint64_t mask_ = 0;
  std::vector<Slot> slots_;
};

}  // namespace edp::decode::pprof
