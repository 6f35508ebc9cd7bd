#include "runner/analyse/rules/go/trace_work.h"

#include <algorithm>
#include <map>

#include "runner/analyse/rules/go/map_source.h"
#include "runner/analyse/source_line.h"

namespace edp::analyse::go {
namespace {

using model::CpuSample;
using model::kNone;

// So many samples in the trace itself tell a share of a quarter from one of a tenth; with fewer, a CPU
// profile's of the same section are better where it has more. Fewer than five of a profile are chance.
constexpr int64_t kEnoughInTrace = 30;
constexpr uint64_t kEnoughInProfile = 5;

using Sections = std::map<std::string_view, Section>;

// Of functions that only share the lock (RLock) those that were seen to let somebody go: the others hold
// nobody up.
void add_sections(Sections& found, const LockPlace& place) {
  for (const LockSite& site : place.waits) {
    Section& section = found[site.owner.function];
    section.is_exclusive |= site.operation != SymbolClass::kRWMutexRLock;
    section.first_line =
        section.first_line == 0 ? site.owner.line : std::min(section.first_line, site.owner.line);
  }
  for (const LockSite& site : place.releases) {
    Section& section = found[site.owner.function];
    section.is_exclusive = true;
    section.last_line = std::max(section.last_line, site.owner.line);
  }
}

// The functions that take or release the lock, by the traces and by the run's profiles of contention: a short
// trace may show neither Lock nor Unlock of who holds it all the time.
std::vector<Section> sections_of(const TraceLock& lock, const std::vector<LockPlace>& places) {
  Sections found;
  add_sections(found, lock.sites);
  for (const LockPlace& place : places) {
    if (place.place == lock.place) add_sections(found, place);
  }
  std::vector<Section> result;
  for (auto& [function, section] : found) {
    if (!section.is_exclusive) continue;
    section.function = function;
    if (section.last_line < section.first_line) section.last_line = 0;
    result.push_back(section);
  }
  return result;
}

struct Span {
  int64_t begin = 0, end = 0;
};

bool covers(const std::vector<Span>& spans, int64_t time) {
  const auto after = std::ranges::upper_bound(spans, time, {}, &Span::begin);
  return after != spans.begin() && (after - 1)->end >= time;
}

// When anybody waited. Waits are in order of begin.
std::vector<Span> waited(const TraceLock& lock, uint32_t trace) {
  std::vector<Span> spans;
  for (const LockWait& wait : lock.waits) {
    if (wait.trace != trace) continue;
    if (!spans.empty() && wait.begin <= spans.back().end) {
      spans.back().end = std::max(spans.back().end, wait.end);
    } else {
      spans.push_back({wait.begin, wait.end});
    }
  }
  return spans;
}

class Sampler {
 public:
  Sampler(const TraceLock& lock, const std::vector<Section>& sections) : lock_(lock), sections_(sections) {}

  void read(const model::TraceFact& fact, TraceStacks& stacks, uint32_t trace, HolderWork& work) {
    const std::vector<Span> spans = waited(lock_, trace);
    if (spans.empty()) return;
    std::vector<LockHold> holds;
    std::ranges::copy_if(lock_.holds, std::back_inserter(holds),
                         [&](const LockHold& hold) { return hold.trace == trace; });
    for (const CpuSample& sample : fact.timeline->cpu_samples) {
      const TraceStack& stack = stacks.of(sample.stack);
      if (stack.lock.found() || !covers(spans, sample.time)) continue;
      if (!holds_it(holds, sample) && !in_section(stack.frames)) continue;
      if (work.artefact.empty()) work.artefact = fact.artefact;
      add(stack, work);
    }
  }

 private:
  static bool holds_it(const std::vector<LockHold>& holds, const CpuSample& sample) {
    const auto at = std::ranges::lower_bound(holds, sample.time, {}, &LockHold::end);
    return at != holds.end() && at->begin <= sample.time && at->goroutine == sample.goroutine;
  }

