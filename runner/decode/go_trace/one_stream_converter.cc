#include <algorithm>

#include "runner/decode/go_trace/one_stream_converter_inline.h"

namespace edp::decode::go_trace::v1 {

using model::GoState;
using model::ProcState;

namespace {

constexpr uint64_t kReleaseEvery = 1 << 16;  // events

constexpr std::array<std::string_view, 17> kStopReasons = {"",
                                                           "GC mark termination",
                                                           "GC sweep termination",
                                                           "write heap dump",
                                                           "goroutine profile",
                                                           "goroutine profile cleanup",
                                                           "all goroutine stack trace",
                                                           "read mem stats",
                                                           "AllThreadsSyscall",
                                                           "GOMAXPROCS",
                                                           "start trace",
                                                           "stop trace",
                                                           "CountPagesInUse (test)",
                                                           "ReadMetricsSlow (test)",
                                                           "ReadMemStatsSlow (test)",
                                                           "PageCachePagesLeaked (test)",
                                                           "ResetDebugLog (test)"};

}  // namespace

Converter::Converter(Index& index, const Order& order, int go_minor, EventSink& sink)
    : index_(index), order_(order), go_minor_(go_minor), emitter_(sink, -2) {
  if (index.ticks_per_second != 0) ns_per_tick_ = 1e9 / static_cast<double>(index.ticks_per_second);
  procs_.resize(index.procs.size());
  goroutine(0).status = Status::kRunning;
  const std::pair<Type, std::string_view> reasons[] = {{kGoStop, "forever"},
                                                       {kGoSched, "runtime.Gosched"},
                                                       {kGoPreempt, "preempted"},
                                                       {kGoSleep, "sleep"},
                                                       {kGoBlock, ""},
                                                       {kGoBlockSend, "chan send"},
                                                       {kGoBlockRecv, "chan receive"},
                                                       {kGoBlockSelect, "select"},
                                                       {kGoBlockSync, "sync"},
                                                       {kGoBlockCond, "sync.(*Cond).Wait"},
                                                       {kGoBlockNet, "network"},
                                                       {kGoBlockGc, "GC mark assist wait for work"}};
  block_reasons_.fill(kNone);
  for (const auto& [type, reason] : reasons) block_reasons_[type] = index.tables.add_text(reason);
  for (const std::string_view reason : kStopReasons) stop_reasons_.push_back(index.tables.add_text(reason));
}

bool Converter::broken(const std::string& what, const Event& event) {
  error_ = what + " (goroutine " + std::to_string(event.goroutine) + ")";
  return false;
}

Converter::Goroutine& Converter::goroutine(uint64_t id) {
  if (Goroutine* known = find(id)) return *known;
  if (free_.empty()) free_.push_back(&pool_.emplace_back());
  Goroutine& goroutine = *free_.back();
  free_.pop_back();
  goroutine = {.id = id};
  goroutines_.add(id, &goroutine);
  return goroutine;
}

// Its place stays readable, and tells that nobody is there.
void Converter::forget(Goroutine& goroutine) {
  goroutines_.erase(goroutine.id);
  goroutine.id = UINT64_MAX;
  free_.push_back(&goroutine);
}

// -- the rules that most events go through

EDP_HOT bool Converter::start_goroutine(const Event& event, Proc* proc, int64_t proc_id) {
  if (current_ == nullptr || current_->status != Status::kRunnable) return broken("runs that can't", event);
  if (proc->goroutine != 0) return broken("runs on a processor that runs another one", event);
  current_->status = Status::kRunning;
  current_->on_network = false;
  run_on(*proc, current_);
  if (starting_ && event.raw.type != kGoStartLabel) {
    emit_status(event, proc, proc_id, GoState::kRunning);
    return true;
  }
  go_trace::Event& out = make_here(go_trace::kGoStart, event, proc, proc_id);
  out.stack = kNone;
  emit_go(out, *current_, GoState::kRunnable, GoState::kRunning);
  if (event.raw.type == kGoStartLabel) {
    out.type = kGoLabel;
    out.subject_tag = nullptr;
    out.time = time_of(event.ticks);
    out.text = index_.tables.text_index(event.raw.args[2]);
    emitter_.emit(out);
  }
  return true;
}

EDP_HOT bool Converter::block(const Event& event, Proc* proc, int64_t proc_id) {
  if (!check_running(event, proc)) return false;
  Goroutine& current = *current_;
  const bool yields = event.raw.type == kGoSched || event.raw.type == kGoPreempt;
  current.status = yields                          ? Status::kRunnable
                   : event.raw.type == v1::kGoStop ? Status::kNew
                                                   : Status::kWaiting;
  current.on_network = event.raw.type == kGoBlockNet;
  run_on(*proc, nullptr);
  go_trace::Event& out = make_here(yields ? go_trace::kGoStop : go_trace::kGoBlock, event, proc, proc_id);
  out.text = block_reasons_[event.raw.type];
  emit_go(out, current, GoState::kRunning, yields ? GoState::kRunnable : GoState::kWaiting);
  return true;
}

EDP_HOT bool Converter::unblock(const Event& event, Proc* proc, int64_t proc_id) {
  const bool by_timer = index_.timer_goroutines.find(event.goroutine) != nullptr;
  if (current_ == nullptr || current_->status != Status::kRunning) {
    return broken("lets another one go without running", event);
  }
  if (!by_timer && proc->goroutine != event.goroutine) {
    return broken("lets another one go on a processor that it does not have", event);
  }
  Goroutine* other = find(event.raw.args[0]);
  if (other == nullptr || other->status != Status::kWaiting)
    return broken("lets one go that does not wait", event);
  other->status = Status::kRunnable;
  const int64_t where = other->on_network ? kNetpollProc : by_timer ? kTimerProc : proc_id;
  other->on_network = false;
  emit_go(make_here(go_trace::kGoUnblock, event, proc, where), *other, GoState::kWaiting, GoState::kRunnable);
  return true;
}

EDP_HOT bool Converter::convert(const Event& event, Proc* proc, int64_t proc_id, bool syscall_blocks) {
  // Mostly the one that the processor runs.
  current_ = proc == nullptr ? nullptr : proc->goroutine_at;
  if (current_ == nullptr || current_->id != event.goroutine) {
    current_ = nullptr;
    current_ = find(event.goroutine);
  }
  switch (event.raw.type) {
    case kGoStart:
    case kGoStartLocal:
    case kGoStartLabel:
      return start_goroutine(event, proc, proc_id);
    case kGoUnblock:
    case kGoUnblockLocal:
      return unblock(event, proc, proc_id);
    case v1::kGoStop:
    case kGoSched:
    case kGoPreempt:
    case kGoSleep:
    case kGoBlock:
    case kGoBlockSend:
    case kGoBlockRecv:
    case kGoBlockSelect:
    case kGoBlockSync:
    case kGoBlockCond:
    case kGoBlockNet:
    case kGoBlockGc:
      return block(event, proc, proc_id);
    default:
      return convert_rare(event, proc, proc_id, syscall_blocks);
  }
}

// Merges the order with the ends of system calls, which are earlier than they were written.
bool Converter::run(Releaser& releaser) {
  std::vector<ProcCursor> cursors;
  cursors.reserve(index_.procs.size());
  for (const ProcBatches& proc : index_.procs) cursors.emplace_back(proc);
  const auto& exits = order_.exits;
  size_t exit = 0, sample = 0, call = 0;
  uint64_t place = 0;
  bool first = true;
  // The first event is at time 0.
  const auto begin = [&](int64_t ticks) {
    if (!first) return;
    first = false;
    first_ticks_ = ticks;
    emitter_.sink().on_generation(
        {.number = 1, .offset = 16, .time = emitter_.next_time(-1), .tables = &index_.tables});
  };
  const auto take_exits = [&](int64_t ticks, uint64_t until) {
    for (; exit < exits.size(); ++exit) {
      const SyscallExit& next = exits[exit];
      if (next.ticks > ticks || (next.ticks == ticks && next.place > until)) return true;
      begin(next.ticks);
      Event event;
      event.raw.type = kGoSysExit;
      event.ticks = next.ticks;
      event.goroutine = event.raw.args[0] = next.goroutine;
      if (!convert(event, nullptr, kSyscallProc, false)) return false;
    }
    return true;
  };

  Order::Reader reader(order_);
  for (size_t source = 0; reader.next(source); ++place) {
    if (source == cursors.size()) {
      const CpuSample& next = index_.samples[sample++];
      if (!take_exits(static_cast<int64_t>(next.ticks), place)) return false;
      begin(static_cast<int64_t>(next.ticks));
      emit_cpu_sample(next);
      continue;
    }
    ProcCursor& cursor = cursors[source];
    if (place % kReleaseEvery == 0) {
      const Byte* ahead = nullptr;
      for (const ProcCursor& other : cursors) {
        const Byte* at = other.at();
        if (at != nullptr && (ahead == nullptr || at < ahead)) ahead = at;
      }
      if (ahead != nullptr) releaser.release(reinterpret_cast<const char*>(ahead));
    }
    if (!cursor.next()) return broken("the order is longer than the events", {});
    const Event& event = cursor.event();
    if (event.raw.type == kGoSysExit && event.raw.args[2] != 0) continue;  // comes from `exits`
    if (!take_exits(event.ticks, place)) return false;
    begin(event.ticks);
    const bool blocks = event.raw.type == kGoSysCall && order_.syscall_blocks[call++];
    const bool is_exit = event.raw.type == kGoSysExit || event.raw.type == kGoSysExitLocal;
    if (!convert(event, &procs_[source], is_exit ? kSyscallProc : cursor.proc(), blocks)) return false;
  }
  return take_exits(INT64_MAX, UINT64_MAX);
}

// -- what is handed on

go_trace::Event& Converter::make(EventType type, const Event& event, const Proc* proc, int64_t proc_id) {
  return make_here(type, event, proc, proc_id);
}

void Converter::emit_status(const Event& event, const Proc* proc, int64_t proc_id, GoState state) {
  Goroutine& subject = goroutine(event.goroutine);
  go_trace::Event& out = make(kGoStatus, event, proc, proc_id);
  out.stack = kNone;
  subject.is_untold = false;
  emit_go(out, subject, GoState::kUndetermined, state);
}

void Converter::tell_untold(int64_t time) {
  std::ranges::sort(untold_);
  for (const uint64_t id : untold_) {
    Goroutine* subject = find(id);
    if (subject == nullptr || !subject->is_untold) continue;
    go_trace::Event& out = make(kGoStatus, {}, nullptr, kNoId);
    out.time = time;
    emit_go(out, *subject, GoState::kUndetermined, GoState::kRunnable);
  }
  untold_ = {};
}

void Converter::emit_cpu_sample(const CpuSample& sample) {
  Event event;
  event.ticks = static_cast<int64_t>(sample.ticks);
  event.goroutine = sample.goroutine;
  event.raw.stack = sample.stack;
  current_ = nullptr;
  emitter_.emit(make(go_trace::kCpuSample, event, nullptr, sample.proc));
}

// -- the rules

bool Converter::convert_rare(const Event& event, Proc* proc, int64_t proc_id, bool syscall_blocks) {
  const auto& args = event.raw.args;
  switch (event.raw.type) {
    case kGomaxprocs: {
      if (starting_) {
        starting_ = false;
        tell_untold(time_of(event.ticks));
        return true;
      }
      go_trace::Event& out = make(kProcsChange, event, proc, proc_id);
      set_args(out, args[0]);
      emitter_.emit(out);
      return true;
    }
    case kProcStart:
    case kProcStop: {
      const bool starts = event.raw.type == kProcStart;
      if (proc->running == starts)
        return broken(starts ? "a processor starts that runs" : "a processor stops that does not run", event);
      if (!starts && proc->goroutine != 0) return broken("a processor stops that runs a goroutine", event);
      proc->running = starts;
      if (starts) proc->thread = static_cast<int64_t>(args[0]);
      go_trace::Event& out = make(starts ? go_trace::kProcStart : go_trace::kProcStop, event, proc, proc_id);
      if (!proc->is_told) out.type = kProcStatus;
      out.subject = static_cast<uint64_t>(proc_id);
      out.proc_tag = &proc->tag;
      out.proc_from = !proc->is_told ? ProcState::kUndetermined
                      : starts       ? ProcState::kIdle
                                     : ProcState::kRunning;
      out.proc_to = starts ? ProcState::kRunning : ProcState::kIdle;
      proc->is_told = true;
      emitter_.emit(out);
      if (!starts) proc->thread = kNoId;
      return true;
    }
    case kGcStart:
    case kGcDone:
    case kStwStart:
    case kStwDone:
    case kGcSweepStart:
    case kGcSweepDone:
    case kGcMarkAssistStart:
    case kGcMarkAssistDone:
    case kHeapAlloc:
    case kHeapGoal:
      return collector(event, proc, proc_id);
    case kGoCreate: {
      if (!check_running(event, proc, true)) return false;
      if (find(args[0]) != nullptr) return broken("makes one that exists already", event);
      Goroutine& made = goroutine(args[0]);
      made.status = Status::kRunnable;
      if (starting_) {
        made.is_untold = true;
        untold_.push_back(args[0]);
        return true;
      }
      go_trace::Event& out = make(go_trace::kGoCreate, event, proc, proc_id);
      out.new_stack = index_.tables.stack_index(static_cast<uint32_t>(args[1]));
      if (args[1] > UINT32_MAX) out.new_stack = kNone;
      emit_go(out, made, GoState::kNotExist, GoState::kRunnable);
      return true;
    }
    case kGoEnd:
      if (!check_running(event, proc)) return false;
      run_on(*proc, nullptr);
      emit_go(make(kGoDestroy, event, proc, proc_id), *current_, GoState::kRunning, GoState::kNotExist);
      forget(*current_);
      regions_.erase(event.goroutine);
      return true;
    case kGoSysCall: {
      if (!check_running(event, proc)) return false;
      go_trace::Event& out = make(kGoSyscallBegin, event, proc, proc_id);
      emit_go(out, *current_, GoState::kRunning, GoState::kSyscall);
      if (syscall_blocks) return true;
      // How long it took is not told.
      out.type = kGoSyscallEnd;
      out.time = time_of(event.ticks) + 1;
      out.stack = kNone;
      emit_go(out, *current_, GoState::kSyscall, GoState::kRunning);
      return true;
    }
    case kGoSysBlock:
      if (!check_running(event, proc)) return false;
      current_->status = Status::kWaiting;
      run_on(*proc, nullptr);
      return true;
    case kGoSysExit:
    case kGoSysExitLocal: {
      if (current_ == nullptr || current_->status != Status::kWaiting) {
        return broken("leaves a system call that it is not in", event);
      }
      current_->status = Status::kRunnable;
      emit_go(make(kGoSyscallEndBlocked, event, nullptr, kSyscallProc), *current_, GoState::kSyscall,
              GoState::kRunnable);
      return true;
    }
    case kGoWaiting:
    case kGoInSyscall: {
      if (current_ == nullptr || current_->status != Status::kRunnable)
        return broken("is told to wait, but does not", event);
      current_->status = Status::kWaiting;
      emit_status(event, proc, proc_id, event.raw.type == kGoWaiting ? GoState::kWaiting : GoState::kSyscall);
      return true;
    }
    case kUserTaskCreate:
    case kUserTaskEnd:
    case kUserRegion:
    case kUserLog:
      return task_or_region(event, proc, proc_id);
    case kFutileWakeup:
      return true;
    default:
      return broken("does what is not known", event);
  }
}

}  // namespace edp::decode::go_trace::v1
