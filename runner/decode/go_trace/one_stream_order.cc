#include "runner/decode/go_trace/one_stream_order.h"

#include <algorithm>
#include <deque>

namespace edp::decode::go_trace::v1 {

void Order::flush() {
  if (count_ == 0) return;
  uint64_t value = count_ * sources_ + last_;
  for (; value >= 0x80; value >>= 7) bytes_.push_back(static_cast<Byte>(value | 0x80));
  bytes_.push_back(static_cast<Byte>(value));
  count_ = 0;
}

bool Order::Reader::next(size_t& source) {
  if (left_ == 0) {
    if (p_ == end_) return false;
    uint64_t value = 0;
    unsigned shift = 0;
    while (*p_ >= 0x80) {
      value |= uint64_t{*p_++ & 0x7fU} << shift;
      shift += 7;
    }
    value |= uint64_t{*p_++} << shift;
    left_ = value / order_->sources_;
    source_ = value % order_->sources_;
  }
  --left_;
  source = source_;
  return true;
}

namespace {

enum class Status : uint8_t { kDead, kRunnable, kRunning, kWaiting };

struct State {
  uint64_t goroutine = 0;
  uint64_t sequence = 0;
  Status status = Status::kDead;
  int64_t blocked_at = 0;  // ticks of the last kGoSysBlock
};

constexpr uint64_t kAnySequence = UINT64_MAX, kNextSequence = UINT64_MAX - 1;

// Of which goroutine the state must be what, and what it is then.
struct Change {
  enum Of : uint8_t { kNothing, kGoroutine, kCollector } of = kNothing;
  Status need = Status::kDead, next = Status::kDead;
  uint64_t goroutine = 0;
  uint64_t need_sequence = kAnySequence, next_sequence = kAnySequence;

  // Member by member: a copy of the whole would wait for its parts to be written.
  void set(Of what, uint64_t id, uint64_t from_sequence, uint64_t to_sequence, Status from, Status to) {
    of = what;
    goroutine = id;
    need_sequence = from_sequence;
    next_sequence = to_sequence;
    need = from;
    next = to;
  }
  void set(const Event& event);
};

void Change::set(const Event& event) {
  const auto& args = event.raw.args;
  const auto change = [&](uint64_t id, uint64_t from_sequence, uint64_t to_sequence, Status from, Status to) {
    set(kGoroutine, id, from_sequence, to_sequence, from, to);
  };
  switch (event.raw.type) {
    case kGoCreate:
      return change(args[0], 0, 1, Status::kDead, Status::kRunnable);
    case kGoWaiting:
    case kGoInSyscall:
      return change(event.goroutine, 1, 2, Status::kRunnable, Status::kWaiting);
    case kGoStart:
    case kGoStartLabel:
      return change(event.goroutine, args[1], args[1] + 1, Status::kRunnable, Status::kRunning);
    case kGoStartLocal:
      return change(event.goroutine, kAnySequence, kNextSequence, Status::kRunnable, Status::kRunning);
    case kGoBlock:
    case kGoBlockSend:
    case kGoBlockRecv:
    case kGoBlockSelect:
    case kGoBlockSync:
    case kGoBlockCond:
    case kGoBlockNet:
    case kGoSleep:
    case kGoSysBlock:
    case kGoBlockGc:
      return change(event.goroutine, kAnySequence, kAnySequence, Status::kRunning, Status::kWaiting);
    case kGoSched:
    case kGoPreempt:
      return change(event.goroutine, kAnySequence, kAnySequence, Status::kRunning, Status::kRunnable);
    case kGoUnblock:
    case kGoSysExit:
      return change(args[0], args[1], args[1] + 1, Status::kWaiting, Status::kRunnable);
    case kGoUnblockLocal:
    case kGoSysExitLocal:
      return change(args[0], kAnySequence, kNextSequence, Status::kWaiting, Status::kRunnable);
    case kGcStart:
      return set(kCollector, 0, args[0], args[0] + 1, Status::kDead, Status::kDead);
    default:
      return set(kNothing, 0, kAnySequence, kAnySequence, Status::kDead, Status::kDead);
  }
}

// Merges the processors' events: of those that fit the goroutines' states, the earliest comes next.
class Merger {
 public:
  explicit Merger(const Index& index) : index_(index), order_(index.procs.size()) {
    for (const ProcBatches& proc : index.procs) sources_.push_back({ProcCursor(proc), {}, nullptr, {}});
    available_.resize(sources_.size() + 1);
    for (size_t i = 0; i < available_.size(); ++i) available_[i] = i;
  }