  // Between the lines of Lock and Unlock, or in another method of the type that owns the lock.
  [[nodiscard]] bool in_section(Frames frames) const {
    return std::ranges::any_of(frames, [&](const model::GoroutineFrame& frame) {
      if (place_of(frame.function) != lock_.place) return false;
      const auto section = std::ranges::find(sections_, frame.function, &Section::function);
      return section != sections_.end() ? section->has(frame.line) : has_receiver(frame.function);
    });
  }

  static void add(const TraceStack& stack, HolderWork& work) {
    ++work.samples;
    if (!stack.in_map()) return;
    ++work.map_samples;
    ++work.by_class[static_cast<size_t>(stack.operation)];
    work.growth += stack.growth ? 1 : 0;
    const model::GoroutineFrame& caller = stack.frames[stack.caller];
    auto line = std::ranges::find_if(work.lines, [&](const HolderWork::Line& known) {
      return known.frame.line == caller.line && known.frame.function == caller.function;
    });
    if (line == work.lines.end()) line = work.lines.insert(line, {.frame = caller});
    ++line->samples;
    line->growth += stack.growth ? 1 : 0;
    line->iterate += stack.operation == SymbolClass::kMapIterate ? 1 : 0;
  }

  const TraceLock& lock_;
  const std::vector<Section>& sections_;
};

HolderWork by_profile(const RuleInput& input, const std::vector<Section>& sections) {
  HolderWork work;
  const model::ProfileFact* cpu = input.facts.last(model::ProfileKind::kCpu);
  const uint32_t ticks = cpu == nullptr ? kNone : cpu->profile.type_index("samples");
  if (ticks == kNone) return work;
  const SectionReading reading = read_sections(cpu->profile, ticks, sections);
  if (reading.rows == 0 || reading.value < static_cast<int64_t>(kEnoughInProfile)) return work;
  work.artefact = cpu->artefact;
  work.samples = reading.value;
  work.map_samples = reading.map_value;
  work.by_class = reading.by_class;
  work.growth = reading.at(SymbolClass::kMapGrow);
  for (const MapLine& line : reading.lines) {
    work.lines.push_back({.frame = line.frame,
                          .samples = line.value,
                          .growth = line.at(SymbolClass::kMapGrow),
                          .iterate = line.at(SymbolClass::kMapIterate)});
  }
  return work;
}

// No sample at all: what stands between Lock and Unlock.
HolderWork by_source(const std::vector<Section>& sections, const TraceLock& lock) {
  HolderWork work;
  for (const std::vector<LockSite>* sites : {&lock.sites.releases, &lock.sites.waits}) {
    for (const LockSite& site : *sites) {
      const auto section = std::ranges::find(sections, site.owner.function, &Section::function);
      if (section == sections.end() || section->first_line == 0) continue;
      const auto found = find_map(read_source(site.owner.file), section->first_line, section->last_line);
      if (!found) continue;
      work.from_source = true;
      work.lines.push_back({.frame = {.function = site.owner.function,
                                      .arguments = {},
                                      .file = site.owner.file,
                                      .line = found->line},
                            .iterate = found->iterates ? 1 : 0});
      return work;
    }
  }
  return work;
}

}  // namespace

HolderWork holder_work(const RuleInput& input, const TraceLocks& locks, const TraceLock& lock,
                       const std::vector<LockPlace>& places) {
  const std::vector<Section> sections = sections_of(lock, places);
  HolderWork in_trace;
  in_trace.in_trace = true;
  Sampler sampler(lock, sections);
  for (uint32_t i = 0; i < input.facts.traces.size(); ++i)
    sampler.read(input.facts.traces[i], *locks.stacks[i], i, in_trace);
  if (in_trace.samples >= kEnoughInTrace) return in_trace;
  HolderWork profile = by_profile(input, sections);
  if (profile.samples > in_trace.samples) return profile;
  return in_trace.samples > 0 ? in_trace : by_source(sections, lock);
}

}  // namespace edp::analyse::go
