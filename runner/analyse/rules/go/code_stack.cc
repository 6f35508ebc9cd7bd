#include "runner/analyse/rules/go/code_stack.h"

#include <algorithm>
#include <initializer_list>
#include <span>

namespace edp::analyse::go {
namespace {

using model::kNone;

bool starts_with_any(std::string_view text, std::initializer_list<std::string_view> prefixes) {
  return std::any_of(prefixes.begin(), prefixes.end(),
                     [text](std::string_view prefix) { return text.starts_with(prefix); });
}

std::optional<AllocKind> kind_of(std::string_view name) {
  if (name.starts_with("convT")) return AllocKind::kInterface;
  if (starts_with_any(name, {"makeslice", "growslice"})) return AllocKind::kSlice;
  if (starts_with_any(name, {"concatstring", "slicebytetostring", "slicerunetostring", "intstring",
                             "rawstring", "stringtoslice"})) {
    return AllocKind::kString;
  }
  if (name.starts_with("makemap")) return AllocKind::kMap;
  if (starts_with_any(name, {"newobject", "mallocgc"})) return AllocKind::kObject;
  return std::nullopt;
}

}  // namespace

StackReader::StackReader(const model::Profile& profile) : profile_(profile) {
  functions_.reserve(profile.functions.size());
  for (const model::Function& function : profile.functions) functions_.push_back(facts_of(function));
}

StackReader::FunctionFacts StackReader::facts_of(const model::Function& function) {
  FunctionFacts facts;
  facts.symbol_class = classify(function.name, function.file).symbol_class;
  facts.plumbing = is_map_plumbing(function.name, function.file);
  facts.library = is_standard_library(function.name, function.file);
  if (!facts.plumbing) return facts;
  // Assembly functions have no package in some Go versions: "aeshashbody", "memeqbody".
  const std::string_view package = package_of(function.name);
  const std::string_view name = package.empty() ? function.name : function.name.substr(package.size() + 1);
  facts.hashing = starts_with_any(name, {"memhash", "strhash", "aeshash", "typehash", "interhash",
                                         "nilinterhash", "f32hash", "f64hash", "c64hash", "c128hash"});
  facts.comparing = starts_with_any(name, {"memeq", "memequal", "strequal", "interequal", "nilinterequal",
                                           "efaceeq", "ifaceeq", "type:.eq", "type..eq"});
  facts.copying = starts_with_any(name, {"memmove", "typedmemmove", "duffcopy"});
  facts.write_barrier = starts_with_any(name, {"gcWriteBarrier", "wbBufFlush", "bulkBarrierPreWrite"});
  facts.first_or_overflow = name.starts_with("(*hmap).") || name == "(*Map).growToSmall";
  facts.split = name == "(*table).split";
  facts.generic_assign = name == "mapassign";
  facts.gc_worker = name == "gcBgMarkWorker";
  facts.gc_worker_told = name.starts_with("gcDrainMarkWorker");
  facts.gc_idle = name == "gcDrainMarkWorkerIdle";
  facts.kind = kind_of(name);
  return facts;
}

void StackReader::look_below(const FunctionFacts& facts, CodeStack& stack) {
  stack.classes.add(facts.symbol_class);
  stack.growth |= facts.symbol_class == SymbolClass::kMapGrow;
  stack.first_or_overflow |= facts.first_or_overflow;
  stack.split |= facts.split;
  stack.generic_assign |= facts.generic_assign;
  stack.hashing |= facts.hashing;
  stack.comparing |= facts.comparing;
  stack.copying |= facts.copying;
  stack.write_barrier |= facts.write_barrier;
  stack.gc_worker |= facts.gc_worker;
  stack.gc_worker_told |= facts.gc_worker_told;
  stack.gc_idle |= facts.gc_idle;
  if (facts.kind) stack.kind = facts.kind;
}

CodeStack StackReader::read(const model::Sample& sample) const {
  CodeStack stack;
  for (const uint32_t location : sample.locations) {
    if (stack.user.function != kNone) break;
    read_location(profile_.lines_of(profile_.locations[location]), stack);
  }
  // A map that is made for a given size, gets its first bucket or group, or a further bucket for a full one,
  // allocates by the functions that growth uses.
  if (stack.classes.has(SymbolClass::kMapMake) || stack.first_or_overflow) stack.growth = false;
  return stack;
}

void StackReader::read_location(std::span<const model::Line> lines, CodeStack& stack) const {
  for (size_t i = 0; i < lines.size() && stack.user.function == kNone; ++i) {
    if (lines[i].function == kNone) continue;
    const FunctionFacts& facts = functions_[lines[i].function];
    const StackFrame frame{.function = lines[i].function, .line = lines[i].line};
    if (stack.place.function == kNone) {
      if (facts.plumbing) {
        look_below(facts, stack);
        continue;
      }
      stack.place = frame;
      if (i + 1 < lines.size()) {
        stack.inlined_into = {.function = lines[i + 1].function, .line = lines[i + 1].line};
      }
    }
    if (facts.library) {
      stack.entry = frame.function;
    } else {
      stack.user = frame;
    }
  }
}

}  // namespace edp::analyse::go
