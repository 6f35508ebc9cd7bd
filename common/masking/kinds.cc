#include "common/masking/kinds.h"

#include <algorithm>
#include <array>

namespace edp::masking {
namespace {

int number(std::string_view digits) {
  int value = 0;
  for (const char c : digits) value = value * 10 + (c - '0');
  return value;
}

bool all_digits(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

// The provinces' codes of GB/T 2260 and those of Hong Kong, Macao, Taiwan.
bool is_region(int code) {
  constexpr std::array<int, 35> kCodes = {11, 12, 13, 14, 15, 21, 22, 23, 31, 32, 33, 34,
                                          35, 36, 37, 41, 42, 43, 44, 45, 46, 50, 51, 52,
                                          53, 54, 61, 62, 63, 64, 65, 71, 81, 82, 83};
  return std::ranges::binary_search(kCodes, code);
}

bool is_date(int year, int month, int day) {
  constexpr std::array<int, 12> kDays = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  if (month < 1 || month > 12 || day < 1 || day > kDays[static_cast<size_t>(month - 1)]) return false;
  const bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
  return leap || month != 2 || day < 29;
}

bool luhn(std::string_view digits) {
  int sum = 0;
  bool twice = false;
  for (size_t i = digits.size(); i-- > 0; twice = !twice) {
    const int digit = digits[i] - '0';
    sum += twice ? digit * 2 - (digit > 4 ? 9 : 0) : digit;
  }
  return sum % 10 == 0;
}

struct Issuer {
  int from, to;  // of the number's first digits, as many as `to` has
  uint32_t lengths;
};

constexpr uint32_t of(int length) { return 1U << static_cast<unsigned>(length); }

constexpr std::array<Issuer, 14> kIssuers = {{
    {4, 4, of(13) | of(16) | of(19)},                 // Visa
    {51, 55, of(16)},                                 // Mastercard
    {2221, 2720, of(16)},                             // Mastercard
    {34, 34, of(15)},                                 // American Express
    {37, 37, of(15)},                                 // American Express
    {62, 62, of(16) | of(17) | of(18) | of(19)},      // UnionPay
    {60, 60, of(16) | of(17) | of(18) | of(19)},      // Discover, RuPay
    {64, 65, of(16) | of(17) | of(18) | of(19)},      // Discover
    {81, 82, of(16) | of(19)},                        // RuPay, UnionPay
    {3528, 3589, of(16) | of(17) | of(18) | of(19)},  // JCB
    {300, 305, of(14) | of(16) | of(19)},             // Diners Club
    {36, 36, of(14) | of(16) | of(19)},               // Diners Club
    {38, 39, of(14) | of(16) | of(19)},               // Diners Club
    {9558, 9558, of(16) | of(19)},                    // ICBC, before UnionPay
}};

size_t digits_in(int value) { return value < 10 ? 1 : value < 100 ? 2 : value < 1000 ? 3 : 4; }

}  // namespace

std::string_view to_string(Kind kind) {
  constexpr std::array<std::string_view, kKinds> kNames = {
      "identity_card", "bank_card", "phone", "email", "bearer_token", "jwt", "key", "password", "own"};
  return kNames[static_cast<size_t>(kind)];
}

bool is_identity_card(std::string_view digits) {
  if (digits.size() == 15) {
    return all_digits(digits) && is_region(number(digits.substr(0, 2))) &&
           is_date(1900 + number(digits.substr(6, 2)), number(digits.substr(8, 2)),
                   number(digits.substr(10, 2)));
  }
  if (digits.size() != 18 || !all_digits(digits.substr(0, 17))) return false;
  const int year = number(digits.substr(6, 4));
  if (!is_region(number(digits.substr(0, 2))) || year < 1850 || year > 2100 ||
      !is_date(year, number(digits.substr(10, 2)), number(digits.substr(12, 2)))) {
    return false;
  }
  int weight = 1, sum = 0;  // from the right: 2^i mod 11
  for (size_t i = 17; i-- > 0;) {
    weight = weight * 2 % 11;
    sum += weight * (digits[i] - '0');
  }
  const int check = (12 - sum % 11) % 11;
  const char last = digits[17];
  return check == 10 ? last == 'X' || last == 'x' : last == '0' + check;
}

bool is_bank_card(std::string_view digits) {
  if (!all_digits(digits)) return false;
  const bool issued = std::ranges::any_of(kIssuers, [&](const Issuer& issuer) {
    const size_t prefix = digits_in(issuer.to);
    if (digits.size() < 13 || digits.size() > 19 ||
        (issuer.lengths & of(static_cast<int>(digits.size()))) == 0) {
      return false;
    }
    const int first = number(digits.substr(0, prefix));
    return first >= issuer.from && first <= issuer.to;
  });
  return issued && luhn(digits);
}

bool is_phone(std::string_view digits, bool plus) {
  if (!all_digits(digits)) return false;
  const auto mobile = [](std::string_view rest) {
    return rest.size() == 11 && rest[0] == '1' && rest[1] >= '3';
  };
  if (mobile(digits)) return true;
  for (const std::string_view country : {"86", "0086"}) {
    if (digits.starts_with(country) && mobile(digits.substr(country.size()))) return true;
  }
  return plus && digits.size() >= 8 && digits.size() <= 15 && digits[0] != '0';  // E.164
}

}  // namespace edp::masking
