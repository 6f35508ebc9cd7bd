// Interned strings: namespaces, nodes, label keys and values repeat a thousandfold. A Symbol is a pointer, is
// cheap to copy and compares by pointer. A text is kept once, and only while a Symbol stands for it: label
// values such as the uid of a Job come and go without end.
#pragma once

#include <atomic>
#include <compare>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>

namespace edp::watch {

class Symbol {
 public:
  Symbol() = default;
  // From any thread, as everything here.
  explicit Symbol(std::string_view text);
  Symbol(const Symbol& other) noexcept : entry_(other.entry_) {
    if (entry_ != nullptr) entry_->uses.fetch_add(1, std::memory_order_relaxed);
  }
  Symbol(Symbol&& other) noexcept : entry_(std::exchange(other.entry_, nullptr)) {}
  Symbol& operator=(const Symbol& other) noexcept {
    Symbol copy(other);
    std::swap(entry_, copy.entry_);
    return *this;
  }
  Symbol& operator=(Symbol&& other) noexcept {
    std::swap(entry_, other.entry_);
    return *this;
  }
  ~Symbol() {
    if (entry_ != nullptr) release(entry_);
  }

  // Valid while any Symbol of that text lives.
  [[nodiscard]] std::string_view view() const {
    return entry_ == nullptr ? std::string_view() : std::string_view(entry_->text);
  }
  [[nodiscard]] std::string str() const { return std::string(view()); }
  [[nodiscard]] bool empty() const { return entry_ == nullptr; }
  friend bool operator==(const Symbol& a, const Symbol& b) { return a.entry_ == b.entry_; }
  friend bool operator==(const Symbol& a, std::string_view b) { return a.view() == b; }
  friend auto operator<=>(const Symbol& a, const Symbol& b) { return a.view() <=> b.view(); }
  friend std::hash<Symbol>;

  // Texts kept at the moment.
  static size_t count();

 private:
  struct Entry {
    explicit Entry(std::string_view of) : text(of) {}
    mutable std::atomic<uint32_t> uses{0};
    std::string text;
  };
  struct Table;
  static Table& table();
  static void release(const Entry* entry);

  const Entry* entry_ = nullptr;  // null stands for ""
};

}  // namespace edp::watch

template <>
struct std::hash<edp::watch::Symbol> {
  size_t operator()(const edp::watch::Symbol& symbol) const noexcept {
    return std::hash<const void*>()(symbol.entry_);
  }
};
