// Field numbers of profile.proto.
#pragma once

#include <cstdint>

namespace edp::decode::pprof {

namespace profile_field {
inline constexpr uint64_t kFirst = 1, kSampleType = 1, kSample = 2, kMapping = 3, kLocation = 4,
                          kFunction = 5, kStringTable = 6, kDropFrames = 7, kKeepFrames = 8, kTimeNanos = 9,
                          kDurationNanos = 10, kPeriodType = 11, kPeriod = 12, kComment = 13,
                          kDefaultSampleType = 14, kDocUrl = 15, kLast = 15;
}
namespace value_type_field {
inline constexpr uint64_t kType = 1, kUnit = 2;
}
namespace sample_field {
inline constexpr uint64_t kLocation = 1, kValue = 2, kLabel = 3;
}
namespace label_field {
inline constexpr uint64_t kKey = 1, kText = 2, kNumber = 3, kUnit = 4;
}
namespace mapping_field {
inline constexpr uint64_t kId = 1, kStart = 2, kLimit = 3, kOffset = 4, kFile = 5, kBuildId = 6,
                          kHasFunctions = 7, kHasFilenames = 8, kHasLineNumbers = 9, kHasInlineFrames = 10;
}
namespace location_field {
inline constexpr uint64_t kId = 1, kMapping = 2, kAddress = 3, kLine = 4, kIsFolded = 5;
}
namespace line_field {
inline constexpr uint64_t kFunction = 1, kLine = 2, kColumn = 3;
}
namespace function_field {
inline constexpr uint64_t kId = 1, kName = 2, kSystemName = 3, kFile = 4, kStartLine = 5;
}

}  // namespace edp::decode::pprof
