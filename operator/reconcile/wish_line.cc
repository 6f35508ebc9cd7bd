#include "operator/reconcile/wish_line.h"

#include <algorithm>
#include <tuple>

namespace edp::reconcile {
namespace {

uint8_t rank_of(std::string_view priority) {
  if (priority == "Critical") return 0;
  return priority == "Periodic" ? 2 : 1;
}

}  // namespace

void WishLine::add(const Wish& wish, bool too_large) {
  auto [at, fresh] = all_.try_emplace(wish.job);
  if (!fresh) return;
  Waiting& waiting = at->second;
  waiting.wish = wish;
  waiting.size = {.pod = pod_charge(wish.requests, wish.limits), .charged = wish.charged};
  waiting.rank = rank_of(wish.priority);
  waiting.number = ++next_number_;
  ++counts_[waiting.rank];
  by_age_.emplace(wish.since, waiting.number);
  if (too_large) {
    ++too_large_;
  } else {
    enter(waiting);
  }
}

const Waiting* WishLine::find(std::string_view job) const {
  const auto found = all_.find(std::string(job));
  return found == all_.end() ? nullptr : &found->second;
}

void WishLine::remove(std::string_view job) {
  const auto found = all_.find(std::string(job));
  if (found == all_.end()) return;
  Waiting& waiting = found->second;
  if (waiting.in_line) {
    leave(waiting);
  } else if (waiting.parked) {
    const auto line = parked_.find(*waiting.parked);
    line->second.erase(&waiting);
    if (line->second.empty()) parked_.erase(line);
  } else {
    --too_large_;
  }
  --counts_[waiting.rank];
  by_age_.erase({waiting.wish.since, waiting.number});
  all_.erase(found);
}

void WishLine::sort_out(const std::function<bool(const Size&)>& ever_fits) {
  for (auto& [job, waiting] : all_) {
    const bool fits = ever_fits(waiting.size);
    const bool set_aside = !waiting.in_line && !waiting.parked;
    if (fits == !set_aside) continue;
    if (fits) {
      --too_large_;
      enter(waiting);
      continue;
    }
    ++too_large_;
    if (waiting.in_line) {
      leave(waiting);
    } else {
      const auto line = parked_.find(*waiting.parked);
      line->second.erase(&waiting);
      if (line->second.empty()) parked_.erase(line);
      waiting.parked.reset();
    }
  }
}

void WishLine::enter(Waiting& waiting) {
  Class& in = classes_[waiting.rank];
  const auto [at, fresh] = in.namespaces.try_emplace(waiting.wish.run_ns);
  if (fresh) {
    at->second.turns = in.level;
    if (const auto rests = in.resting.find(waiting.wish.run_ns); rests != in.resting.end()) {
      at->second.turns = std::max(in.level, rests->second);
      in.resting.erase(rests);
    }
    in.order.emplace(at->second.turns, waiting.wish.run_ns);
  }
  at->second.lines[waiting.size].insert(&waiting);
  ++in.sizes[waiting.size].count;
  waiting.in_line = true;
}

void WishLine::leave(Waiting& waiting) {
  Class& in = classes_[waiting.rank];
  const auto of = in.namespaces.find(waiting.wish.run_ns);
  const auto line = of->second.lines.find(waiting.size);
  line->second.erase(&waiting);
  if (line->second.empty()) of->second.lines.erase(line);
  if (of->second.lines.empty()) {
    in.order.erase({of->second.turns, of->first});
    if (of->second.turns > in.level) in.resting[of->first] = of->second.turns;
    in.namespaces.erase(of);
  }
  const auto size = in.sizes.find(waiting.size);
  if (--size->second.count == 0) in.sizes.erase(size);
  waiting.in_line = false;
}

const Waiting* WishLine::next(size_t rank, const std::function<bool(const Size&)>& fits) {
  Class& in = classes_[rank];
  std::map<Size, bool> known;
  bool any = false;
  for (const auto& [size, line] : in.sizes) any |= known[size] = fits(size);
  if (!any) return nullptr;
  for (const auto& [turns, name] : in.order) {
    const Waiting* first = nullptr;
    for (const auto& [size, line] : in.namespaces.find(name)->second.lines) {
      if (!known[size]) continue;
      if (first == nullptr || Earlier()(*line.begin(), first)) first = *line.begin();
    }
    if (first != nullptr) return first;
  }
  return nullptr;
}

void WishLine::park(std::string_view job, Hold hold) {
  Waiting& waiting = all_.find(std::string(job))->second;
  leave(waiting);
  parked_[hold].insert(&waiting);
  waiting.parked = std::move(hold);
}

void WishLine::unpark(const Hold& hold, const std::function<bool(const Waiting&)>& may) {
  const auto line = parked_.find(hold);
  if (line == parked_.end()) return;
  const auto first = std::ranges::find_if(line->second, [&](const Waiting* one) { return may(*one); });
  if (first == line->second.end()) return;
  Waiting& waiting = **first;
  line->second.erase(first);
  if (line->second.empty()) parked_.erase(line);
  waiting.parked.reset();
  enter(waiting);
}

void WishLine::served(std::string_view job) {
  const Waiting& waiting = all_.find(std::string(job))->second;
  Class& in = classes_[waiting.rank];
  const auto of = in.namespaces.find(waiting.wish.run_ns);
  in.level = std::max(in.level, of->second.turns);
  in.order.erase({of->second.turns, of->first});
  ++of->second.turns;
  in.order.emplace(of->second.turns, of->first);
  for (auto rests = in.resting.begin(); rests != in.resting.end();) {
    rests = rests->second <= in.level ? in.resting.erase(rests) : std::next(rests);
  }
}

int64_t WishLine::oldest_since() const { return by_age_.empty() ? 0 : by_age_.begin()->first; }

}  // namespace edp::reconcile
