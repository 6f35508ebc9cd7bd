#include "runner/run/gather.h"

#include <algorithm>
#include <iterator>
#include <string>
#include <utility>

#include "common/files.h"
#include "runner/run/profile_kind.h"

namespace edp::run {
namespace {

using collect::Collected;

// Kept as they are; no decoder reads them.
bool is_only_kept(const Collected& artefact) { return artefact.collector == "mutex.rate"; }

class Gatherer {
 public:
  Gatherer(collect::TargetCollection& collection, const decode::Limits& limits)
      : collection_(collection), limits_(limits) {
    gathered_.facts.target = collection.target.name;
    gathered_.facts.rates.mutex_fraction = collection.mutex_fraction;
    gathered_.outcomes = std::move(collection.outcomes);
  }

  Gathered run(const ArtefactSink& sink) {
    // Usually each collector says it already.
    if (collection_.error && gathered_.outcomes.empty()) {
      gathered_.outcomes.push_back({.target = collection_.target.name,
                                    .collector = "connect",
                                    .outcome = "failed",
                                    .message = collection_.error->to_string()});
    }
    for (Collected& artefact : collection_.artefacts) {
      gathered_.artefacts.push_back({.name = artefact.artefact,
                                     .target = artefact.target,
                                     .media_type = artefact.media_type,
                                     .size = artefact.bytes.size(),
                                     .sha256 = sha256_hex(artefact.bytes)});
      if (sink) sink(artefact);
      if (!is_only_kept(artefact)) decode_one(artefact);
    }
    std::ranges::stable_sort(gathered_.facts.profiles, {}, &model::ProfileFact::taken_at);
    note_missing();
    return std::move(gathered_);
  }

 private:
  collect::TargetCollection& collection_;
  const decode::Limits& limits_;
  Gathered gathered_;

  void decode_one(Collected& artefact) {
    auto decoded = decode::decode(std::move(artefact.bytes), artefact.artefact, limits_);
    if (!decoded) {
      worsen(artefact, "failed", decoded.error().to_string());
      return;
    }
    if (!decoded->problems.empty()) {
      std::string message = artefact.artefact + ": " + decoded->problems.front();
      if (decoded->problems.size() > 1) {
        message += " (and " + std::to_string(decoded->problems.size() - 1) + " more)";
      }
      worsen(artefact, "partial", message);
    }
    if (decoded->profile) add_profile(artefact, std::move(*decoded->profile));
    if (decoded->goroutines) {
      gathered_.has_facts = true;
      gathered_.facts.goroutines.push_back({.taken_at = artefact.ended_at,
                                            .artefact = artefact.artefact,
                                            .goroutines = std::move(*decoded->goroutines)});
    }
    for (model::Timeline& timeline : decoded->traces) {
      gathered_.has_facts = true;
      gathered_.facts.traces.push_back(
          {.taken_at = artefact.ended_at,
           .artefact = artefact.artefact,
           .timeline = std::make_shared<const model::Timeline>(std::move(timeline))});
    }
    if (decoded->memory) {
      gathered_.has_facts = true;
      decoded->memory->artefact = artefact.artefact;
      decoded->memory->taken_at = artefact.ended_at;
      if (gathered_.facts.go_version.empty()) gathered_.facts.go_version = decoded->memory->go_version;
      gathered_.facts.memory.push_back(std::move(*decoded->memory));
    }
  }

  void add_profile(const Collected& artefact, model::Profile profile) {
    // heap?debug=1 was asked for its MemStats; its profile is the heap profile that is there already.
    if (artefact.collector == "memstats") return;
    const auto kind = profile_kind(profile, artefact.collector);
    if (!kind) {
      worsen(artefact, "failed", artefact.artefact + ": a pprof profile, but none of Go's kinds");
      return;
    }
    gathered_.has_facts = true;
    model::ProfileFact fact{.kind = *kind,
                            .is_delta = artefact.is_delta,
                            .window_seconds = artefact.window_seconds,
                            .taken_at = artefact.ended_at,
                            .artefact = artefact.artefact,
                            .profile = std::move(profile)};
    // The target's own clock knows the window better than the collector's.
    if ((fact.is_delta || *kind == model::ProfileKind::kCpu) && fact.profile.duration_nanos > 0) {
      fact.window_seconds = static_cast<double>(fact.profile.duration_nanos) * 1e-9;
    }
    gathered_.facts.profiles.push_back(std::move(fact));
  }

  // Collecting went well, decoding did not.
  void worsen(const Collected& artefact, std::string_view outcome, const std::string& message) {
    const auto known = std::ranges::find_if(gathered_.outcomes, [&](const model::CollectorOutcome& o) {
      // A file's outcome goes by the file's name.
      return (o.collector == artefact.collector || o.collector == artefact.artefact) && o.outcome == "ok";
    });
    if (known != gathered_.outcomes.end()) {
      known->outcome = outcome;
      known->message = message;
    } else {
      gathered_.outcomes.push_back({.target = artefact.target,
                                    .collector = artefact.collector,
                                    .outcome = std::string(outcome),
                                    .message = message});
    }
  }

  void note_missing() {
    for (const model::CollectorOutcome& outcome : gathered_.outcomes) {
      if (outcome.outcome == "ok" || outcome.outcome == "partial") continue;
      gathered_.facts.missing.push_back({.collector = outcome.collector, .reason = outcome.message});
    }
  }
};

}  // namespace

Gathered gather(collect::TargetCollection collection, const decode::Limits& limits,
                const ArtefactSink& sink) {
  return Gatherer(collection, limits).run(sink);
}

void add(Gathered& to, Gathered more) {
  const auto append = [](auto& list, auto& others) { std::ranges::move(others, std::back_inserter(list)); };
  append(to.facts.profiles, more.facts.profiles);
  append(to.facts.goroutines, more.facts.goroutines);
  append(to.facts.memory, more.facts.memory);
  append(to.facts.traces, more.facts.traces);
  append(to.facts.missing, more.facts.missing);
  append(to.outcomes, more.outcomes);
  append(to.artefacts, more.artefacts);
  to.has_facts = to.has_facts || more.has_facts;
}

}  // namespace edp::run
