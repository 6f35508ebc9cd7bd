// From one target's bytes to its facts: decode what was collected, note what could not be.
#pragma once

#include <functional>
#include <vector>

#include "runner/collect/collect.h"
#include "runner/decode/decoder.h"
#include "runner/model/report.h"

namespace edp::run {

struct Gathered {
  model::Facts facts;
  std::vector<model::CollectorOutcome> outcomes;
  std::vector<model::Artefact> artefacts;
  // Whether anything was decoded that a rule could judge.
  bool has_facts = false;
};

// Sees each artefact's bytes before they are decoded (to keep them).
using ArtefactSink = std::function<void(const collect::Collected&)>;

Gathered gather(collect::TargetCollection collection, const decode::Limits& limits, const ArtefactSink& sink);

// Joins a later collection of the same target.
void add(Gathered& to, Gathered more);

}  // namespace edp::run
