#include "runner/decode/go_trace/one_stream_wire.h"

#include <algorithm>

namespace edp::decode::go_trace::v1 {
namespace {

constexpr unsigned kInlineArgs = 3;  // more are prefixed with their length in bytes
constexpr uint64_t kMaxArgBytes = 2048, kMaxText = 1'000'000;

unsigned args_of(Byte first) { return (first >> 6) + 1U; }

const char* read_text(const Byte*& p, const Byte* end, std::string_view& text) {
  ByteReader bytes(p, end);
  uint64_t size = 0;
  if (!bytes.varint(size)) return "a string's length can't be read";
  if (size > kMaxText) return "a string is longer than a million bytes";
  if (!bytes.bytes(size, text)) return "a string is cut";
  p = bytes.at();
  return nullptr;
}

}  // namespace

const char* read_arguments(const Byte*& p, const Byte* end, uint64_t* args, size_t max, size_t& count) {
  ByteReader bytes(p, end);
  uint8_t first = 0;
  count = 0;
  if (!bytes.byte(first)) return "an event is cut";
  if (args_of(first) <= kInlineArgs) {
    for (; count < args_of(first); ++count) {
      uint64_t value = 0;
      if (!bytes.varint(value)) return "an event is cut, or has a number longer than 64 bits";
      if (count < max) args[count] = value;
    }
    p = bytes.at();
    return nullptr;
  }
  uint64_t size = 0;
  std::string_view all;
  if (!bytes.varint(size)) return "an event's length can't be read";
  if (size > kMaxArgBytes) return "an event is longer than 2,048 bytes";
  if (!bytes.bytes(size, all)) return "an event is cut";
  p = bytes.at();
  const auto* begin = reinterpret_cast<const Byte*>(all.data());
  ByteReader inner(begin, begin + all.size());
  for (; !inner.empty(); ++count) {
    uint64_t value = 0;
    if (!inner.varint(value)) return "an event has a number that can't be read";
    if (count < max) args[count] = value;
  }
  return nullptr;
}

bool read_batch(const Byte*& p, const Byte* end, BatchStart& batch) {
  ByteReader bytes(p, end);
  uint8_t first = 0;
  uint64_t proc = 0;
  if (!bytes.byte(first) || (first & 63) != kBatch || args_of(first) != 2) return false;
  if (!bytes.varint(proc) || !bytes.varint(batch.ticks)) return false;
  if (proc != UINT64_MAX && proc > INT32_MAX) return false;
  batch.proc = proc == UINT64_MAX ? -1 : static_cast<int64_t>(proc);
  p = bytes.at();
  return true;
}

const char* read_any_event(const Byte*& p, const Byte* end, Raw& raw) {
  const Byte first = *p;
  const unsigned type = first & 63;
  raw.type = static_cast<Type>(type);
  if (type == kNoType || type >= kTypeEnd) return "an event has a type that there is not";
  const Spec& spec = kSpecs[type];
  const size_t expected = static_cast<size_t>(spec.args) + (spec.has_stack ? 1 : 0) + 1;
  switch (type) {
    case kBatch: {
      BatchStart batch;
      return read_batch(p, end, batch) ? nullptr : "a batch's header can't be read";
    }
    case kString: {
      ByteReader bytes(p + 1, end);
      uint64_t id = 0;
      std::string_view text;
      if (!bytes.varint(id)) return "a string's id can't be read";
      const Byte* q = bytes.at();
      const char* error = read_text(q, end, text);
      if (error == nullptr) p = q;
      return error;
    }
    default:
      break;
  }
  std::array<uint64_t, 6> args{};
  size_t count = 0;
  const Byte* q = p;
  if (const char* error = read_arguments(q, end, args.data(), args.size(), count)) return error;
  if (type == kUserLog && args_of(first) > kInlineArgs) {
    if (const char* error = read_text(q, end, raw.text)) return error;
  }
  if (spec.is_timed) {
    if (count != expected) return "an event has a wrong number of arguments";
    raw.ticks = args[0];
    std::copy_n(args.data() + 1, spec.args, raw.args.data());
    raw.stack = spec.has_stack ? static_cast<uint32_t>(args[expected - 1]) : 0;
  }
  p = q;
  return nullptr;
}

}  // namespace edp::decode::go_trace::v1
