#include "runner/report/function_table.h"

#include <algorithm>
#include <unordered_map>

namespace edp::report {
namespace {

// Adding up hostile values must not overflow: figures end at the limits of int64.
int64_t add(int64_t a, int64_t b) {
  int64_t sum = 0;
  if (!__builtin_add_overflow(a, b, &sum)) return sum;
  return a < 0 ? INT64_MIN : INT64_MAX;
}

uint64_t size_of(int64_t value) {
  return value < 0 ? 0 - static_cast<uint64_t>(value) : static_cast<uint64_t>(value);
}

class Totals {
 public:
  explicit Totals(const model::Profile& profile) : profile_(profile), types_(profile.sample_types.size()) {
    std::unordered_map<std::string_view, uint32_t> by_name;
    row_of_.reserve(profile.functions.size());
    for (const model::Function& function : profile.functions) {
      const auto [found, is_new] = by_name.try_emplace(function.name, static_cast<uint32_t>(files_.size()));
      if (is_new) {
        names_.push_back(function.name);
        files_.push_back(function.file);
      }
      row_of_.push_back(found->second);
    }
    flat_.resize(names_.size() * types_);
    cum_.resize(names_.size() * types_);
    seen_in_.resize(names_.size(), SIZE_MAX);
    for (size_t i = 0; i < profile.sample_count(); ++i) add_sample(i);
  }

  // Indices of the `count` heaviest rows with a value by flat (or cum) of a sample type.
  [[nodiscard]] std::vector<uint32_t> heaviest(const std::vector<int64_t>& table, size_t type,
                                               size_t count) const {
    std::vector<uint32_t> order;
    for (uint32_t row = 0; row < names_.size(); ++row) {
      if (table[row * types_ + type] != 0) order.push_back(row);
    }
    const auto heavier = [&](uint32_t a, uint32_t b) {
      const uint64_t size_a = size_of(table[a * types_ + type]);
      const uint64_t size_b = size_of(table[b * types_ + type]);
      return size_a != size_b ? size_a > size_b : names_[a] < names_[b];
    };
    const size_t kept = std::min(count, order.size());
    std::partial_sort(order.begin(), order.begin() + static_cast<ptrdiff_t>(kept), order.end(), heavier);
    order.resize(kept);
    return order;
  }

  [[nodiscard]] FunctionTable table(size_t per_ranking) const {
    std::vector<bool> kept(names_.size());
    std::vector<uint32_t> order;
    const auto keep = [&](const std::vector<uint32_t>& rows) {
      for (const uint32_t row : rows) {
        if (kept[row]) continue;
        kept[row] = true;
        order.push_back(row);
      }
    };
    for (size_t type = 0; type < types_; ++type) {
      keep(heaviest(flat_, type, per_ranking));
      keep(heaviest(cum_, type, per_ranking));
    }
    FunctionTable out;
    for (const uint32_t row : order) out.rows.push_back(make_row(row));
    for (size_t row = 0; row < names_.size(); ++row) {
      if (!kept[row] && seen_in_[row] != SIZE_MAX) ++out.left_out;
    }
    return out;
  }

 private:
  void add_sample(size_t index) {
    const model::Sample sample = profile_.sample(index);
    bool leaf = true;
    for (const uint32_t location : sample.locations) {
      for (const model::Line& line : profile_.lines_of(profile_.locations[location])) {
        if (line.function == model::kNone) {
          leaf = false;
          continue;
        }
        const uint32_t row = row_of_[line.function];
        for (size_t type = 0; type < types_; ++type) {
          int64_t& flat = flat_[row * types_ + type];
          int64_t& cum = cum_[row * types_ + type];
          if (leaf) flat = add(flat, sample.values[type]);
          if (seen_in_[row] != index) cum = add(cum, sample.values[type]);
        }
        seen_in_[row] = index;
        leaf = false;
      }
      leaf = false;
    }
  }

  [[nodiscard]] FunctionRow make_row(uint32_t row) const {
    const auto slice = [&](const std::vector<int64_t>& from) {
      const auto begin = from.begin() + static_cast<ptrdiff_t>(row * types_);
      return std::vector<int64_t>(begin, begin + static_cast<ptrdiff_t>(types_));
    };
    return {.function = names_[row], .file = files_[row], .flat = slice(flat_), .cum = slice(cum_)};
  }

  const model::Profile& profile_;
  size_t types_;
  std::vector<uint32_t> row_of_;  // by function
  std::vector<std::string_view> names_, files_;
  std::vector<int64_t> flat_, cum_;  // row * types_ + type
  std::vector<size_t> seen_in_;      // the last sample a row was counted in
};

}  // namespace

FunctionTable function_table(const model::Profile& profile, size_t per_ranking) {
  return Totals(profile).table(per_ranking);
}

}  // namespace edp::report
