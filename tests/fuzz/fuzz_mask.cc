// The masker: however a text is cut, the result is the same, and what was hidden once stays as it is.
#include "common/masking/masker.h"
#include "tests/fuzz/fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace edp;
  static const auto kPatterns =
      masking::Patterns::compile({{"own", "ORD-([0-9]{2})[0-9]+", "ORD-$1"}}).value();
  if (size == 0) return 0;
  const std::string text = fuzz::bytes_of(data + 1, size - 1);
  masking::Counts counts;
  const std::string whole = masking::mask(text, kPatterns, counts);
  fuzz::require(counts.total() > 0 || whole == text);

  masking::Masker masker(kPatterns);
  std::string out;
  const size_t step = 1 + data[0];
  for (size_t at = 0; at < text.size(); at += step) masker.feed(std::string_view(text).substr(at, step), out);
  masker.finish(out);
  fuzz::require(out == whole && masker.counts().by_name() == counts.by_name());

  masking::Counts json_counts;
  (void)masking::mask_json(text, kPatterns, json_counts);
  return 0;
}
