#include "common/result.h"

#include <utility>

namespace edp {

std::string Error::to_string() const {
  std::string text = where;
  if (offset) {
    if (!text.empty()) text += ": ";
    text += "at byte " + std::to_string(*offset);
  }
  if (!text.empty()) text += ": ";
  return text + what;
}

Error Error::at(std::string place) const {
  Error named = *this;
  if (named.where.empty()) named.where = std::move(place);
  return named;
}

}  // namespace edp
