#include "runner/view/measure.h"

#include <array>
#include <cmath>
#include <cstdio>
#include <limits>
#include <optional>
#include <span>

namespace edp::view {
namespace {

struct Unit {
  std::string_view name;
  std::array<std::string_view, 3> aliases;
  double factor;
};

struct Dimension {
  std::span<const Unit> units;
  std::string_view default_name;
  double default_factor;
};

constexpr Unit kBytes[] = {
    {"B", {"b", "byte"}, 1},
    {"kB", {"kb", "kbyte", "kilobyte"}, 1024.0},
    {"MB", {"mb", "mbyte", "megabyte"}, 1048576.0},
    {"GB", {"gb", "gbyte", "gigabyte"}, 1073741824.0},
    {"TB", {"tb", "tbyte", "terabyte"}, 1099511627776.0},
    {"PB", {"pb", "pbyte", "petabyte"}, 1125899906842624.0},
};
constexpr Unit kTime[] = {
    {"ns", {"ns", "nanosecond"}, 1},    {"us", {"us", "microsecond"}, 1e3},
    {"ms", {"ms", "millisecond"}, 1e6}, {"s", {"s", "sec", "second"}, 1e9},
    {"hrs", {"hour", "hr"}, 3600e9},
};
constexpr Unit kCompute[] = {
    {"n*GCU", {"nanogcu"}, 1e-9}, {"u*GCU", {"microgcu"}, 1e-6}, {"m*GCU", {"milligcu"}, 1e-3},
    {"GCU", {"gcu"}, 1},          {"k*GCU", {"kilogcu"}, 1e3},   {"M*GCU", {"megagcu"}, 1e6},
    {"G*GCU", {"gigagcu"}, 1e9},  {"T*GCU", {"teragcu"}, 1e12},  {"P*GCU", {"petagcu"}, 1e15},
};
constexpr Dimension kDimensions[] = {{kBytes, "B", 1}, {kTime, "s", 1e9}, {kCompute, "GCU", 1}};

const Unit* find_unit(const Dimension& dimension, std::string_view text) {
  std::string lower(text);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  if (lower.size() > 2 && lower.back() == 's') lower.pop_back();
  if (lower.empty()) return nullptr;
  for (const Unit& unit : dimension.units) {
    for (const std::string_view alias : unit.aliases) {
      if (alias == lower) return &unit;
    }
  }
  return nullptr;
}

std::optional<Scaled> convert(const Dimension& dimension, int64_t value, std::string_view from,
                              std::string_view to) {
  const Unit* source = find_unit(dimension, from);
  if (source == nullptr) return std::nullopt;
  const double base = static_cast<double>(value) * source->factor;
  if (to == "minimum" || to == "auto") {
    const Unit* best = nullptr;
    for (const Unit& unit : dimension.units) {
      if ((best == nullptr || unit.factor >= best->factor) && base / unit.factor >= 1.0) best = &unit;
    }
    if (best != nullptr) return Scaled{base / best->factor, std::string(best->name)};
  } else if (const Unit* target = find_unit(dimension, to)) {
    return Scaled{base / target->factor, std::string(target->name)};
  }
  return Scaled{base / dimension.default_factor, std::string(dimension.default_name)};
}

}  // namespace

Scaled scale(int64_t value, std::string_view from, std::string_view to) {
  if (value < 0 && value != std::numeric_limits<int64_t>::min()) {
    Scaled positive = scale(-value, from, to);
    positive.value = -positive.value;
    return positive;
  }
  for (const Dimension& dimension : kDimensions) {
    if (auto scaled = convert(dimension, value, from, to)) return *scaled;
  }
  const bool says_nothing =
      to == "count" || to == "sample" || to == "unit" || to == "minimum" || to == "auto";
  return Scaled{static_cast<double>(value), says_nothing ? std::string() : std::string(to)};
}

std::string scaled_label(int64_t value, std::string_view from, std::string_view to) {
  const Scaled scaled = scale(value, from, to);
  std::array<char, 512> text{};
  const int size = std::snprintf(text.data(), text.size(), "%.2f", scaled.value);
  std::string_view digits(text.data(), size > 0 ? static_cast<size_t>(size) : 0);
  if (digits.ends_with(".00")) digits.remove_suffix(3);
  if (digits == "0" || digits == "-0") return "0";
  return std::string(digits) + scaled.unit;
}

std::string percentage(int64_t value, int64_t total) {
  double percent = 0;
  if (total != 0) percent = std::fabs(static_cast<double>(value) / static_cast<double>(total)) * 100;
  if (percent >= 99.95 && percent <= 100.05) return "  100%";
  std::array<char, 512> text{};
  const int size = std::snprintf(text.data(), text.size(), percent >= 1.0 ? "%5.2f%%" : "%5.2g%%", percent);
  return std::string(text.data(), size > 0 ? static_cast<size_t>(size) : 0);
}

bool same_dimension(std::string_view a, std::string_view b) {
  for (const Dimension& dimension : kDimensions) {
    if (find_unit(dimension, a) != nullptr && find_unit(dimension, b) != nullptr) return true;
  }
  return false;
}

int64_t to_int64(double value) {
  if (!(value >= -9223372036854775808.0 && value < 9223372036854775808.0)) {
    return std::numeric_limits<int64_t>::min();
  }
  return static_cast<int64_t>(value);
}

}  // namespace edp::view
