// The splitters of lists and watches: whatever comes, cut wherever, they find the same objects as when it
// comes in one piece, and keep to their bounds.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "operator/kube/paths.h"
#include "operator/watch/readers.h"
#include "operator/watch/splitter.h"

namespace {

using namespace edp::watch;

constexpr size_t kMaxObject = 4096;

struct Found {
  std::vector<std::string> objects;
  uint64_t too_long = 0;
  bool whole = false;
  std::string envelope;
  bool operator==(const Found&) const = default;
};

// The first byte of the input draws the cuts; 0: none.
template <typename F>
void in_pieces(std::string_view text, uint32_t seed, F&& feed) {
  while (!text.empty()) {
    seed = seed * 1'103'515'245 + 12'345;
    const size_t size = seed == 12'345 ? text.size() : 1 + (seed >> 16) % 97;
    if (!feed(text.substr(0, size))) return;
    text.remove_prefix(size < text.size() ? size : text.size());
  }
}

Found lines(std::string_view text, bool cut, uint8_t seed) {
  Found found;
  EventSplitter splitter(kMaxObject, [&](std::string_view line) {
    if (line.empty() || line.size() > kMaxObject) std::abort();
    found.objects.emplace_back(line);
    return true;
  });
  if (cut) {
    in_pieces(text, seed + 1U, [&](std::string_view piece) { return splitter.feed(piece); });
  } else {
    splitter.feed(text);
  }
  found.too_long = splitter.too_long();
  return found;
}

Found list(std::string_view text, bool cut, uint8_t seed) {
  Found found;
  ListSplitter splitter(kMaxObject, [&](std::string_view item) {
    if (item.size() > kMaxObject || item.front() != '{') std::abort();
    found.objects.emplace_back(item);
    return true;
  });
  if (cut) {
    in_pieces(text, seed + 1U, [&](std::string_view piece) { return splitter.feed(piece); });
  } else {
    splitter.feed(text);
  }
  found.too_long = splitter.too_long();
  found.whole = splitter.complete() && splitter.error().empty();
  if (found.whole) found.envelope = splitter.envelope();
  return found;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const uint8_t seed = data[0];
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);

  const Found events = lines(text, false, seed);
  if (!(events == lines(text, true, seed))) std::abort();
  for (const std::string& line : events.objects) {
    const auto event = split_event(line);
    if (!event) continue;
    const auto inside = [&](std::string_view part) {
      return part.data() >= line.data() && part.data() + part.size() <= line.data() + line.size();
    };
    if (!inside(event->type) || !inside(event->object)) std::abort();
    (void)read_identity(event->object);
    (void)edp::kube::read_status(event->object);
  }

  const Found items = list(text, false, seed);
  if (!(items == list(text, true, seed))) std::abort();
  if (items.whole) (void)read_list_meta(items.envelope);
  return 0;
}
