#pragma once

#include <string>
#include <string_view>

namespace edp {

// RFC 1952. Empty where it can't be made (no memory) or where `bytes` is empty: send them as they are.
std::string gzip(std::string_view bytes);

}  // namespace edp
