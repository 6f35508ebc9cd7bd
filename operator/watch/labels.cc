#include "operator/watch/labels.h"

#include <algorithm>
#include <unordered_map>

#include "common/mutex.h"

namespace edp::watch {
namespace {

struct Pool {
  Mutex mutex;
  std::unordered_multimap<size_t, std::weak_ptr<const Labels>> sets EDP_GUARDED_BY(mutex);
  size_t sweep_at EDP_GUARDED_BY(mutex) = 256;  // sets, live or not
};

Pool& pool() {
  static Pool* const pool = new Pool;  // outlives every record
  return *pool;
}

size_t hash_of(const Labels& labels) {
  size_t hash = labels.size();
  for (const auto& [key, value] : labels) {
    hash = hash * 1'000'003 + std::hash<Symbol>()(key);
    hash = hash * 1'000'003 + std::hash<Symbol>()(value);
  }
  return hash;
}

auto at_key(const Labels& labels, std::string_view key) {
  const auto found =
      std::lower_bound(labels.begin(), labels.end(), key,
                       [](const auto& one, std::string_view k) { return one.first.view() < k; });
  return found != labels.end() && found->first == key ? found : labels.end();
}

bool fulfils(const SelectorTerm& term, const Labels& labels) {
  const auto found = at_key(labels, term.key);
  const auto among = [&] {
    return std::any_of(term.values.begin(), term.values.end(),
                       [&](const std::string& value) { return found->second == std::string_view(value); });
  };
  switch (term.op) {
    case SelectorTerm::Op::kIn:
      return found != labels.end() && among();
    case SelectorTerm::Op::kNotIn:
      return found == labels.end() || !among();
    case SelectorTerm::Op::kExists:
      return found != labels.end();
    case SelectorTerm::Op::kDoesNotExist:
      return found == labels.end();
  }
  return false;
}

}  // namespace

std::string_view label(const Labels& labels, std::string_view key) {
  const auto found = at_key(labels, key);
  return found == labels.end() ? std::string_view() : found->second.view();
}

std::shared_ptr<const Labels> no_labels() {
  static const auto* const none = new std::shared_ptr<const Labels>(std::make_shared<const Labels>());
  return *none;
}

bool Selector::matches(const Labels& labels) const {
  return std::all_of(terms.begin(), terms.end(),
                     [&](const SelectorTerm& term) { return fulfils(term, labels); });
}

std::shared_ptr<const Labels> share_labels(Labels&& labels) {
  if (labels.empty()) return no_labels();
  std::stable_sort(labels.begin(), labels.end(),
                   [](const auto& a, const auto& b) { return a.first.view() < b.first.view(); });
  // Keeps the last of those with one key.
  const auto kept = std::unique(labels.rbegin(), labels.rend(),
                                [](const auto& a, const auto& b) { return a.first == b.first; });
  labels.erase(labels.begin(), kept.base());
  labels.shrink_to_fit();

  const size_t hash = hash_of(labels);
  Pool& all = pool();
  const MutexLock lock(all.mutex);
  const auto [begin, end] = all.sets.equal_range(hash);
  for (auto at = begin; at != end; ++at) {
    if (auto found = at->second.lock(); found && *found == labels) return found;
  }
  if (all.sets.size() >= all.sweep_at) {
    std::erase_if(all.sets, [](const auto& one) { return one.second.expired(); });
    all.sweep_at = std::max<size_t>(256, all.sets.size() * 2);
  }
  // Not make_shared: its block would stay as long as the weak pointer does.
  std::shared_ptr<const Labels> made(new Labels(std::move(labels)));
  all.sets.emplace(hash, made);
  return made;
}

}  // namespace edp::watch
