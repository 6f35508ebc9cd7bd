#include "runner/report/perfetto/writer.h"

namespace edp::report::perfetto {

namespace {
constexpr size_t kPiece = 1 << 20;
constexpr uint32_t kSequence = 1;
}  // namespace

void Writer::packet(const std::string& bytes) {
  protozero::pbf_writer(out_).add_message(trace::kPacket, bytes);
  if (out_.size() < kPiece) return;
  failed_ = failed_ || !sink_(out_);
  out_.clear();
}

bool Writer::finish() {
  if (!out_.empty()) failed_ = failed_ || !sink_(out_);
  out_.clear();
  return !failed_;
}

void Writer::track(const Track& track) {
  packet_.clear();
  {
    protozero::pbf_writer packet(packet_);
    packet.add_uint32(packet::kSequenceId, kSequence);
    protozero::pbf_writer descriptor(packet, packet::kTrackDescriptor);
    descriptor.add_uint64(track::kUuid, track.uuid);
    if (track.parent != 0) descriptor.add_uint64(track::kParent, track.parent);
    descriptor.add_string(track::kName, track.name.data(), track.name.size());
    if (track.process) {
      protozero::pbf_writer process(descriptor, track::kProcess);
      process.add_int32(track::kPid, 1);
      process.add_string(track::kProcessName, track.name.data(), track.name.size());
    }
    if (track.unit != 0) {
      protozero::pbf_writer counter(descriptor, track::kCounter);
      counter.add_enum(track::kUnit, track.unit);
    }
    if (track.ordered) descriptor.add_enum(track::kChildOrdering, track::kExplicit);
    if (track.rank != 0) descriptor.add_int32(track::kRank, track.rank);
  }
  packet(packet_);
}

void Writer::text_annotation(protozero::pbf_writer& event, std::string_view name, std::string_view text) {
  if (text.empty()) return;
  protozero::pbf_writer annotation(event, event::kAnnotation);
  annotation.add_uint64(annotation::kName, interner_.annotation(name));
  annotation.add_uint64(annotation::kText, interner_.annotation_text(text));
}

void Writer::event(const Event& told) {
  event_.clear();
  protozero::pbf_writer event(event_);
  event.add_enum(event::kType, told.type);
  event.add_uint64(event::kTrack, told.track);
  if (!told.category.empty()) event.add_uint64(event::kCategory, interner_.category(told.category));
  if (!told.name.empty()) event.add_uint64(event::kName, interner_.name(told.name));
  if (told.type == event::kCounter) event.add_int64(event::kCounterValue, static_cast<int64_t>(told.value));
  if (told.flow != 0) event.add_fixed64(event::kFlow, told.flow);
  if (told.end_of_flow != 0) event.add_fixed64(event::kEndOfFlow, told.end_of_flow);
  if (const uint64_t stack = interner_.callstack(told.stack)) event.add_uint64(event::kCallstack, stack);
  text_annotation(event, "at", told.at.empty() ? interner_.place(told.stack) : told.at);
  text_annotation(event, "let go at", interner_.place(told.by_stack));
  if (told.goroutine != 0) {
    protozero::pbf_writer annotation(event, event::kAnnotation);
    annotation.add_uint64(annotation::kName, interner_.annotation("goroutine"));
    annotation.add_uint64(annotation::kUint, told.goroutine);
  }

  packet_.clear();
  protozero::pbf_writer packet(packet_);
  packet.add_uint64(packet::kTimestamp, static_cast<uint64_t>(told.time));
  packet.add_uint32(packet::kSequenceId, kSequence);
  packet.add_uint32(packet::kSequenceFlags,
                    begun_ ? packet::kNeedsState : packet::kNeedsState | packet::kStateCleared);
  begun_ = true;
  if (const std::string names = interner_.take_pending(); !names.empty()) {
    packet.add_message(packet::kInternedData, names);
  }
  packet.add_message(packet::kTrackEvent, event_);
  this->packet(packet_);
}

void Writer::clock(int64_t wall_ns) {
  packet_.clear();
  {
    protozero::pbf_writer packet(packet_);
    packet.add_uint32(packet::kSequenceId, kSequence);
    protozero::pbf_writer snapshot(packet, packet::kClockSnapshot);
    const auto clock = [&](uint32_t id, int64_t time) {
      protozero::pbf_writer entry(snapshot, clock_snapshot::kClocks);
      entry.add_uint32(clock_snapshot::kClockId, id);
      entry.add_uint64(clock_snapshot::kTimestamp, static_cast<uint64_t>(time));
    };
    clock(clock_snapshot::kBoottime, 0);
    clock(clock_snapshot::kRealtime, wall_ns);
  }
  packet(packet_);
}

}  // namespace edp::report::perfetto