  Order run() {
    while (step()) {
    }
    order_.flush();
    std::ranges::stable_sort(order_.exits, {}, &SyscallExit::ticks);
    return std::move(order_);
  }

 private:
  struct Source {
    ProcCursor cursor;
    Change change;
    State* state = nullptr;  // that `change` is about
    // A system call whose outcome the goroutine's next event tells.
    struct {
      uint64_t goroutine = 0;
      size_t call = 0;
    } open;
    bool has_event = false;
  };
  struct Entry {
    int64_t ticks;
    size_t source;
  };

  // Up to so many, a heap that had its least one added and taken is as before, where that is the only least.
  static constexpr size_t kTwoLevels = 6;

  [[nodiscard]] size_t sampler() const { return sources_.size(); }

  // The goroutine's, a new one where there is none.
  State& find_state(uint64_t goroutine) {
    if (State** known = states_.find(goroutine)) return **known;
    if (free_.empty()) free_.push_back(&pool_.emplace_back());
    State& state = *free_.back();
    free_.pop_back();
    state = {.goroutine = goroutine};
    states_.add(goroutine, &state);
    return state;
  }
  void forget_state(uint64_t goroutine) {
    State** known = states_.find(goroutine);
    if (known == nullptr) return;
    (*known)->goroutine = kAnySequence;  // whoever looks at it, looks for another one
    free_.push_back(*known);
    states_.erase(goroutine);
  }
  State& state_of(Source& source) {
    const Change& change = source.change;
    if (change.of == Change::kCollector) return collector_;
    if (source.state == nullptr || source.state->goroutine != change.goroutine) {
      source.state = &find_state(change.goroutine);
    }
    return *source.state;
  }
  bool is_ready(Source& source) {
    const Change& change = source.change;
    if (change.of == Change::kNothing) return true;
    const State& now = state_of(source);
    return (change.need_sequence == kAnySequence || change.need_sequence == now.sequence) &&
           change.need == now.status;
  }

  // False where the source has no more.
  bool load(size_t i) {
    if (i == sampler()) return sample_ < index_.samples.size();
    Source& source = sources_[i];
    if (source.has_event) return true;
    if (!source.cursor.next()) return false;
    source.has_event = true;
    source.change.set(source.cursor.event());
    return true;
  }

  bool step() {
    for (size_t i = 0; i < available_.size();) {
      const size_t s = available_[i];
      const bool has = load(s);
      if (has && s != sampler() && !is_ready(sources_[s])) {
        ++i;
        continue;
      }
      std::swap(available_[i], available_.back());
      available_.pop_back();
      if (has)
        push({s == sampler() ? static_cast<int64_t>(index_.samples[sample_].ticks)
                             : sources_[s].cursor.event().ticks,
              s});
    }
    if (frontier_.empty()) {
      if (!available_.empty())
        fail("the events can't be put in order: none of the processors' next ones fits");
      return false;
    }
    Entry first = pop();
    available_.push_back(first.source);
    do {
      if (!take(first)) return false;
    } while (goes_on(first));
    return true;
  }

  // Whether the next event of the source that was just taken from comes next of all. As mostly one source's
  // events follow each other, they are spared the way through the heap, where it would be left as it is.
  bool goes_on(Entry& entry) {
    if (entry.source == sampler()) return false;
    for (size_t i = 0; i + 1 < available_.size(); ++i) {
      if (is_ready(sources_[available_[i]])) return false;
    }
    if (!load(entry.source) || !is_ready(sources_[entry.source])) return false;
    entry.ticks = sources_[entry.source].cursor.event().ticks;
    if (frontier_.empty()) return true;
    const int64_t first = frontier_.front().ticks;
    // Which of equal times comes first depends on the heap: let it decide.
    const auto ties = [&](size_t i) { return frontier_.size() > i && frontier_[i].ticks == first; };
    return entry.ticks < first && frontier_.size() <= kTwoLevels && !ties(1) && !ties(2);
  }

