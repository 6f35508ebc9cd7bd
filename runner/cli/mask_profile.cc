#include "runner/cli/mask_profile.h"

#include <algorithm>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include "common/masking/masker.h"

namespace edp::cli {
namespace {

template <typename Visit>
void each_text(model::Profile& profile, Visit&& visit) {
  for (model::Mapping& mapping : profile.mappings) visit(mapping.file);
  for (model::Function& function : profile.functions) {
    visit(function.name);
    visit(function.system_name);
    visit(function.file);
  }
  for (model::Label& label : profile.labels) {
    visit(label.key);
    visit(label.text);
    visit(label.unit);
  }
  for (std::string_view& comment : profile.comments) visit(comment);
}

}  // namespace

void mask_profile(model::Profile& profile) {
  const auto patterns = masking::Patterns::compile().value();
  // One pass over all texts tells whether there is anything to hide; mostly there is not.
  masking::Counts struck;
  {
    masking::Masker masker(patterns);
    constexpr size_t kBatch = size_t{64} << 10;
    std::string batch, ignored;
    const char* last = nullptr;
    each_text(profile, [&](std::string_view text) {
      if (text.empty() || text.data() == last) return;
      last = text.data();
      (batch += text) += '\n';
      if (batch.size() < kBatch) return;
      masker.feed(batch, ignored);
      batch.clear();
      ignored.clear();
    });
    masker.feed(batch, ignored);
    masker.finish(ignored);
    struck = masker.counts();
  }
  if (struck.total() == 0) return;

  struct Kept {
    std::shared_ptr<const void> before;
    std::deque<std::string> texts;
  };
  const auto kept = std::make_shared<Kept>(Kept{.before = profile.storage, .texts = {}});
  std::unordered_map<std::string_view, std::string_view> known;
  each_text(profile, [&](std::string_view& text) {
    const auto [at, added] = known.try_emplace(text, text);
    if (added) {
      masking::Counts counts;
      std::string masked = masking::mask(text, patterns, counts);
      if (counts.total() > 0) at->second = kept->texts.emplace_back(std::move(masked));
    }
    text = at->second;
  });
  profile.storage = kept;
}

}  // namespace edp::cli
