#include "runner/analyse/rules/go/trace_stacks.h"

namespace edp::analyse::go {
namespace {

constexpr ClassSet kGrowthClasses{SymbolClass::kMapGrow, SymbolClass::kSyncMapExpand,
                                  SymbolClass::kSyncMapPromote};

bool is_operation(SymbolClass symbol_class) {
  return kMapClasses.has(symbol_class) || kSyncMapClasses.has(symbol_class);
}

// What makes room for one more entry, not a larger table: a further bucket, the first group.
bool makes_room_only(std::string_view function) {
  return function.find("(*hmap).") != std::string_view::npos || function.ends_with(".growToSmall");
}

void read(TraceStack& stack) {
  stack.lock = find_lock_call(stack.frames);
  stack.innermost_user = first_user_frame(stack.frames);
  bool plumbing = true;
  bool room_only = false;
  SymbolClass innermost = SymbolClass::kNone;
  for (size_t i = 0; i < stack.frames.size(); ++i) {
    const model::GoroutineFrame& frame = stack.frames[i];
    if (!plumbing) continue;
    if (!is_map_plumbing(frame.function, frame.file)) {
      plumbing = false;
      if (innermost != SymbolClass::kNone && !is_standard_library(frame.function, frame.file)) {
        stack.operation = innermost;
        stack.caller = i;
      }
      continue;
    }
    const SymbolClass symbol_class = classify(frame.function, frame.file).symbol_class;
    stack.classes.add(symbol_class);
    room_only |= makes_room_only(frame.function);
    // A sync.Map's own built-in maps count for it.
    if (is_operation(symbol_class) && (innermost == SymbolClass::kNone || kSyncMapClasses.has(symbol_class)))
      innermost = symbol_class;
  }
  stack.growth = stack.in_map() && stack.classes.intersects(kGrowthClasses) &&
                 !stack.classes.has(SymbolClass::kMapMake) && !room_only;
}

}  // namespace

std::string_view TraceStack::handler() const {
  if (innermost_user == kNoFrame) return frames.empty() ? "" : frames.back().function;
  size_t at = innermost_user;
  while (at + 1 < frames.size() && !is_standard_library(frames[at + 1].function, frames[at + 1].file)) ++at;
  return enclosing_function(frames[at].function);
}

TraceStacks::TraceStacks(const model::Timeline& timeline)
    : timeline_(timeline), stacks_(timeline.stack_count()) {}

const TraceStack& TraceStacks::of(uint32_t stack) {
  if (stack == model::kNone) return none_;
  std::unique_ptr<TraceStack>& slot = stacks_[stack];
  if (slot != nullptr) return *slot;
  slot = std::make_unique<TraceStack>();
  const std::span<const uint32_t> indices = timeline_.stack(stack);
  auto frames = std::make_unique<model::GoroutineFrame[]>(indices.size());
  for (size_t i = 0; i < indices.size(); ++i) {
    const model::TraceFrame& frame = timeline_.frames[indices[i]];
    frames[i] = {.function = timeline_.text(frame.function),
                 .arguments = {},
                 .file = timeline_.text(frame.file),
                 .line = frame.line};
  }
  slot->frames = Frames(frames.get(), indices.size());
  frames_.push_back(std::move(frames));
  read(*slot);
  return *slot;
}

}  // namespace edp::analyse::go
