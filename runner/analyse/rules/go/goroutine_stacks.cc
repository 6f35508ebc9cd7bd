#include "runner/analyse/rules/go/goroutine_stacks.h"

#include <algorithm>
#include <charconv>

namespace edp::analyse::go {
namespace {

constexpr ClassSet kLockClasses{SymbolClass::kMutexLock,    SymbolClass::kMutexUnlock,
                                SymbolClass::kRWMutexLock,  SymbolClass::kRWMutexUnlock,
                                SymbolClass::kRWMutexRLock, SymbolClass::kRWMutexRUnlock};

bool starts(std::string_view text, std::string_view prefix) { return text.starts_with(prefix); }

// "sync", "internal/sync" and the runtime are the inside of a lock call.
bool is_lock_inside(std::string_view function) {
  const std::string_view package = package_of(function);
  return package == "sync" || package == "internal/sync" || package == "runtime" ||
         package == "internal/race" || package.empty();
}

uint64_t parse_pointer(std::string_view text) {
  if (!text.starts_with("0x")) return 0;
  uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data() + 2, text.data() + text.size(), value, 16);
  if (error != std::errc{} || end != text.data() + text.size()) return 0;
  return value < 4096 ? 0 : value;  // a small number is no address
}

struct StateName {
  std::string_view prefix;
  Wait wait;
};

// As in the runtime's list of wait reasons; the first match counts.
constexpr StateName kStates[] = {
    {"chan receive (nil chan)", Wait::kNever},
    {"chan send (nil chan)", Wait::kNever},
    {"select (no cases)", Wait::kNever},
    {"chan receive", Wait::kChanReceive},
    {"chan send", Wait::kChanSend},
    {"select", Wait::kSelect},
    {"sleep", Wait::kSleep},
    {"IO wait", Wait::kNetwork},
    {"syscall", Wait::kSyscall},
    {"running", Wait::kRunning},
    {"runnable", Wait::kRunning},
    {"copystack", Wait::kRunning},
    {"preempted", Wait::kRunning},
    {"sync.Mutex.Lock", Wait::kLock},
    {"sync.RWMutex", Wait::kLock},
    {"semacquire", Wait::kLock},  // before 1.20; also WaitGroup and the collector: the frames decide
};

Wait wait_of_state(std::string_view state) {
  for (const StateName& name : kStates) {
    if (starts(state, name.prefix)) return name.wait;
  }
  return Wait::kOther;
}

// A profile has no states, but shows the runtime's frames that dumps hide.
Wait wait_of_frames(Frames frames) {
  bool parked = false;
  for (const model::GoroutineFrame& frame : frames) {
    const std::string_view name = frame.function;
    if (name == "runtime.gopark" || name == "runtime.goparkunlock") parked = true;
    if (name == "runtime.chansend" || name == "runtime.chansend1")
      return parked ? Wait::kChanSend : Wait::kRunning;
    if (starts(name, "runtime.chanrecv")) return parked ? Wait::kChanReceive : Wait::kRunning;
    if (name == "runtime.selectgo") return parked ? Wait::kSelect : Wait::kRunning;
    if (name == "runtime.block") return Wait::kNever;
    if (name == "time.Sleep") return Wait::kSleep;
    if (name == "internal/poll.runtime_pollWait") return Wait::kNetwork;
    if (starts(name, "syscall.Syscall") || starts(name, "syscall.RawSyscall") ||
        starts(name, "internal/runtime/syscall.")) {
      return Wait::kSyscall;
    }
    if (!is_lock_inside(name)) break;
  }
  return parked ? Wait::kOther : Wait::kRunning;
}

// A lock that is waited for shows the semaphore, or lockSlow; a lock call alone may be on its way.
bool waits_in_lock(Frames frames, const LockCall& lock) {
  for (size_t i = 0; i < lock.owner; ++i) {
    const std::string_view name = frames[i].function;
    if (name.find("runtime_Semacquire") != std::string_view::npos) return true;
  }
  return false;
}

constexpr ClassSet kWaitClasses{SymbolClass::kMutexLock, SymbolClass::kRWMutexLock,
                                SymbolClass::kRWMutexRLock};

void set_wait(Stack& stack, Wait wait) {
  stack.wait = wait;
  if (wait != Wait::kLock && wait != Wait::kOther) return;
  const LockCall lock = find_lock_call(stack.frames);
  if (!lock.found() || !kWaitClasses.has(lock.operation) || !waits_in_lock(stack.frames, lock)) {
    if (wait == Wait::kLock) stack.wait = Wait::kOther;
    return;
  }
  stack.wait = lock.inside_sync_map ? Wait::kSyncMapLock : Wait::kLock;
  stack.lock = lock;
}

// EDP asks for profiles and dumps; the goroutines that answer are not the service's.
bool answers_edp(Frames frames) {
  return std::ranges::any_of(frames, [](const model::GoroutineFrame& frame) {
    return starts(frame.function, "net/http/pprof.") || starts(frame.function, "runtime/pprof.");
  });
}

Snapshot of_dump(const model::GoroutinesFact& fact) {
  Snapshot result;
  result.taken_at = fact.taken_at;
  result.artefact = fact.artefact;
  result.is_dump = true;
  for (const model::Goroutine& goroutine : fact.goroutines.list) {
    result.ids.push_back(goroutine.id);
    if (goroutine.frames.empty() || answers_edp(goroutine.frames)) continue;
    Stack stack;
    stack.frames = goroutine.frames;
    stack.id = goroutine.id;
    stack.wait_minutes = goroutine.wait_minutes;
    stack.created = goroutine.created_by.function.empty() ? nullptr : &goroutine.created_by;
    set_wait(stack, wait_of_state(goroutine.state));
    result.stacks.push_back(stack);
  }
  std::ranges::sort(result.ids);
  return result;
}

Snapshot of_profile(const model::ProfileFact& fact) {
  Snapshot result;
  result.taken_at = fact.taken_at;
  result.artefact = fact.artefact;
  if (fact.profile.sample_types.empty()) return result;
  for (size_t i = 0; i < fact.profile.sample_count(); ++i) {
    const model::Sample sample = fact.profile.sample(i);
    std::vector<model::GoroutineFrame> frames = expand(fact.profile, sample);
    if (sample.values[0] <= 0 || frames.empty() || answers_edp(frames)) continue;
    Stack stack;
    stack.frames = result.storage.emplace_back(std::move(frames));
    stack.count = sample.values[0];
    set_wait(stack, wait_of_frames(stack.frames));
    result.stacks.push_back(stack);
  }
  return result;
}

}  // namespace

