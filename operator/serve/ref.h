// A ref as text: {"digest":"sha256:...","bytes":123,"attempt":1,"stored":1700000000}
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "operator/serve/store.h"

namespace edp::serve {

std::string write_ref(const ReportRef& ref);
// Nothing where it is no ref.
std::optional<ReportRef> read_ref(std::string_view text);

// "report.json" -> kJson; nothing where it is no report's name.
std::optional<ReportFile> parse_file_name(std::string_view name);

}  // namespace edp::serve
