// The part of Perfetto's trace protocol that the export writes: protos/perfetto/trace/*.proto in
// github.com/google/perfetto, all of it marked there as stable public API.
#pragma once

#include <cstdint>
#include <protozero/types.hpp>

namespace edp::report::perfetto {

using Tag = protozero::pbf_tag_type;

namespace trace {
inline constexpr Tag kPacket = 1;
}
namespace packet {
inline constexpr Tag kClockSnapshot = 6, kTimestamp = 8, kSequenceId = 10, kTrackEvent = 11,
                     kInternedData = 12, kSequenceFlags = 13, kTrackDescriptor = 60;
inline constexpr uint32_t kStateCleared = 1, kNeedsState = 2;
}  // namespace packet
namespace clock_snapshot {
inline constexpr Tag kClocks = 1, kClockId = 1, kTimestamp = 2;
inline constexpr uint32_t kRealtime = 1,
                          kBoottime = 6;  // packets are in the latter where nothing else is said
}  // namespace clock_snapshot
namespace track {
inline constexpr Tag kUuid = 1, kName = 2, kProcess = 3, kParent = 5, kCounter = 8, kChildOrdering = 11,
                     kRank = 12;
inline constexpr Tag kPid = 1, kProcessName = 6;  // of the process
inline constexpr Tag kUnit = 3;                   // of the counter
inline constexpr int32_t kUnitCount = 2, kUnitBytes = 3, kExplicit = 3;
}  // namespace track
namespace event {
inline constexpr Tag kCategory = 3, kAnnotation = 4, kType = 9, kName = 10, kTrack = 11, kCounterValue = 30,
                     kFlow = 47, kEndOfFlow = 48, kCallstack = 56;
inline constexpr int32_t kSliceBegin = 1, kSliceEnd = 2, kInstant = 3, kCounter = 4;
}  // namespace event
namespace annotation {
inline constexpr Tag kName = 1, kUint = 3, kText = 17;
}
namespace interned {
inline constexpr Tag kCategory = 1, kEventName = 2, kAnnotationName = 3, kFunction = 5, kFrame = 6,
                     kCallstack = 7, kSourcePath = 18, kAnnotationText = 29;
inline constexpr Tag kIid = 1, kText = 2;  // of each of them that is a text
inline constexpr Tag kFrameFunction = 2, kFrameSource = 5, kFrameLine = 6, kCallstackFrames = 2;
}  // namespace interned

}  // namespace edp::report::perfetto
