// Metrics of one family by the values of their labels, of which there are never more than so many: whatever
// is beyond, or does not look as it should, is "other". Holds its own lock.
#pragma once

#include <prometheus/family.h>

#include <array>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "common/mutex.h"

namespace edp::publish {

inline constexpr std::string_view kOther = "other";

template <typename Metric, size_t N>
class Bounded {
 public:
  using Values = std::array<std::string_view, N>;
  // True: may be a label as it is.
  using Check = bool (*)(const Values&);

  template <typename... Args>
  Bounded(prometheus::Family<Metric>& family, std::array<std::string, N> names, size_t most, Check check,
          const Args&... args)
      : family_(family),
        names_(std::move(names)),
        most_(most),
        check_(check),
        make_([this, args...](const auto& labels) { return &family_.Add(labels, args...); }) {}
  Bounded(const Bounded&) = delete;
  Bounded& operator=(const Bounded&) = delete;

  // The reference is good until erase().
  Metric& at(Values values) {
    const MutexLock lock(mutex_);
    return find(values);
  }
  // Where metrics are erased: `use` is called with the metric while no one can.
  template <typename Use>
  void with(Values values, const Use& use) {
    const MutexLock lock(mutex_);
    use(find(values));
  }
  void erase(const Values& values) {
    const MutexLock lock(mutex_);
    const auto found = metrics_.find(key_of(values));
    if (found == metrics_.end()) return;
    family_.Remove(found->second);
    metrics_.erase(found);
  }

 private:
  Metric& find(Values values) EDP_REQUIRES(mutex_) {
    std::string key = key_of(values);
    if (const auto found = metrics_.find(key); found != metrics_.end()) return *found->second;
    if (!check_(values) || metrics_.size() >= most_) {
      values.fill(kOther);
      key = key_of(values);
      if (const auto found = metrics_.find(key); found != metrics_.end()) return *found->second;
    }
    prometheus::Labels labels;
    for (size_t i = 0; i < N; ++i) labels.emplace(names_[i], values[i]);
    Metric* made = make_(labels);
    metrics_.emplace(std::move(key), made);
    return *made;
  }
  static std::string key_of(const Values& values) {
    std::string key;
    for (const auto value : values) key.append(value).push_back('\0');
    return key;
  }

  prometheus::Family<Metric>& family_;
  const std::array<std::string, N> names_;
  const size_t most_;
  const Check check_;
  const std::function<Metric*(const prometheus::Labels&)> make_;
  Mutex mutex_;
  std::unordered_map<std::string, Metric*> metrics_ EDP_GUARDED_BY(mutex_);
};

}  // namespace edp::publish
