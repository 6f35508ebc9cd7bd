#include "runner/view/folded.h"

#include <algorithm>
#include <numeric>
#include <vector>

#include "runner/view/graph.h"
#include "runner/view/measure.h"

namespace edp::view {

std::string folded_stacks(const model::Profile& profile, uint32_t sample_type) {
  const NodeTable table(profile, Options());
  std::vector<std::string> names;
  for (uint32_t node = 0; node < table.size(); ++node) {
    std::string name = printable_name(table.info(node));
    for (char& c : name) {
      if (c == ';') c = ':';
      if (c == '\n' || c == '\r') c = ' ';
    }
    names.push_back(std::move(name));
  }
  // Nodes in the order of their names, so that stacks compare as numbers.
  std::vector<uint32_t> by_name(table.size()), rank(table.size());
  std::iota(by_name.begin(), by_name.end(), 0);
  std::sort(by_name.begin(), by_name.end(), [&](uint32_t a, uint32_t b) { return names[a] < names[b]; });
  for (uint32_t i = 0, r = 0; i < by_name.size(); ++i) {
    if (i > 0 && names[by_name[i]] != names[by_name[i - 1]]) r = i;
    rank[by_name[i]] = r;
  }

  std::vector<uint32_t> frames;  // all stacks, root first
  std::vector<uint64_t> begins;
  std::vector<uint32_t> order;
  const size_t count = profile.sample_count();
  for (size_t i = 0; i < count; ++i) {
    begins.push_back(frames.size());
    const model::Sample sample = profile.sample(i);
    if (sample.values[sample_type] == 0 || sample.locations.empty()) continue;
    order.push_back(static_cast<uint32_t>(i));
    for (size_t l = sample.locations.size(); l-- > 0;) {
      const uint32_t location = sample.locations[l];
      for (uint32_t k = table.begins()[location + 1]; k-- > table.begins()[location];) {
        frames.push_back(rank[table.nodes()[k]]);
      }
    }
  }
  begins.push_back(frames.size());
  const auto stack = [&](uint32_t i) {
    return std::span(frames).subspan(begins[i], begins[i + 1] - begins[i]);
  };
  std::sort(order.begin(), order.end(), [&](uint32_t a, uint32_t b) {
    const auto x = stack(a), y = stack(b);
    return std::lexicographical_compare(x.begin(), x.end(), y.begin(), y.end());
  });

  std::string out;
  const size_t width = profile.sample_types.size();
  for (size_t i = 0; i < order.size();) {
    const auto frames_here = stack(order[i]);
    int64_t sum = 0;
    for (; i < order.size(); ++i) {
      const auto next = stack(order[i]);
      if (!std::equal(next.begin(), next.end(), frames_here.begin(), frames_here.end())) break;
      sum = wrapping_add(sum, profile.values[order[i] * width + sample_type]);
    }
    if (sum == 0) continue;
    for (size_t f = 0; f < frames_here.size(); ++f) {
      if (f > 0) out += ';';
      out += names[by_name[frames_here[f]]];
    }
    out.append(" ").append(std::to_string(sum)).append("\n");
  }
  return out;
}

}  // namespace edp::view
