// Inside of the volume store: where things lie, and the walk over them.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "operator/serve/store.h"

namespace edp::serve::volume {

inline constexpr std::string_view kIncoming = "incoming";
inline constexpr std::string_view kRuns = "runs";
inline constexpr std::string_view kBlobs = "blobs/sha256";

std::string run_folder(const ReportKey& key);      // "runs/<ns>/<name>/<runUid>/<podUid>", below the root
std::string ref_name(ReportFile file);             // "report.json.ref"
std::string blob_folder(std::string_view digest);  // "blobs/sha256/ab", below the root
std::string blob_name(std::string_view digest);    // 64 hex digits

// Names in a folder, without those that begin with a dot; none where it can't be read. False ends the walk.
bool each_name(const std::string& folder, const std::function<bool(const std::string& name)>& visit);

// All refs below runs/, or below runs/<ns>/<name> where given, whatever their content. False ends the walk.
bool each_ref(const std::string& root, std::string_view ns, std::string_view name,
              const std::function<bool(const ReportKey& key, const std::string& path)>& visit);

}  // namespace edp::serve::volume
