#include "runner/decode/go_trace/batch.h"

#include <cstring>

namespace edp::decode::go_trace {
namespace {

// A number that is not there whole may yet come.
Parsed read_number(ByteReader& bytes, uint64_t& value, const char*& what) {
  if (bytes.varint(value)) return Parsed::kOk;
  if (bytes.left() < 10) return Parsed::kShort;
  what = "a number in a batch's header is longer than 64 bits";
  return Parsed::kBad;
}

}  // namespace

Parsed read_batch_header(ByteReader& bytes, BatchHeader& header, const char*& what) {
  header = {};
  uint8_t type = 0, experiment = 0;
  if (!bytes.byte(type)) return Parsed::kShort;
  if (type == kEndOfGeneration) {
    header.is_end_of_generation = true;
    return Parsed::kOk;
  }
  if (type != kEventBatch && type != kExperimentalBatch) {
    what = "a batch is expected";
    return Parsed::kBad;
  }
  if (type == kExperimentalBatch) {
    if (!bytes.byte(experiment)) return Parsed::kShort;
    header.is_experimental = experiment != 0;
  }
  uint64_t thread = 0;
  for (uint64_t* value : {&header.generation, &thread, &header.time, &header.size}) {
    if (const Parsed parsed = read_number(bytes, *value, what); parsed != Parsed::kOk) return parsed;
  }
  header.thread = static_cast<int64_t>(thread);
  if (header.generation == 0) {
    what = "a batch of generation 0, which there is not";
    return Parsed::kBad;
  }
  if (header.size > kMaxBatch) {
    what = "a batch is larger than 64 KiB";
    return Parsed::kBad;
  }
  return Parsed::kOk;
}

BatchStore::Slab BatchStore::make_slab() {
  Slab slab(static_cast<Byte*>(std::aligned_alloc(kSlab, kSlab)));
  if (!slab) throw std::bad_alloc();
  ask_for_huge_pages(reinterpret_cast<char*>(slab.get()), kSlab);
  return slab;
}

const Byte* BatchStore::add(std::string_view payload) {
  static_assert(kSlab > kMaxBatch + kSlack);
  if (slab_ < slabs_.size() && used_ + payload.size() + kSlack > kSlab) {
    ++slab_;
    used_ = 0;
  }
  if (slab_ == slabs_.size()) slabs_.push_back(make_slab());
  Byte* place = slabs_[slab_].get() + used_;
  std::memcpy(place, payload.data(), payload.size());
  used_ += payload.size();
  return place;
}

}  // namespace edp::decode::go_trace
