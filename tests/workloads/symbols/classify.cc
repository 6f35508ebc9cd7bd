// Says what the table of symbols makes of names: reads lines "function[TAB file]", prints "class[TAB proof]"
// for each. verify.py asks it about the symbols of real Go programs.
#include <iostream>
#include <string>
#include <string_view>

#include "runner/analyse/symbols.h"

int main() {
  using edp::analyse::MapImplementation;
  std::string line;
  while (std::getline(std::cin, line)) {
    const size_t tab = line.find('\t');
    const std::string_view text = line;
    const std::string_view file = tab == std::string::npos ? std::string_view() : text.substr(tab + 1);
    const edp::analyse::Symbol symbol = edp::analyse::classify(text.substr(0, tab), file);
    const char* proof = symbol.proves == MapImplementation::kClassic ? "classic"
                        : symbol.proves == MapImplementation::kSwiss ? "swiss"
                                                                     : "-";
    std::cout << edp::analyse::to_string(symbol.symbol_class) << '\t' << proof << '\n';
  }
  return 0;
}
