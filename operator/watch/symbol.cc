#include "operator/watch/symbol.h"

#include <unordered_set>

#include "common/mutex.h"

namespace edp::watch {

struct Symbol::Table {
  struct Hash {
    using is_transparent = void;
    size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
    size_t operator()(const Entry& entry) const { return (*this)(entry.text); }
  };
  struct Equal {
    using is_transparent = void;
    static std::string_view text(std::string_view of) { return of; }
    static std::string_view text(const Entry& of) { return of.text; }
    bool operator()(const auto& a, const auto& b) const { return text(a) == text(b); }
  };

  Mutex mutex;
  std::unordered_set<Entry, Hash, Equal> entries EDP_GUARDED_BY(mutex);
};

// Never destroyed: Symbols with static storage may outlive it.
Symbol::Table& Symbol::table() {
  static Table* const table = new Table;
  return *table;
}

Symbol::Symbol(std::string_view text) {
  if (text.empty()) return;
  Table& all = table();
  const MutexLock lock(all.mutex);
  auto found = all.entries.find(text);
  if (found == all.entries.end()) found = all.entries.emplace(text).first;
  found->uses.fetch_add(1, std::memory_order_relaxed);
  entry_ = &*found;
}

// From 1 to 0 only under the lock: then no one else holds the entry, and no one can find it.
void Symbol::release(const Entry* entry) {
  uint32_t uses = entry->uses.load(std::memory_order_relaxed);
  while (uses > 1) {
    if (entry->uses.compare_exchange_weak(uses, uses - 1, std::memory_order_acq_rel)) return;
  }
  Table& all = table();
  const MutexLock lock(all.mutex);
  if (entry->uses.fetch_sub(1, std::memory_order_acq_rel) > 1) return;
  all.entries.erase(all.entries.find(*entry));
}

size_t Symbol::count() {
  Table& all = table();
  const MutexLock lock(all.mutex);
  return all.entries.size();
}

}  // namespace edp::watch
