// Values by the ids of a file, in open addressing. Hashed with a key of this process, so that no file can be
// made so that its ids collide.
#pragma once

#include <bit>
#include <cstdint>
#include <random>
#include <vector>

namespace edp::decode::go_trace {

inline const uint64_t kIdKey = [] {
  std::random_device device;
  return (uint64_t{device()} << 32 | device()) | 1;
}();

template <typename Value>
class IdMap {
 public:
  // nullptr where the id is not known. Valid until the next add() or erase().
  [[nodiscard]] Value* find(uint64_t id) {
    if (slots_.empty()) return nullptr;
    for (size_t i = home(id);; i = (i + 1) & mask()) {
      if (!slots_[i].used) return nullptr;
      if (slots_[i].id == id) return &slots_[i].value;
    }
  }
  [[nodiscard]] const Value* find(uint64_t id) const { return const_cast<IdMap*>(this)->find(id); }

  // The id must not be there yet.
  Value& add(uint64_t id, Value value) {
    if ((count_ + 1) * 2 > slots_.size()) grow();
    size_t i = home(id);
    while (slots_[i].used) i = (i + 1) & mask();
    ++count_;
    slots_[i] = {id, true, std::move(value)};
    return slots_[i].value;
  }

  void erase(uint64_t id) {
    if (slots_.empty()) return;
    size_t i = home(id);
    while (slots_[i].used && slots_[i].id != id) i = (i + 1) & mask();
    if (!slots_[i].used) return;
    --count_;
    // What was pushed on by the gap moves back into it.
    for (size_t j = (i + 1) & mask(); slots_[j].used; j = (j + 1) & mask()) {
      if (((j - home(slots_[j].id)) & mask()) < ((j - i) & mask())) continue;
      slots_[i] = std::move(slots_[j]);
      i = j;
    }
    slots_[i] = {};
  }

  template <typename Visit>
  void for_each(Visit visit) {
    for (Slot& slot : slots_) {
      if (slot.used) visit(slot.id, slot.value);
    }
  }
  [[nodiscard]] size_t size() const { return count_; }
  void clear() {
    slots_.clear();
    count_ = 0;
  }

 private:
  struct Slot {
    uint64_t id = 0;
    bool used = false;
    Value value{};
  };

  [[nodiscard]] size_t mask() const { return slots_.size() - 1; }
  [[nodiscard]] size_t home(uint64_t id) const {
    return static_cast<size_t>((id ^ id >> 32) * kIdKey >> shift_);
  }
  void grow() {
    std::vector<Slot> old(slots_.empty() ? 16 : slots_.size() * 2);
    old.swap(slots_);
    shift_ = 64U - static_cast<unsigned>(std::countr_zero(slots_.size()));
    for (Slot& slot : old) {
      if (!slot.used) continue;
      size_t i = home(slot.id);
      while (slots_[i].used) i = (i + 1) & mask();
      slots_[i] = std::move(slot);
    }
  }

  std::vector<Slot> slots_;
  size_t count_ = 0;
  unsigned shift_ = 64;
};

}  // namespace edp::decode::go_trace
