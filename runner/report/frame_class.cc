#include "runner/report/frame_class.h"

#include "runner/analyse/symbols.h"

namespace edp::report {

std::string_view frame_class(std::string_view function) {
  const analyse::SymbolClass found = analyse::classify(function).symbol_class;
  return found == analyse::SymbolClass::kNone ? std::string_view() : to_string(found);
}

}  // namespace edp::report
