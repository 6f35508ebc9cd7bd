#include "common/masking/finders.h"

#include <algorithm>
#include <array>
#include <cctype>

namespace edp::masking {
namespace {

constexpr const char* kStars = "***";

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_word(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }

// A number of its own: no part of a word, of a hexadecimal or of a decimal fraction.
bool stands_alone(const Candidate& of) {
  const char* const begin = of.text.data();
  const char* const end = begin + of.text.size();
  const char* const from = of.match.data();
  const char* const to = from + of.match.size();
  if (from > begin && is_word(from[-1])) return false;
  if (from > begin + 1 && from[-1] == '.' && is_digit(from[-2])) return false;
  if (to < end && is_word(*to)) return false;
  return to + 1 >= end || *to != '.' || !is_digit(to[1]);
}

std::string digits_of(std::string_view text) {
  std::string digits;
  for (const char c : text) {
    if (is_word(c)) digits += c;
  }
  return digits;
}

// Stars in place of all digits but the first and the last few; separators stay.
std::string hide(std::string_view text, size_t first, size_t last) {
  std::string hidden(text);
  const auto count = static_cast<size_t>(std::ranges::count_if(text, is_word));
  size_t at = 0;
  for (char& c : hidden) {
    if (!is_word(c)) continue;
    if (at >= first && at + last < count) c = '*';
    ++at;
  }
  return hidden;
}

std::optional<std::string> identity_card(const Candidate& of) {
  if (!stands_alone(of) || !is_identity_card(digits_of(of.match))) return std::nullopt;
  return hide(of.match, 6, 4);
}

std::optional<std::string> bank_card(const Candidate& of) {
  const std::string digits = digits_of(of.match);
  if (!stands_alone(of) || !(digits.size() == 18 || is_bank_card(digits))) return std::nullopt;
  return hide(of.match, 6, 4);
}

std::optional<std::string> phone(const Candidate& of) {
  const bool plus = of.match.starts_with('+');
  const std::string digits = digits_of(of.match);
  if (!stands_alone(of) || !is_phone(digits, plus)) return std::nullopt;
  return hide(of.match, digits.size() > 11 || plus ? digits.size() - 8 : 3, 4);
}

// first: the local part, second: the domain.
std::optional<std::string> email(const Candidate& of) {
  return std::string(of.first.substr(0, 1)) + kStars + "@" + std::string(of.second);
}

bool has_digit(std::string_view text) { return std::ranges::any_of(text, is_digit); }

// first: all before the secret, second: the secret.
std::optional<std::string> behind(const Candidate& of) {
  if (of.second == kStars) return std::nullopt;
  std::string hidden(of.first);
  hidden += kStars;
  hidden += of.match.substr(static_cast<size_t>(of.second.data() - of.match.data()) + of.second.size());
  return hidden;
}

// "bearer authentication" is no credential.
std::optional<std::string> bearer(const Candidate& of) {
  if (!has_digit(of.second) && of.second.size() < 20) return std::nullopt;
  return behind(of);
}

// "wrong token: Unauthorized" names no token, "secret: 8f2b11c09d" does.
std::optional<std::string> value(const Candidate& of) {
  constexpr std::array<std::string_view, 5> kNothing = {"null", "nil", "true", "false", "none"};
  if (std::ranges::find(kNothing, of.second) != kNothing.end()) return std::nullopt;
  std::string key(of.first);
  std::ranges::transform(key, key.begin(),
                         [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  const bool said = key.find('=') != std::string::npos || key.starts_with("pass") || key.starts_with("pwd");
  if (!said && (of.second.size() < 8 || !has_digit(of.second))) return std::nullopt;
  return behind(of);
}

std::optional<std::string> token(const Candidate& of) { return std::string(of.match.substr(0, 4)) + kStars; }

#define EDP_SECRET_KEYS                                                                                      \
  "(?:password|passwd|passphrase|pwd|(?:client|app)[_-]?secret|secret(?:[_-]?(?:access)?[_-]?key)?|api[_-]?" \
  "key"                                                                                                      \
  "|access[_-]?key(?:[_-]?(?:id|secret))?|private[_-]?key|(?:(?:auth|access|refresh|session|id)[_-]?)?"      \
  "token)"

}  // namespace

// None spans a line. A number begins where a word does: stands_alone() would refuse it elsewhere, and the
// search has far fewer states. A domain that begins with "v1" is a module's version ("lib@v1.2.3-rc.one").
const std::vector<Form>& forms() {
  static const std::vector<Form> kForms = {
      {Kind::kJwt, R"(\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]*){1,3})", token},
      {Kind::kKey,
       R"(\b(?:(?:AKIA|ASIA)[0-9A-Z]{16}|LTAI[0-9A-Za-z]{12,24}|AKID[0-9A-Za-z]{32}|AIza[0-9A-Za-z_-]{35})"
       R"(|gh[pousr]_[0-9A-Za-z]{36,}|github_pat_[0-9A-Za-z_]{22,}|glpat-[0-9A-Za-z_-]{20,})"
       R"(|xox[abeprs]-[0-9A-Za-z-]{10,}|[srp]k_(?:live|test)_[0-9A-Za-z]{16,})\b)",
       token},
      {Kind::kBearer,
       R"(((?i:authorization)["']?[ \t]*[:=][ \t]*["']?(?i:bearer|basic|token|negotiate)[ \t]+)([^\s"',;]+))",
       behind},
      {Kind::kBearer, R"(((?i:\bbearer)[ \t]+)([A-Za-z0-9._~+/=-]{8,}))", bearer},
      {Kind::kPassword, R"((\b[A-Za-z][A-Za-z0-9+.-]*://[^\s/:@"'<>]*:)([^\s/"'<>]+)@)", behind},
      {Kind::kPassword, R"((\bjdbc:oracle:[a-z0-9]+:[^\s/@"']+/)([^\s@"']+)@)", behind},
      {Kind::kPassword, R"((\b[A-Za-z0-9_.-]+:)([^\s@"']+)@(?:tcp|udp|unix)\()", behind},
      {Kind::kPassword, "((?i:" EDP_SECRET_KEYS R"()["']?[ \t]*[:=]>?[ \t]*\")([^"]+)\")", value},
      {Kind::kPassword, "((?i:" EDP_SECRET_KEYS R"()["']?[ \t]*[:=]>?[ \t]*')([^']+)')", value},
      {Kind::kPassword, "((?i:" EDP_SECRET_KEYS R"()["']?[ \t]*[:=]>?[ \t]*)([^\s"'&;,<>\\{}()\[\]]+))",
       value},
      {Kind::kEmail,
       R"(([A-Za-z0-9._%+-]+)@((?:(?:[A-Za-uw-z0-9]|v[A-Za-z.-])(?:[A-Za-z0-9.-]*[A-Za-z0-9])?|v)\.[A-Za-z]{2,24}))",
       email},
      {Kind::kIdentityCard, R"(\b[0-9]{6}[ -][0-9]{8}[ -][0-9]{3}[0-9Xx])", identity_card},
      {Kind::kIdentityCard, R"(\b(?:[0-9]{17}[0-9Xx]|[0-9]{15}))", identity_card},
      {Kind::kBankCard, R"(\b[0-9]{4}(?:[ -][0-9]{4}){3}[ -][0-9]{3})", bank_card},
      {Kind::kBankCard, R"(\b(?:[0-9]{4}(?:[ -][0-9]{4}){3}|[0-9]{4}[ -][0-9]{6}[ -][0-9]{4,5}))", bank_card},
      {Kind::kBankCard, R"(\b[0-9]{13,19})", bank_card},
      {Kind::kPhone, R"((?:\+86[ -]|\b(?:86[ -])?)1[3-9][0-9][ -][0-9]{4}[ -][0-9]{4})", phone},
      {Kind::kPhone, R"(\+[1-9][0-9]{0,2}[ -]?[0-9]{7,12}|\b(?:(?:00)?86[ -]?1[3-9][0-9]{9}|1[3-9][0-9]{9}))",
       phone},
  };
  return kForms;
}

bool is_secret_key(std::string_view key) {
  static const RE2 kKey("(?i)" EDP_SECRET_KEYS "$");
  return RE2::PartialMatch(key, kKey);
}

}  // namespace edp::masking
