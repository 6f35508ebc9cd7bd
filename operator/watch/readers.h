// One object's bytes -> its record. From any thread; never throw. What is missing or of the wrong type reads
// as not set; an error means that it is no object with a name, or nested beyond all reason. JSON; where it
// says `bytes`, Kubernetes' protobuf as well (proto.h).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "common/result.h"
#include "operator/watch/records.h"

namespace edp::watch {

Result<PodRecord> read_pod(std::string_view bytes);
Result<JobRecord> read_job(std::string_view json);
Result<RunRecord> read_run(std::string_view json);
Result<ProfileRecord> read_profile(std::string_view json);
Result<PolicyRecord> read_policy(std::string_view json);
Result<QuotaRecord> read_quota(std::string_view json);

// What every object has. Of a deleted object it is all that is read.
struct Identity {
  Symbol ns;
  std::string name;
  std::string uid;
  uint64_t version = 0;
};
Result<Identity> read_identity(std::string_view bytes);

// A bookmark, or the metadata of a list.
struct ListMeta {
  std::string resource_version;
  std::string continue_token;       // of a page that is not the last
  bool initial_events_end = false;  // the bookmark that ends a streaming list
};
Result<ListMeta> read_list_meta(std::string_view bytes);
// Empty where there is none.
std::string metadata_resource_version(std::string_view bytes);

// "20s", "2m", "1h30m", "500ms" -> seconds; nothing where it is no duration.
std::optional<double> parse_duration(std::string_view text);

}  // namespace edp::watch
