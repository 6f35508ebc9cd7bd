#include "runner/analyse/testing/case_file.h"

#include <charconv>
#include <cstdlib>
#include <map>
#include <optional>

#include "runner/analyse/testing/case_goroutines.h"
#include "runner/analyse/testing/case_profile.h"
#include "runner/analyse/testing/case_trace.h"

namespace edp::analyse::testing {
namespace {

using model::ProfileKind;

using Options = std::map<std::string, std::string, std::less<>>;

std::string option(const Options& options, std::string_view key) {
  const auto found = options.find(key);
  return found == options.end() ? "" : found->second;
}

double number(const std::string& text) { return text.empty() ? 0 : std::strtod(text.c_str(), nullptr); }

std::optional<uint64_t> natural(const Options& options, std::string_view key) {
  const std::string text = option(options, key);
  if (text.empty()) return std::nullopt;
  uint64_t value = 0;
  const char* end = text.data() + text.size();
  if (std::from_chars(text.data(), end, value).ptr == end) return value;
  return static_cast<uint64_t>(number(text));  // "1.5e9"
}

// Takes the case line by line; a block (profile, goroutines, expect) lasts until the next top-level word.
class Parser {
 public:
  Result<Case> parse(std::string_view text, std::string_view name) {
    for (const std::string_view raw : split(text, "\n")) {
      ++line_number_;
      const Result<void> taken = take(raw);
      if (!taken) {
        return tl::unexpected(taken.error().at(std::string(name) + ":" + std::to_string(line_number_)));
      }
    }
    if (const Result<void> ended = end_block(); !ended)
      return tl::unexpected(ended.error().at(std::string(name)));
    if (golden_.expectations.empty()) return fail("the case expects nothing", std::string(name));
    golden_.thresholds = config::Thresholds(std::move(set_));
    return std::move(golden_);
  }

 private:
  enum class Block { kNone, kProfile, kGoroutines, kTrace, kExpect };

  Result<void> take(std::string_view raw) {
    const std::string_view line = trim(raw);
    if (line.empty() || line.starts_with('#')) return {};
    const size_t space = line.find(' ');
    const std::string_view word = line.substr(0, space);
    const std::string_view rest = space == std::string_view::npos ? "" : trim(line.substr(space));
    const bool starts_block = word == "profile" || word == "goroutines" || word == "expect" ||
                              word == "memory" || word == "go" || word == "rates" || word == "missing" ||
                              word == "threshold" || word == "trace";
    if (starts_block && raw.front() != ' ' && raw.front() != '\t') {
      if (const Result<void> ended = end_block(); !ended) return ended;
      return begin(word, rest);
    }
    switch (block_) {
      case Block::kProfile:
        return profile_->add_sample(line);
      case Block::kTrace:
        return trace_->add(line);
      case Block::kGoroutines:
        dump_ += std::string(raw) + "\n";
        return {};
      case Block::kExpect:
        return expect(word, rest);
      case Block::kNone:
        break;
    }
    return fail("not known: " + std::string(word));
  }

  Result<void> begin(std::string_view word, std::string_view rest) {
    if (word == "go") {
      golden_.facts.go_version = rest;
      return {};
    }
    if (word == "missing") {
      const size_t colon = rest.find(": ");
      if (colon == std::string_view::npos) return fail("missing COLLECTOR: REASON");
      golden_.facts.missing.push_back(
          {std::string(rest.substr(0, colon)), std::string(rest.substr(colon + 2))});
      return {};
    }
    if (word == "expect") {
      block_ = Block::kExpect;
      return {};
    }
    std::vector<std::string_view> words = split(rest, " ");
    const std::string_view kind = words.front();
    Options options;
    for (const std::string_view part : words) {
      const size_t equals = part.find('=');
      options[std::string(part.substr(0, equals))] =
          equals == std::string_view::npos ? "yes" : std::string(part.substr(equals + 1));
    }
    if (word == "profile") return begin_profile(kind, options);
    if (word == "memory") return add_memory(options);
    if (word == "trace") {
      block_ = Block::kTrace;
      options_ = options;
      trace_.emplace();
      return {};
    }
    if (word == "goroutines") {
      block_ = Block::kGoroutines;
      options_ = options;
      return {};
    }
    for (const auto& [key, value] : options) {
      if (word == "threshold") set_[key] = number(value);
      if (word == "rates" && key == "mutex" && value != "off") {
        golden_.facts.rates.mutex_fraction = static_cast<int64_t>(number(value));
      }
    }
    return {};
  }

  Result<void> begin_profile(std::string_view kind, const Options& options) {
    for (const ProfileKind known :
         {ProfileKind::kCpu, ProfileKind::kHeap, ProfileKind::kAllocs, ProfileKind::kGoroutine,
          ProfileKind::kMutex, ProfileKind::kBlock, ProfileKind::kThreadCreate}) {
      if (kind != model::to_string(known)) continue;
      block_ = Block::kProfile;
      options_ = options;
      kind_ = known;
      profile_.emplace();
      return profile_->begin(known, option(options, "types"));
    }
    return fail("no such profile: " + std::string(kind));
  }

