// What a frame is to the page's colours: the class that the analysis' symbol table gives its name.
#pragma once

#include <string_view>

namespace edp::report {

// "" where the name is in no class.
std::string_view frame_class(std::string_view function);

}  // namespace edp::report
