// Finds what is wrong with a chain of audit lines, line by line, in memory that does not grow with it.
//
// A line is told by three things: its number (seq), the hash that it gives for the line before (prev), and
// the hash that the line behind gives for it. What does not fit is judged with the two lines that follow in
// view: a changed line still has its number and its neighbours, an added one has a number that another line
// has, a missing one leaves a hole that a line elsewhere may fill, and then the two were swapped.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "common/audit/line.h"
#include "common/audit/signature.h"

namespace edp::audit {

enum class Tampering : uint8_t {
  kMissing,
  kChanged,
  kSwapped,
  kAdded,
  kDuplicated,
  kTruncated,
  kForgedHead,
  kSpliced,  // a line of another stream
};
inline constexpr size_t kTamperings = 8;
std::string_view to_string(Tampering kind);  // "missing", ..., "truncated-tail", "forged-head", "spliced"

// Where a line stands.
struct Place {
  std::string file;
  uint64_t line = 0;  // from 1
};

struct Problem {
  Tampering kind = Tampering::kMissing;
  Place place;
  uint64_t seq = 0;  // that is concerned
  std::string what;
};

struct CheckOptions {
  std::vector<ed25519::PublicKey> keys;  // that may have signed heads; empty: signatures are not looked at
  std::map<std::string, Head> heads;     // by stream, from beside it: the stream must reach as far
  bool whole =
      false;  // the stream's oldest segment comes first: what is gone before it must be told as pruned
  // The hash of the line with that number, found anew in the files; empty: not known. Unset: by what is
  // remembered.
  std::function<std::string(uint64_t seq)> look_back;
  std::function<void(Problem)> on_problem;
};

struct ChainFigures {
  std::string stream, first_time, last_time;
  uint64_t lines = 0, first_seq = 0, last_seq = 0;
  uint64_t sealed_to = 0;    // covered by the newest good head
  bool signed_head = false;  // which a key has signed
  uint64_t heads = 0;
  uint64_t problems = 0;
  std::set<uint64_t> without_outcome;  // intentions; at most 1,000 are followed
};

class ChainCheck {
 public:
  explicit ChainCheck(CheckOptions options) : options_(std::move(options)) {}
  // A line without its line feed; whole or, where it is longer than kMaxLine, its beginning.
  void feed(std::string_view text, Place place);
  // The last line has no line feed.
  void cut_off(uint64_t bytes, const Place& place);
  void end();
  [[nodiscard]] const ChainFigures& figures() const { return figures_; }

 private:
  struct Item {
    Place place;
    std::string hash, fault;
    std::optional<Line> line;
  };
  struct Stray {  // a line met before its turn
    Place place;
    std::string hash;
  };

  void step();
  void begin(const Item& first);
  void take_unreadable(const Item& item, const Item* next);
  void take_foreign(const Item& item, const Item* next);
  void take_expected(Item item);
  void take_early(Item item, const Item* next);
  void take_late(const Item& item, const Item* next);
  bool take_twin(Item& item);
  void accept(Item item);
  void pass(const std::string& hash);
  void place_strays(uint64_t but);
  void look_at_head(const Item& item);
  void follow_intent(const Line& line);
  void remember(uint64_t seq, const std::string& hash);
  void add_gap(uint64_t from, uint64_t to, const Place& before);
  bool fill_gap(uint64_t seq);
  void finish_gaps();
  void finish_heads();
  [[nodiscard]] const Item* ahead(size_t index) const {
    return index < items_.size() ? &items_[index] : nullptr;
  }
  [[nodiscard]] bool has_number(const Item* item, uint64_t seq) const;
  [[nodiscard]] bool links(const Item& item) const;
  [[nodiscard]] bool in_place(const Item& item, const Item* next) const;
  [[nodiscard]] std::string hash_of(uint64_t seq) const;
  void tell(Tampering kind, const Place& place, uint64_t seq, std::string what);

  CheckOptions options_;
  ChainFigures figures_;
  std::deque<Item> items_;  // the one to judge, and two behind it
  bool begun_ = false;
  uint64_t next_ = 0;  // the number that is due
  std::string have_;   // hash of the line before it; empty: not known
  Place have_place_;
  bool have_told_ = false;  // that line has been reported
  Place last_place_;
  std::map<uint64_t, Stray> strays_;
  struct Gap {
    uint64_t to = 0;
    Place before;
  };
  std::map<uint64_t, Gap> gaps_;  // by the first number that lacks
  std::string anchor_;            // `prev` of the very first line, to be told by a prune
  bool anchored_ = true;
  std::array<std::string, 1024> recent_;  // hashes, by seq modulo
};

}  // namespace edp::audit
