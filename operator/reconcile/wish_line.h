// Who waits, and whose turn it is. Three classes of priority; in a class one line for each namespace and
// size, so that finding the next one costs no look at the thousands behind it. Namespaces take turns: the one
// that was served least is first, and one that comes late starts level with the others. Wishes that their
// node, target or run holds back are parked, and one of them comes back into line whenever there may be room.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "operator/reconcile/charge.h"
#include "operator/reconcile/ledger.h"

namespace edp::reconcile {

// What a wish costs: equal ones fit or don't fit together.
struct Size {
  Charge pod{};
  bool charged = true;
  auto operator<=>(const Size&) const = default;
};

// What may hold a wish back besides the quota.
struct Hold {
  enum class Kind : uint8_t { kNode, kTarget, kRun } kind = Kind::kNode;
  std::string name;
  auto operator<=>(const Hold&) const = default;
};

struct Waiting {
  Wish wish;
  Size size;
  uint8_t rank = 1;     // class: 0 Critical, 1 Manual, 2 Periodic
  uint64_t number = 0;  // of its arrival
  std::optional<Hold> parked;
  bool in_line = false;  // neither parked nor too large
};

class WishLine {
 public:
  static constexpr size_t kClasses = 3;

  // `too_large`: kept, not lined up.
  void add(const Wish& wish, bool too_large);
  // Null if it does not wait.
  [[nodiscard]] const Waiting* find(std::string_view job) const;
  void remove(std::string_view job);
  // Hard limits have changed: sort anew into those that can ever fit and those that can't.
  void sort_out(const std::function<bool(const Size&)>& ever_fits);

  // The next one of that class whose size `fits`, all holds but the given ones aside. It stays in line.
  const Waiting* next(size_t rank, const std::function<bool(const Size&)>& fits);
  // It was `next` and has to wait for that.
  void park(std::string_view job, Hold hold);
  // One that waits for this and that `may` start comes back into line.
  void unpark(const Hold& hold, const std::function<bool(const Waiting&)>& may);
  // It was granted: its namespace has had its turn.
  void served(std::string_view job);

  // Sizes in line in a class, and since when wishes of other sizes were granted before them (0: not).
  struct InLine {
    size_t count = 0;
    int64_t overtaken_since = 0;
    int64_t no_claim_until = 0;  // it did not fit even alone: strangers hold the room
  };
  using Sizes = std::map<Size, InLine>;
  [[nodiscard]] Sizes& sizes(size_t rank) { return classes_[rank].sizes; }
  [[nodiscard]] const Sizes& sizes(size_t rank) const { return classes_[rank].sizes; }

  [[nodiscard]] size_t count(size_t rank) const { return counts_[rank]; }  // all that wait, also parked ones
  [[nodiscard]] size_t too_large() const { return too_large_; }
  [[nodiscard]] int64_t oldest_since() const;

 private:
  struct Earlier {
    bool operator()(const Waiting* a, const Waiting* b) const {
      return std::tie(a->rank, a->wish.since, a->number) < std::tie(b->rank, b->wish.since, b->number);
    }
  };
  using Line = std::set<Waiting*, Earlier>;
  struct Namespace {
    uint64_t turns = 0;
    std::map<Size, Line> lines;
  };
  struct Class {
    std::map<std::string, Namespace> namespaces;       // with someone in line
    std::set<std::pair<uint64_t, std::string>> order;  // by turns
    std::map<std::string, uint64_t, std::less<>>
        resting;         // turns of those with nobody in line, above `level`
    uint64_t level = 0;  // turns of the namespace served last
    Sizes sizes;
  };

  void enter(Waiting& waiting);
  void leave(Waiting& waiting);

  std::unordered_map<std::string, Waiting> all_;
  std::array<Class, kClasses> classes_;
  std::map<Hold, Line> parked_;
  std::array<size_t, kClasses> counts_{};
  std::set<std::pair<int64_t, uint64_t>> by_age_;
  size_t too_large_ = 0;
  uint64_t next_number_ = 0;
};

}  // namespace edp::reconcile
