#include "common/audit/check.h"

#include <algorithm>
#include <utility>

#include "common/files.h"

namespace edp::audit {
namespace {

constexpr std::array<std::string_view, kTamperings> kNames{
    "missing", "changed", "swapped", "added", "duplicated", "truncated-tail", "forged-head", "spliced"};
constexpr size_t kMostHeld = 1000;  // of strays, gaps and open intentions

std::string range(uint64_t from, uint64_t to) {
  return from == to ? "line " + std::to_string(from) + " is"
                    : "lines " + std::to_string(from) + " to " + std::to_string(to) + " are";
}

}  // namespace

std::string_view to_string(Tampering kind) { return kNames.at(static_cast<size_t>(kind)); }

void ChainCheck::tell(Tampering kind, const Place& place, uint64_t seq, std::string what) {
  ++figures_.problems;
  if (options_.on_problem) options_.on_problem({kind, place, seq, std::move(what)});
}

void ChainCheck::feed(std::string_view text, Place place) {
  Item item{.place = std::move(place), .hash = sha256_hex(text), .fault = {}, .line = {}};
  if (auto line = parse_line(text)) {
    item.line = std::move(*line);
  } else {
    item.fault = line.error().what;
  }
  ++figures_.lines;
  items_.push_back(std::move(item));
  if (items_.size() == 3) step();
}

void ChainCheck::cut_off(uint64_t bytes, const Place& place) {
  while (!items_.empty()) step();
  tell(Tampering::kTruncated, place, next_,
       "the last line breaks off after " + std::to_string(bytes) + " bytes");
}

void ChainCheck::end() {
  while (!items_.empty()) step();
  if (!begun_) return;
  place_strays(0);
  finish_heads();
  for (const auto& [seq, stray] : strays_) {
    if (fill_gap(seq)) {
      tell(Tampering::kSwapped, stray.place, seq,
           "line " + std::to_string(seq) + " stands here, before its turn");
    } else {
      tell(Tampering::kAdded, stray.place, seq, "its number is beyond the end of the stream");
    }
  }
  finish_gaps();
  figures_.last_seq = next_ - 1;
}

bool ChainCheck::has_number(const Item* item, uint64_t seq) const {
  return item != nullptr && item->line && item->line->stream == figures_.stream && item->line->seq == seq;
}

bool ChainCheck::links(const Item& item) const { return have_.empty() || item.line->prev == have_; }

// Its neighbours are those of the line that is due, whatever it says itself.
bool ChainCheck::in_place(const Item& item, const Item* next) const {
  return !have_.empty() && item.line->prev == have_ && (next == nullptr || has_number(next, next_ + 1));
}

void ChainCheck::remember(uint64_t seq, const std::string& hash) { recent_[seq % recent_.size()] = hash; }

std::string ChainCheck::hash_of(uint64_t seq) const {
  if (next_ - seq < recent_.size()) return recent_[seq % recent_.size()];
  return options_.look_back ? options_.look_back(seq) : std::string();
}

// Which stream this is, and with which number it begins. The first line tells, unless the two behind it agree
// on something else. A file begins with a line that opens it; it may have been moved a little.
void ChainCheck::begin(const Item& first) {
  begun_ = true;
  const auto line_of = [](const Item* item) {
    return item != nullptr && item->line ? &*item->line : nullptr;
  };
  const std::array<const Line*, 3> lines{line_of(&first), line_of(ahead(0)), line_of(ahead(1))};
  const bool agreed = lines[1] != nullptr && lines[2] != nullptr && lines[1]->stream == lines[2]->stream;
  const Line* const known = agreed || lines[0] == nullptr ? lines[1] : lines[0];
  next_ = 1;
  if (known == nullptr) return;
  figures_.stream = known->stream;
  const auto opening = std::ranges::find_if(lines, [&](const Line* line) {
    return line != nullptr && line->stream == figures_.stream && line->begins_segment;
  });
  if (opening != lines.end()) {
    next_ = (*opening)->seq;
    have_ = (*opening)->prev;
  } else if (lines[0] == nullptr || (agreed && lines[1]->seq + 1 == lines[2]->seq)) {
    next_ = std::max<uint64_t>(2, known->seq) - 1;
  } else {
    next_ = known->seq;
  }
  const bool first_is_due = has_number(&first, next_);
  if (opening == lines.end() && first_is_due && next_ > 1 &&
      (lines[1] == nullptr || lines[1]->prev == first.hash)) {
    tell(Tampering::kMissing, first.place, next_ - 1,
         "the line that opens this file is not here, nor what stood behind it up to " +
             std::to_string(next_ - 1));
  }
  if (next_ == 1) have_ = kNoLine;
  have_told_ = true;  // there is no line before it to blame
  figures_.first_seq = next_;
  figures_.first_time = known->time;
  anchor_ = have_;
  anchored_ = next_ == 1 || !options_.whole;
}

void ChainCheck::step() {
  Item item = std::move(items_.front());
  items_.pop_front();
  if (!begun_) begin(item);
  last_place_ = item.place;
  const Item* const next = ahead(0);
  if (!item.line) return take_unreadable(item, next);
  if (item.line->stream != figures_.stream) return take_foreign(item, next);
  if (item.line->seq != next_) place_strays(item.line->seq);
  if (item.line->seq == next_) return take_expected(std::move(item));
  if (item.line->seq > next_) return take_early(std::move(item), next);
  take_late(item, next);
}

// Those that were met before their turn and are due now, unless the line at hand has that number.
void ChainCheck::place_strays(uint64_t but) {
  for (auto found = strays_.find(next_); found != strays_.end() && next_ != but;
       found = strays_.find(next_)) {
    tell(Tampering::kSwapped, found->second.place, next_,
         "line " + std::to_string(next_) + " stands here, before its turn");
    const std::string hash = found->second.hash;
    strays_.erase(found);
    pass(hash);
  }
}

// The line that is due has been met, in whatever state; `hash` empty: not known.
void ChainCheck::pass(const std::string& hash) {
  remember(next_, hash);
  have_ = hash;
  have_told_ = true;
  have_place_ = last_place_;
  ++next_;
}

void ChainCheck::take_unreadable(const Item& item, const Item* next) {
  if (has_number(next, next_) && (have_.empty() || next->line->prev == have_)) {
    return tell(
        Tampering::kAdded, item.place, next_,
        "between lines " + std::to_string(next_ - 1) + " and " + std::to_string(next_) + ": " + item.fault);
  }
  tell(Tampering::kChanged, item.place, next_, item.fault);
  pass("");
}

void ChainCheck::take_foreign(const Item& item, const Item* next) {
  if (in_place(item, next)) {
    tell(Tampering::kChanged, item.place, next_, "it names another stream, " + item.line->stream);
    return pass("");
  }
  tell(Tampering::kSpliced, item.place, next_,
       "it is line " + std::to_string(item.line->seq) + " of another stream, " + item.line->stream);
  if (has_number(next, next_ + 1)) {
    add_gap(next_, next_, item.place);
    pass("");
  }
}

// Two lines have the number that is due: the one that the chain goes through is the true one. True: the item
// was judged; false: it is the true one, and the other is gone.
bool ChainCheck::take_twin(Item& item) {
  const Item& twin = items_.front();
  const Item* const after = ahead(1);
  const std::string number = "there is another line " + std::to_string(next_);
  if (twin.hash == item.hash) {
    tell(Tampering::kDuplicated, twin.place, next_, "it repeats the line before it");
    items_.pop_front();
    return false;
  }
  bool twin_is_true = twin.line->prev == have_ && item.line->prev != have_;
  if (has_number(after, next_ + 1)) {
    if (after->line->prev == twin.hash) twin_is_true = true;
    if (after->line->prev == item.hash) twin_is_true = false;
  }
  if (twin_is_true) {
    tell(Tampering::kAdded, item.place, next_, number + ", which the chain goes through");
    return true;
  }
  tell(Tampering::kAdded, twin.place, next_, number + ", which the chain goes through");
  items_.pop_front();
  return false;
}

void ChainCheck::take_expected(Item item) {
  if (has_number(ahead(0), next_) && take_twin(item)) return;
  bool told = false;
  if (!links(item) && (!have_told_ || next_ == 1)) {
    const Item* const next = ahead(0);
    const auto head = options_.heads.find(figures_.stream);
    const bool sealed =
        head != options_.heads.end() && head->second.seq == next_ && head->second.hash == item.hash;
    if (sealed || (has_number(next, next_ + 1) && next->line->prev == item.hash)) {
      tell(Tampering::kChanged, have_place_, next_ - 1,
           "line " + std::to_string(next_) + " has the hash of another one here");
    } else {
      tell(Tampering::kChanged, item.place, next_,
           "it does not follow from line " + std::to_string(next_ - 1) +
               (next == nullptr ? ", or that one was changed" : ""));
      told = true;
    }
  }
  // Behind a changed one the next must not be blamed for not knowing it.
  const uint64_t seq = next_;
  const std::string hash = item.hash;
  const Place place = item.place;
  accept(std::move(item));
  if (!told) return;
  have_ = "";
  have_told_ = true;
  have_place_ = place;
  remember(seq, hash);
}

void ChainCheck::accept(Item item) {
  if (const auto stray = strays_.find(next_); stray != strays_.end()) {
    if (stray->second.hash == item.hash) {
      tell(Tampering::kDuplicated, stray->second.place, next_, "it repeats a line that stands further below");
    } else {
      tell(Tampering::kAdded, stray->second.place, next_,
           "the true line " + std::to_string(next_) + " stands further below");
    }
    strays_.erase(stray);
  }
  look_at_head(item);
  const Line& line = *item.line;
  if (line.pruned_to + 1 == figures_.first_seq && line.pruned_hash == anchor_ &&
      line.pruned_stream == figures_.stream) {
    anchored_ = true;
  }
  if (const auto cut = line.object.find("cut"); cut != line.object.end()) {
    tell(Tampering::kTruncated, item.place, next_,
         "the log found here that lines behind " + std::to_string(next_ - 1) + " had been cut off, up to " +
             cut->dump());
  }
  follow_intent(line);
  figures_.last_time = line.time;
  remember(next_, item.hash);
  have_ = item.hash;
  have_place_ = item.place;
  have_told_ = false;
  ++next_;
}

void ChainCheck::take_early(Item item, const Item* next) {
  const uint64_t seq = item.line->seq;
  if (in_place(item, next)) {
    tell(Tampering::kChanged, item.place, next_,
         "its number was " + std::to_string(next_) + ", and is " + std::to_string(seq));
    return pass("");
  }
  const bool stray =
      has_number(next, next_) || has_number(next, next_ + 1) ||
      (next != nullptr && next->line && next->line->stream == figures_.stream && next->line->seq < seq);
  if (stray && strays_.size() < kMostHeld && !strays_.contains(seq)) {
    strays_[seq] = {.place = item.place, .hash = item.hash};
    if (!has_number(next, next_)) {
      add_gap(next_, next_, item.place);
      pass("");
    }
    return;
  }
  add_gap(next_, seq - 1, item.place);
  next_ = seq;
  have_ = "";
  accept(std::move(item));
}

void ChainCheck::take_late(const Item& item, const Item* next) {
  const uint64_t seq = item.line->seq;
  const std::string number = std::to_string(seq);
  if (in_place(item, next)) {
    tell(Tampering::kChanged, item.place, next_,
         "its number was " + std::to_string(next_) + ", and is " + number);
    return pass("");
  }
  if (fill_gap(seq)) {
    tell(Tampering::kSwapped, item.place, seq, "line " + number + " stands here, behind its turn");
  } else if (hash_of(seq) == item.hash) {
    tell(Tampering::kDuplicated, item.place, seq, "it repeats line " + number);
  } else {
    tell(Tampering::kAdded, item.place, seq, "line " + number + " stands further above, and is another");
  }
  if (has_number(next, next_ + 1) && !strays_.contains(next_)) {
    add_gap(next_, next_, item.place);
    pass("");
  }
}

void ChainCheck::look_at_head(const Item& item) {
  const auto beside = options_.heads.find(figures_.stream);
  if (beside != options_.heads.end() && beside->second.seq == next_) {
    if (beside->second.hash != item.hash) {
      tell(Tampering::kChanged, item.place, next_,
           "the head of " + beside->second.time + " has another hash for it");
    } else {
      figures_.sealed_to = next_;
    }
  }
  if (!item.line->head) return;
  const Head& head = *item.line->head;
  ++figures_.heads;
  std::string fault;
  if (head.stream != figures_.stream) {
    fault = "is of another stream, " + head.stream;
  } else if (head.seq + 1 != next_ || head.hash != item.line->prev) {
    fault = "does not tell of the line before it";
  } else if (!options_.keys.empty()) {
    if (head.key.empty()) {
      fault = "is not signed";
    } else if (std::ranges::none_of(options_.keys,
                                    [&](const ed25519::PublicKey& key) { return verify(key, head); })) {
      fault = "has a signature that is not of this key (it names key " + head.key + ")";
    } else {
      figures_.signed_head = true;
    }
  }
  if (!fault.empty())
    return tell(Tampering::kForgedHead, item.place, next_, "the head of " + head.time + " " + fault);
  figures_.sealed_to = std::max(figures_.sealed_to, head.seq);
}

void ChainCheck::follow_intent(const Line& line) {
  if (line.outcome == "intended" && figures_.without_outcome.size() < kMostHeld)
    figures_.without_outcome.insert(next_);
  if (line.intent) figures_.without_outcome.erase(*line.intent);
}

void ChainCheck::add_gap(uint64_t from, uint64_t to, const Place& before) {
  if (gaps_.size() < kMostHeld) {
    gaps_[from] = {.to = to, .before = before};
  } else {
    tell(Tampering::kMissing, before, from, range(from, to) + " not here");
  }
}

bool ChainCheck::fill_gap(uint64_t seq) {
  auto found = gaps_.upper_bound(seq);
  if (found == gaps_.begin()) return false;
  --found;
  const auto [from, gap] = *found;
  if (seq > gap.to) return false;
  gaps_.erase(found);
  if (from < seq) gaps_[from] = {.to = seq - 1, .before = gap.before};
  if (seq < gap.to) gaps_[seq + 1] = gap;
  return true;
}

void ChainCheck::finish_gaps() {
  for (const auto& [from, gap] : gaps_) {
    tell(Tampering::kMissing, gap.before, from, range(from, gap.to) + " not here");
  }
}

void ChainCheck::finish_heads() {
  if (!anchored_) {
    tell(Tampering::kMissing, {.file = last_place_.file, .line = 0}, figures_.first_seq - 1,
         "lines before " + std::to_string(figures_.first_seq) +
             " are not here, and no record says that they were old");
  }
  const auto beside = options_.heads.find(figures_.stream);
  if (beside == options_.heads.end() || beside->second.seq < next_) return;
  tell(Tampering::kTruncated, last_place_, next_,
       "the stream ends with line " + std::to_string(next_ - 1) + "; its head of " + beside->second.time +
           " tells of line " + std::to_string(beside->second.seq));
}

}  // namespace edp::audit
