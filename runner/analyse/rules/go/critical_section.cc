#include "runner/analyse/rules/go/critical_section.h"

#include <algorithm>
#include <map>

#include "runner/analyse/sites.h"

namespace edp::analyse::go {
namespace {

constexpr ClassSet kLockInside{SymbolClass::kMutexLock,    SymbolClass::kMutexUnlock,
                               SymbolClass::kRWMutexLock,  SymbolClass::kRWMutexUnlock,
                               SymbolClass::kRWMutexRLock, SymbolClass::kRWMutexRUnlock};

struct FunctionInfo {
  const Section* section = nullptr;
  SymbolClass map_class = SymbolClass::kNone;
  bool is_lock = false;
  bool is_plumbing = false;
  bool is_standard = false;
};

double share(int64_t part, int64_t whole) {
  return whole <= 0 ? 0 : 100.0 * static_cast<double>(part) / static_cast<double>(whole);
}

class SectionReader {
 public:
  SectionReader(const model::Profile& profile, const std::vector<Section>& sections) : profile_(profile) {
    std::map<std::string_view, const Section*> by_name;
    for (const Section& section : sections) by_name[section.function] = &section;
    functions_.reserve(profile.functions.size());
    for (const model::Function& function : profile.functions) {
      FunctionInfo info;
      if (const auto found = by_name.find(function.name); found != by_name.end())
        info.section = found->second;
      const SymbolClass symbol_class = classify(function.name, function.file).symbol_class;
      if (kMapClasses.has(symbol_class)) info.map_class = symbol_class;
      info.is_lock = kLockInside.has(symbol_class);
      info.is_plumbing = is_map_plumbing(function.name, function.file);
      info.is_standard = is_standard_library(function.name, function.file);
      any_ |= info.section != nullptr;
      functions_.push_back(info);
    }
  }

  SectionReading read(uint32_t value_index) {
    SectionReading reading;
    for (size_t i = 0; any_ && i < profile_.sample_count(); ++i) {
      const model::Sample sample = profile_.sample(i);
      if (sample.values[value_index] > 0) read_sample(sample, sample.values[value_index], reading);
    }
    std::ranges::stable_sort(reading.lines, std::ranges::greater{}, &MapLine::value);
    return reading;
  }

 private:
  void read_sample(const model::Sample& sample, int64_t value, SectionReading& reading) {
    SymbolClass operation = SymbolClass::kNone;
    const model::Line* caller = nullptr;  // of the map operation
    bool only_plumbing = true;            // from the leaf up to here
    for (const uint32_t index : sample.locations) {
      for (const model::Line& line : profile_.lines_of(profile_.locations[index])) {
        if (line.function == model::kNone) continue;
        const FunctionInfo& info = functions_[line.function];
        // Taking and releasing is not the work under the lock.
        if (only_plumbing && info.is_lock) return;
        only_plumbing &= info.is_plumbing;
        if (operation == SymbolClass::kNone) operation = info.map_class;
        if (operation != SymbolClass::kNone && caller == nullptr && !info.is_plumbing) caller = &line;
        if (info.section == nullptr || !info.section->has(line.line)) continue;
        reading.value = saturating_add(reading.value, value);
        ++reading.rows;
        if (caller != nullptr && !functions_[caller->function].is_standard) {
          add_map(*caller, operation, info.section->function, value, reading);
        }
        return;
      }
    }
  }

  void add_map(const model::Line& caller, SymbolClass operation, const std::string& section, int64_t value,
               SectionReading& reading) {
    reading.map_value = saturating_add(reading.map_value, value);
    int64_t& of_class = reading.by_class[static_cast<size_t>(operation)];
    of_class = saturating_add(of_class, value);
    const auto [at, is_new] = index_.try_emplace({caller.function, caller.line}, reading.lines.size());
    if (is_new) {
      const model::Function& function = profile_.functions[caller.function];
      reading.lines.push_back(
          {.frame = {.function = function.name, .arguments = {}, .file = function.file, .line = caller.line},
           .section = section,
           .value = 0});
    }
    MapLine& line = reading.lines[at->second];
    line.value = saturating_add(line.value, value);
    int64_t& of_line = line.by_class[static_cast<size_t>(operation)];
    of_line = saturating_add(of_line, value);
  }

  const model::Profile& profile_;
  std::vector<FunctionInfo> functions_;
  std::map<std::pair<uint32_t, int64_t>, size_t> index_;
  bool any_ = false;
};

}  // namespace

std::vector<Section> sections_of(const LockPlace& place) {
  std::map<std::string, Section, std::less<>> found;
  const auto section = [&](std::string_view function) -> Section& {
    auto at = found.find(function);
    if (at == found.end()) at = found.emplace(function, Section{.function = std::string(function)}).first;
    return at->second;
  };
  const auto starts_at = [&](const model::GoroutineFrame& frame, SymbolClass operation) {
    Section& s = section(frame.function);
    s.is_exclusive |= operation != SymbolClass::kRWMutexRLock;
    s.first_line = s.first_line == 0 ? frame.line : std::min(s.first_line, frame.line);
  };
  for (const LockSite& site : place.waits) starts_at(site.owner, site.operation);
  for (const Waiters& waiters : place.waiters) {
    for (const Stack* stack : waiters.stacks)
      starts_at(stack->frames[stack->lock.owner], stack->lock.operation);
  }
  for (const LockSite& site : place.releases) {
    Section& s = section(site.owner.function);
    s.last_line = std::max(s.last_line, site.owner.line);
    s.is_exclusive |= site.operation != SymbolClass::kRWMutexRUnlock;
  }
  std::vector<Section> result;
  result.reserve(found.size());
  for (auto& [name, s] : found) {
    // A deferred Unlock in a loop or behind a return may show a line before Lock's: then it says nothing.
    if (s.last_line < s.first_line) s.last_line = 0;
    result.push_back(std::move(s));
  }
  if (std::ranges::any_of(result, &Section::is_exclusive)) {
    std::erase_if(result, [](const Section& s) { return !s.is_exclusive; });
  }
  return result;
}

double SectionReading::map_percent() const { return share(map_value, value); }
double SectionReading::percent_of_map(SymbolClass c) const { return share(at(c), map_value); }

SectionReading read_sections(const model::Profile& profile, uint32_t value_index,
                             const std::vector<Section>& sections) {
  return SectionReader(profile, sections).read(value_index);
}

}  // namespace edp::analyse::go
