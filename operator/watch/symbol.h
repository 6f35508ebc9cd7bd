// Interned strings: namespaces, nodes, label keys and values repeat a thousandfold. A Symbol is a pointer, costs
// nothing to copy and compares by pointer. The table only grows; what is interned must be of bounded variety.
#pragma once

#include <compare>
#include <functional>
#include <string>
#include <string_view>

namespace edp::watch {

class Symbol {
 public:
  Symbol() = default;
  // From any thread.
  explicit Symbol(std::string_view text);

  [[nodiscard]] std::string_view view() const { return text_ == nullptr ? std::string_view() : *text_; }
  [[nodiscard]] std::string str() const { return std::string(view()); }
  [[nodiscard]] bool empty() const { return text_ == nullptr; }
  friend bool operator==(Symbol a, Symbol b) { return a.text_ == b.text_; }
  friend bool operator==(Symbol a, std::string_view b) { return a.view() == b; }
  friend auto operator<=>(Symbol a, Symbol b) { return a.view() <=> b.view(); }
  friend std::hash<Symbol>;

 private:
  const std::string* text_ = nullptr;  // null stands for ""
};

}  // namespace edp::watch

template <>
struct std::hash<edp::watch::Symbol> {
  size_t operator()(edp::watch::Symbol symbol) const noexcept {
    return std::hash<const void*>()(symbol.text_);
  }
};
