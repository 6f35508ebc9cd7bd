// What is masked, and how a match is told from what only looks like one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace edp::masking {

enum class Kind : uint8_t {
  kIdentityCard,  // 15 or 18 digits, GB 11643: region, date of birth, sequence, check digit
  kBankCard,      // ISO/IEC 7812, 13 to 19 digits; 18 digits always, whatever they mean
  kPhone,
  kEmail,
  kBearer,    // the credentials of an Authorization header
  kJwt,       // RFC 7519
  kKey,       // access keys of clouds and forges, PEM private keys
  kPassword,  // in a URL, a JDBC or DSN string, behind "password="
  kOwn,       // a pattern of the diagnostic profile
};
inline constexpr size_t kKinds = 9;
std::string_view to_string(Kind kind);  // "identity_card", "bank_card", ...

// Of plain digits. 18: the check digit (MOD 11-2) may be X; 15: the old form without one.
bool is_identity_card(std::string_view digits);
// An issuer's prefix, its length, and the Luhn check digit.
bool is_bank_card(std::string_view digits);
// A Chinese mobile number (11 digits), or one with "+" and a country code in front.
bool is_phone(std::string_view digits, bool plus);

}  // namespace edp::masking
