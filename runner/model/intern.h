// Finds what is in a table already: indices by content, in open addressing. The content stays with the
// caller.
#pragma once

#include <cstdint>
#include <cstring>
#include <random>
#include <string_view>
#include <vector>

#include "runner/model/profile.h"

namespace edp::model {

// Of content that a file says. Keyed anew in each process, so that no file can be made to collide.
class KeyedHash {
 public:
  void add(uint64_t word) { state_ = mix(state_ ^ word); }
  void add(std::string_view bytes) {
    add(bytes.size());
    for (; bytes.size() >= 8; bytes.remove_prefix(8)) add(word(bytes, 8));
    if (!bytes.empty()) add(word(bytes, bytes.size()));
  }
  [[nodiscard]] uint64_t value() const { return state_; }

 private:
  static uint64_t word(std::string_view bytes, size_t size) {
    uint64_t value = 0;
    std::memcpy(&value, bytes.data(), size);
    return value;
  }
  static uint64_t mix(uint64_t x) {
    x = (x ^ (x >> 32)) * multiplier();
    return x ^ (x >> 29);
  }
  static uint64_t random() {
    std::random_device device;
    return uint64_t{device()} << 32 | device();
  }
  static uint64_t multiplier() {
    static const uint64_t key = random() | 1;
    return key;
  }
  static uint64_t start() {
    static const uint64_t key = random();
    return key;
  }
  uint64_t state_ = start();
};

class InternTable {
 public:
  // The index for which `same(index)` holds, or else `add()`'s result, which is remembered. `hash_of(index)`
  // is asked for when the table grows.
  template <typename Same, typename Add, typename HashOf>
  uint32_t find_or_add(uint64_t hash, Same same, Add add, HashOf hash_of) {
    if (count_ * 2 >= slots_.size()) grow(hash_of);
    const size_t mask = slots_.size() - 1;
    size_t i = hash & mask;
    for (; slots_[i] != kNone; i = (i + 1) & mask) {
      if (same(slots_[i])) return slots_[i];
    }
    ++count_;
    return slots_[i] = add();
  }
  [[nodiscard]] uint64_t memory() const { return slots_.size() * sizeof(uint32_t); }

 private:
  template <typename HashOf>
  void grow(HashOf hash_of) {
    const std::vector<uint32_t> old = std::move(slots_);
    slots_.assign(old.empty() ? 64 : old.size() * 2, kNone);
    const size_t mask = slots_.size() - 1;
    for (const uint32_t index : old) {
      if (index == kNone) continue;
      size_t i = hash_of(index) & mask;
      while (slots_[i] != kNone) i = (i + 1) & mask;
      slots_[i] = index;
    }
  }

  std::vector<uint32_t> slots_;
  size_t count_ = 0;
};

}  // namespace edp::model