  bool take(const Entry& first) {
    if (first.ticks < last_ticks_ && !disordered_) {
      disordered_ = true;
      order_.problems.push_back("time stamps contradict the order of events");
    }
    last_ticks_ = std::max(last_ticks_, first.ticks);
    if (first.source == sampler()) {
      // It counts as the goroutine's next event.
      const uint64_t goroutine = index_.samples[sample_++].goroutine;
      for (Source& source : sources_) {
        if (source.open.goroutine == goroutine) source.open.goroutine = 0;
      }
    } else if (!take(sources_[first.source])) {
      return false;
    }
    order_.add(first.source);
    ++place_;
    return true;
  }

  bool take(Source& source) {
    const Event& event = source.cursor.event();
    source.has_event = false;
    const Change& change = source.change;
    if (change.of != Change::kNothing) {
      if (!is_ready(source)) {
        fail("a goroutine's states contradict each other");
        return false;
      }
      State& now = state_of(source);
      now.status = change.next;
      if (change.next_sequence == kNextSequence)
        ++now.sequence;
      else if (change.next_sequence != kAnySequence)
        now.sequence = change.next_sequence;
      if (event.raw.type == kGoSysBlock || event.raw.type == kGoInSyscall) now.blocked_at = event.ticks;
      if (event.raw.type == kGoSysExit) note_exit(event, now);
    } else if (event.raw.type == kGoEnd) {
      forget_state(event.goroutine);
    }
    if (source.open.goroutine != 0 && source.open.goroutine == event.goroutine) {
      order_.syscall_blocks[source.open.call] = event.raw.type == kGoSysBlock;
      source.open.goroutine = 0;
    }
    if (event.raw.type == kGoSysCall) {
      source.open = {event.goroutine, order_.syscall_blocks.size()};
      order_.syscall_blocks.push_back(false);
    }
    return true;
  }

  void note_exit(const Event& event, const State& state) {
    const auto ticks = static_cast<int64_t>(event.raw.args[2]);
    if (ticks == 0) return;
    if ((state.blocked_at == 0 || ticks < state.blocked_at || ticks > event.ticks) && !disordered_) {
      disordered_ = true;
      order_.problems.push_back("an end of a system call is told at a wrong time");
    }
    order_.exits.push_back({ticks, place_, event.goroutine});
  }

  void fail(const std::string& what) {
    order_.complete = false;
    order_.problems.push_back(what);
  }

  // Equal times come as in Go's reader, given the same order of processors.
  void push(Entry entry) {
    frontier_.push_back(entry);
    for (size_t i = frontier_.size() - 1; i > 0;) {
      const size_t parent = (i - 1) / 2;
      if (frontier_[i].ticks >= frontier_[parent].ticks) break;
      std::swap(frontier_[i], frontier_[parent]);
      i = parent;
    }
  }
  Entry pop() {
    std::swap(frontier_.front(), frontier_.back());
    const Entry entry = frontier_.back();
    frontier_.pop_back();
    for (size_t i = 0;;) {
      size_t child = 2 * i + 1;
      if (child >= frontier_.size()) break;
      if (child + 1 < frontier_.size() && frontier_[child + 1].ticks < frontier_[child].ticks) ++child;
      if (frontier_[child].ticks >= frontier_[i].ticks) break;
      std::swap(frontier_[i], frontier_[child]);
      i = child;
    }
    return entry;
  }

  const Index& index_;
  Order order_;
  std::vector<Source> sources_;
  std::vector<size_t> available_;
  std::vector<Entry> frontier_;
  IdMap<State*> states_;
  std::deque<State> pool_;
  std::vector<State*> free_;
  State collector_;
  size_t sample_ = 0;
  uint64_t place_ = 0;
  int64_t last_ticks_ = INT64_MIN;
  bool disordered_ = false;
};

}  // namespace

Order make_order(const Index& index) { return Merger(index).run(); }

}  // namespace edp::decode::go_trace::v1