  Result<void> add_memory(const Options& options) {
    model::MemoryStats stats;
    stats.artefact = "heap.txt";
    stats.taken_at = number(option(options, "at"));
    stats.go_version = option(options, "go_version");
    const std::pair<std::string_view, std::optional<uint64_t>*> fields[] = {
        {"alloc", &stats.alloc},
        {"total_alloc", &stats.total_alloc},
        {"sys", &stats.sys},
        {"mallocs", &stats.mallocs},
        {"frees", &stats.frees},
        {"heap_alloc", &stats.heap_alloc},
        {"heap_sys", &stats.heap_sys},
        {"heap_idle", &stats.heap_idle},
        {"heap_inuse", &stats.heap_inuse},
        {"heap_released", &stats.heap_released},
        {"heap_objects", &stats.heap_objects},
        {"stack_inuse", &stats.stack_inuse},
        {"next_gc", &stats.next_gc},
        {"gc_count", &stats.gc_count},
        {"gc_pause_total_ns", &stats.gc_pause_total_ns},
        {"goroutines", &stats.goroutines},
        {"gomaxprocs", &stats.gomaxprocs}};
    for (const auto& [key, value] : options) {
      bool known = key == "at" || key == "go_version" || key == "gc_cpu_fraction";
      for (const auto& field : fields) {
        if (field.first != key) continue;
        *field.second = natural(options, key);
        known = true;
      }
      if (!known) return fail("no such figure: " + key);
    }
    if (options.contains("gc_cpu_fraction"))
      stats.gc_cpu_fraction = number(option(options, "gc_cpu_fraction"));
    golden_.facts.memory.push_back(stats);
    return {};
  }

  Result<void> end_block() {
    if (block_ == Block::kProfile) {
      model::ProfileFact fact;
      fact.kind = kind_;
      fact.is_delta = options_.contains("delta");
      fact.window_seconds = number(option(options_, "window"));
      fact.taken_at = number(option(options_, "at"));
      fact.artefact = std::string(model::to_string(kind_)) + (fact.is_delta ? ".delta" : "") + ".pb.gz";
      fact.profile = profile_->finish();
      fact.profile.period = static_cast<int64_t>(number(option(options_, "period")));
      golden_.facts.profiles.push_back(std::move(fact));
    } else if (block_ == Block::kGoroutines) {
      Result<model::Goroutines> dump = parse_case_goroutines(dump_);
      if (!dump) return tl::unexpected(dump.error());
      dump_.clear();
      golden_.facts.goroutines.push_back({.taken_at = number(option(options_, "at")),
                                          .artefact = "goroutine.txt",
                                          .goroutines = std::move(*dump)});
    }
    if (block_ == Block::kTrace) {
      golden_.facts.traces.push_back({.taken_at = number(option(options_, "at")),
                                      .artefact = "trace.out",
                                      .timeline = std::make_shared<const model::Timeline>(
                                          trace_->finish(number(option(options_, "end"))))});
    }
    block_ = Block::kNone;
    return {};
  }

  Result<void> expect(std::string_view verdict, std::string_view rest) {
    Expectation expectation{.verdict = std::string(verdict), .line = line_number_};
    const size_t space = rest.find(' ');
    expectation.rule = rest.substr(0, space);
    std::string_view tail = space == std::string_view::npos ? "" : trim(rest.substr(space));
    if (verdict == "fired") {
      // SEVERITY FUNCTION PLACE; a function's shape arguments may hold spaces, the others none.
      const size_t first = tail.find(' ');
      const size_t last = tail.rfind(' ');
      if (first == std::string_view::npos) return fail("fired RULE SEVERITY FUNCTION FILE:LINE");
      expectation.severity = tail.substr(0, first);
      expectation.function = first == last ? "" : trim(tail.substr(first, last - first));
      expectation.place = tail.substr(last + 1);
    } else if (verdict == "clean" || verdict == "cannot_tell" || verdict == "not_applicable" ||
               verdict == "says" || verdict == "silent" || verdict == "confirms") {
      expectation.text = tail;
    } else {
      return fail("no such verdict: " + std::string(verdict));
    }
    golden_.expectations.push_back(std::move(expectation));
    return {};
  }

  Case golden_;
  std::map<std::string, double, std::less<>> set_;
  Block block_ = Block::kNone;
  Options options_;
  ProfileKind kind_ = ProfileKind::kCpu;
  std::optional<CaseProfile> profile_;
  std::optional<CaseTrace> trace_;
  std::string dump_;
  int line_number_ = 0;
};

}  // namespace

Result<Case> parse_case(std::string_view text, std::string_view name) { return Parser().parse(text, name); }

}  // namespace edp::analyse::testing
