// One ResourceQuota as we know it: what its status said last, and which of our charges that can't contain
// yet. The reasoning is in ledger.h.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "operator/reconcile/charge.h"
#include "operator/watch/records.h"

namespace edp::reconcile {

class QuotaAccount {
 public:
  // What may be charged by one grant: its Job object and its pod, at different times.
  enum Part : uint8_t { kJobPart, kPodPart, kParts };

  // The status as seen now. True if a hard limit changed.
  bool update(const watch::QuotaRecord& quota);

  void expect(std::string_view job, const Charge& pod);
  // That part of the charge was made before the object was seen at `version` (0: unknown), which was at
  // `now`.
  void seen(std::string_view job, Part part, uint64_t version, int64_t now);
  // Seen so long ago that the status must show it.
  void settled(std::string_view job, Part part);
  // It will never be made, or is never to be waited for.
  void drop(std::string_view job);
  // Its Job has ended: the pod's charge may still be held, unless the status is younger than the pod's end,
  // which was not after `version`.
  void ended(std::string_view job, const Charge& pod, uint64_t version, int64_t now);
  // The pod's end was seen at `version`.
  void pod_ended(std::string_view job, uint64_t version);
  // What was seen, or has ended, at or before `limit` is settled.
  void settle_until(int64_t limit);
  // The earliest time at which something unsettled was seen; 0: nothing.
  [[nodiscard]] int64_t earliest_seen() const;

  [[nodiscard]] std::optional<int64_t> hard(Dimension dimension) const { return hard_[dimension]; }
  [[nodiscard]] int64_t used(Dimension dimension) const { return used_[dimension]; }
  // Charges that `used` may not contain.
  [[nodiscard]] int64_t pending(Dimension dimension) const;
  // Charges of pods that have ended and may still be held.
  [[nodiscard]] int64_t held(Dimension dimension) const { return held_[dimension]; }

 private:
  struct Expected {
    bool open = true;      // its charge has not been shown to be in the status
    uint64_t version = 0;  // at which it was first seen
    int64_t seen_at = 0;   // 0: not yet
  };
  struct Item {
    uint64_t number = 0;
    Charge pod{};
    std::array<Expected, kParts> parts;
  };
  // Charges of one size are alike: a rise of the status by that size was one of them, whichever.
  struct Kind {
    int64_t open = 0, credits = 0;
    [[nodiscard]] int64_t pending() const { return open > credits ? open - credits : 0; }
  };
  struct Ended {
    Charge pod{};
    uint64_t version = 0;  // not before its end; 0: unknown
    int64_t at = 0;
  };
  using Items = std::map<std::string, Item, std::less<>>;
  using EndedPods = std::map<std::string, Ended, std::less<>>;

  Kind& kind(const Item& item, Part part);
  void close(Item& item, Part part, bool charged);
  void erase_if_closed(Items::iterator at);
  EndedPods::iterator release(EndedPods::iterator at);
  void credit_pods(const Charge& rise);
  [[nodiscard]] bool current(uint64_t version) const { return version != 0 && version <= version_; }

  std::array<std::optional<int64_t>, kDimensions> hard_;
  Charge used_{};
  uint64_t version_ = 0;
  bool known_ = false;
  uint64_t next_number_ = 0;
  Items items_;
  std::map<Charge, Kind> pods_;
  Kind jobs_;
  EndedPods ended_;
  Charge held_{};
};

}  // namespace edp::reconcile