std::string_view to_string(Wait wait) {
  switch (wait) {
    case Wait::kRunning:
      return "running";
    case Wait::kLock:
      return "a lock";
    case Wait::kSyncMapLock:
      return "the lock inside a sync.Map";
    case Wait::kChanSend:
      return "a channel send";
    case Wait::kChanReceive:
      return "a channel receive";
    case Wait::kSelect:
      return "a select";
    case Wait::kNever:
      return "something that can never happen";
    case Wait::kSleep:
      return "time.Sleep";
    case Wait::kNetwork:
      return "network I/O";
    case Wait::kSyscall:
      return "a system call";
    case Wait::kOther:
      return "another goroutine";
  }
  return "";
}

bool is_external(Wait wait) {
  return wait != Wait::kRunning && wait != Wait::kLock && wait != Wait::kSyncMapLock;
}

LockCall find_lock_call(Frames frames) {
  LockCall call;
  for (size_t i = 0; i < frames.size(); ++i) {
    const std::string_view name = frames[i].function;
    if (!is_lock_inside(name)) {
      if (call.operation != SymbolClass::kNone) call.owner = i;
      return call;
    }
    const SymbolClass symbol_class = classify(name, frames[i].file).symbol_class;
    if (kLockClasses.has(symbol_class)) {
      call.operation = symbol_class;
      // The innermost that tells: RWMutex.Lock's Mutex is the RWMutex's first field, so both agree.
      if (call.address == 0) call.address = first_pointer(frames[i].arguments);
    }
    if (kSyncMapClasses.has(symbol_class) || kSyncMapInternalClasses.has(symbol_class))
      call.inside_sync_map = true;
    if (starts(name, "sync.(*Once)")) call.inside_once = true;
    // What merely uses a lock inside waits for something else.
    if (starts(name, "sync.(*Cond)") || starts(name, "sync.(*WaitGroup)")) return {};
  }
  return {};
}

std::vector<model::GoroutineFrame> expand(const model::Profile& profile, const model::Sample& sample) {
  std::vector<model::GoroutineFrame> frames;
  frames.reserve(sample.locations.size());
  for (const uint32_t index : sample.locations) {
    for (const model::Line& line : profile.lines_of(profile.locations[index])) {
      if (line.function == model::kNone) continue;
      const model::Function& function = profile.functions[line.function];
      frames.push_back(
          {.function = function.name, .arguments = {}, .file = function.file, .line = line.line});
    }
  }
  return frames;
}

std::vector<Snapshot> snapshots(const model::Facts& facts) {
  std::vector<Snapshot> result;
  result.reserve(facts.goroutines.size());
  for (const model::GoroutinesFact& fact : facts.goroutines) result.push_back(of_dump(fact));
  for (const model::ProfileFact& fact : facts.profiles) {
    if (fact.kind == model::ProfileKind::kGoroutine && !fact.is_delta) result.push_back(of_profile(fact));
  }
  std::ranges::stable_sort(result, {}, &Snapshot::taken_at);
  return result;
}

size_t user_frame(Frames frames, size_t from) {
  for (size_t i = from; i < frames.size(); ++i) {
    if (!is_standard_library(frames[i].function, frames[i].file)) return i;
  }
  return from;
}

size_t first_user_frame(Frames frames) {
  for (size_t i = 0; i < frames.size(); ++i) {
    if (!is_standard_library(frames[i].function, frames[i].file)) return i;
  }
  return kNoFrame;
}

std::string_view enclosing_function(std::string_view function) {
  const size_t slash = function.rfind('/');
  const size_t after_package = function.find('.', slash == std::string_view::npos ? 0 : slash);
  if (after_package == std::string_view::npos) return function;
  for (const std::string_view mark : {".func", ".gowrap", ".deferwrap", "-range", "-fm"}) {
    const size_t at = function.find(mark, after_package + 1);
    if (at == std::string_view::npos) continue;
    const size_t digit = at + mark.size();
    if (mark == "-fm" || (digit < function.size() && function[digit] >= '0' && function[digit] <= '9')) {
      function = function.substr(0, at);
    }
  }
  return function;
}

bool has_receiver(std::string_view function) { return receiver_of(function) != package_of(function); }

std::string_view place_of(std::string_view function) {
  return has_receiver(function) ? receiver_of(function) : enclosing_function(function);
}

uint64_t first_pointer(std::string_view arguments) {
  const std::string_view first = arguments.substr(0, arguments.find_first_of(",)"));
  return first.ends_with('?') ? 0 : parse_pointer(first);
}

model::SourceLocation location_of(const model::GoroutineFrame& frame, std::string role) {
  return {.function = std::string(frame.function),
          .file = std::string(frame.file),
          .line = frame.line,
          .role = std::move(role),
          .source = {}};
}

}  // namespace edp::analyse::go
