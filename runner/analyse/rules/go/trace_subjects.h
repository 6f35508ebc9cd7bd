// Finding::subject: the words by which rules on profiles and rules on traces mean the same thing.
#pragma once

#include <string>
#include <string_view>

namespace edp::analyse::go {

// Of a lock, by the place that owns it (lock_sites.h).
std::string lock_subject(std::string_view place);
// Of a sync.Map, by the function that calls it.
std::string sync_map_subject(std::string_view function);
// Of maps that grow, by the function in which they do.
std::string growth_subject(std::string_view function);

}  // namespace edp::analyse::go
