// What may become a part of a path: nothing that a file system or a URL could read in another way.
#pragma once

#include <string_view>

namespace edp::serve {

bool valid_namespace(std::string_view text);    // DNS-1123 label: at most 63 of a-z0-9-, ends alphanumeric
bool valid_object_name(std::string_view text);  // DNS-1123 subdomain: labels joined by dots, at most 253
bool valid_uid(std::string_view text);          // lower-case UUID: 8-4-4-4-12 hex digits
bool valid_digest(std::string_view text);       // "sha256:" and 64 lower-case hex digits

}  // namespace edp::serve
