// Hides what must not leave the runner: identity cards, bank cards, phone numbers, e-mail addresses, tokens,
// keys, passwords, and what the diagnostic profile's own patterns name.
//
// One pass in linear time: RE2 finds candidates, and arithmetic (check digits, dates, issuers) tells those
// that only look like one. A number that is part of a longer word, of a hexadecimal or of a decimal fraction
// is none. What is hidden keeps its ends where people need them to find the record again (as in
// 622848********1234), and is replaced by text that needs no escape in JSON, XML or HTML.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/masking/kinds.h"
#include "common/result.h"

namespace edp::masking {

// A pattern of the profile's. `replace` may name groups of it as $1 to $9; empty: all of it becomes "***".
struct OwnPattern {
  std::string name;     // as counted
  std::string pattern;  // RE2 syntax
  std::string replace;
};

// How often each kind struck; own patterns by their names.
class Counts {
 public:
  void add(Kind kind) { ++by_kind_[static_cast<size_t>(kind)]; }
  void add(const std::string& own) {
    add(Kind::kOwn);
    ++own_[own];
  }
  void add(const Counts& other);
  [[nodiscard]] uint64_t of(Kind kind) const { return by_kind_[static_cast<size_t>(kind)]; }
  [[nodiscard]] uint64_t total() const;
  // By name, without zeros: {"bank_card": 3, "order_number": 1}.
  [[nodiscard]] std::map<std::string, uint64_t> by_name() const;

 private:
  std::array<uint64_t, kKinds> by_kind_{};
  std::map<std::string, uint64_t> own_;
};

// The patterns, compiled: shared by all maskers of a run, from any thread.
class Patterns {
 public:
  // The error names the pattern that can't be compiled, or that matches nothing at all.
  static Result<std::shared_ptr<const Patterns>> compile(std::vector<OwnPattern> own = {});
  ~Patterns();

 private:
  friend class Masker;
  struct Impl;
  explicit Patterns(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

// One stream of text, in pieces that end anywhere: the result is that of the whole text. Holds back a line,
// or 16 KiB of a longer one; a secret of more than 8 KiB is hidden, and counted once.
class Masker {
 public:
  explicit Masker(std::shared_ptr<const Patterns> patterns);
  // Appends to `out` what is sure by now.
  void feed(std::string_view piece, std::string& out);
  // The rest. The masker may then begin a new stream.
  void finish(std::string& out);
  [[nodiscard]] const Counts& counts() const { return counts_; }

 private:
  struct Found;
  struct Hidden {
    std::string instead;
    size_t size;  // of what it stands for
  };
  // Judges what begins before `stop`.
  void judge(size_t stop, bool last, std::string& out);
  std::optional<Hidden> hide_own(std::string_view text, size_t from);
  std::optional<Hidden> hide_form(std::string_view text, size_t from);
  bool begin_key(std::string_view text, std::string& out);
  void eat();
  bool skip_key(bool last, std::string& out);

  std::shared_ptr<const Patterns> patterns_;
  std::string held_;     // of what came, from `done_` on not yet judged
  size_t done_ = 0;      // before it is context only
  bool eating_ = false;  // inside a secret that is longer than what is held back
  bool in_key_ = false;  // inside a PEM private key
  Counts counts_;
};

// Of one whole text.
std::string mask(std::string_view text, const std::shared_ptr<const Patterns>& patterns, Counts& counts);

// Of JSON text: the content of its strings, keys included; numbers are left alone. Text that is no JSON is
// masked as text.
std::string mask_json(std::string_view json, const std::shared_ptr<const Patterns>& patterns, Counts& counts);

}  // namespace edp::masking
