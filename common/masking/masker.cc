#include "common/masking/masker.h"

#include <re2/set.h>

#include <algorithm>
#include <array>
#include <numeric>
#include <utility>
#include <vector>

#include "common/masking/finders.h"

namespace edp::masking {
namespace {

constexpr size_t kHold = size_t{8} << 10;  // the longest match that is judged as a whole
constexpr size_t kContext = 2;             // what stands_alone() looks at before a match, and behind it
constexpr std::string_view kKeyEnd = "-----END";
constexpr const char* kKeyBegin = "-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----";

RE2::Options options(RE2::Options::Encoding encoding) {
  RE2::Options options;
  options.set_encoding(encoding);
  options.set_never_nl(true);
  options.set_log_errors(false);
  options.set_max_mem(int64_t{64} << 20);
  return options;
}

bool ends_secret(char c) {
  constexpr std::string_view kEnds = " \t\r\n\"'&;,<>@";
  return kEnds.find(c) != std::string_view::npos;
}

// Where to look on behind a candidate that is none: what else may begin in a word, not in a number.
size_t behind_number(std::string_view text, size_t at) {
  const size_t begin = at;
  while (at < text.size() && text[at] >= '0' && text[at] <= '9') ++at;
  return std::max(at, begin + 1);
}

// forms(), compiled once in a process.
struct CompiledForms {
  std::unique_ptr<RE2> any;  // one of them, or a private key's begin
  std::vector<std::unique_ptr<RE2>> each;
  std::unique_ptr<RE2> key_begin;
  RE2::Set here{options(RE2::Options::EncodingLatin1), RE2::ANCHOR_START};  // in the order of `each`

  CompiledForms() {
    const RE2::Options latin1 = options(RE2::Options::EncodingLatin1);
    std::string all = kKeyBegin;
    for (const Form& form : forms()) {
      all += std::string("|(?:") + form.pattern + ")";
      each.push_back(std::make_unique<RE2>(form.pattern, latin1));
      (void)here.Add(form.pattern, nullptr);
    }
    (void)here.Compile();
    any = std::make_unique<RE2>(all, latin1);
    key_begin = std::make_unique<RE2>(kKeyBegin, latin1);
  }

  // Those of `each` that may match where `text` begins, in one pass: the set does not see what stands before,
  // so more than do. All of them, should it run out of memory.
  [[nodiscard]] std::vector<int> possible(std::string_view text) const {
    std::vector<int> found;
    RE2::Set::ErrorInfo error{RE2::Set::kNoError};
    if (!here.Match(text, &found, &error) && error.kind != RE2::Set::kNoError) {
      found.resize(each.size());
      std::iota(found.begin(), found.end(), 0);
    }
    std::ranges::sort(found);
    return found;
  }
};

const CompiledForms& compiled_forms() {
  static const CompiledForms kForms;
  return kForms;
}

// "$1" as RE2 writes it.
std::string rewrite_of(std::string_view replace) {
  std::string rewrite;
  for (size_t i = 0; i < replace.size(); ++i) {
    const bool group =
        replace[i] == '$' && i + 1 < replace.size() && replace[i + 1] >= '0' && replace[i + 1] <= '9';
    if (replace[i] == '\\') rewrite += '\\';
    rewrite += group ? '\\' : replace[i];
  }
  return rewrite;
}

}  // namespace

void Counts::add(const Counts& other) {
  for (size_t i = 0; i < kKinds; ++i) by_kind_[i] += other.by_kind_[i];
  for (const auto& [name, count] : other.own_) own_[name] += count;
}

uint64_t Counts::total() const {
  uint64_t total = 0;
  for (const uint64_t count : by_kind_) total += count;
  return total;
}

std::map<std::string, uint64_t> Counts::by_name() const {
  std::map<std::string, uint64_t> names = own_;
  for (size_t i = 0; i < kKinds; ++i) {
    if (by_kind_[i] > 0 && Kind(i) != Kind::kOwn) names[std::string(to_string(Kind(i)))] += by_kind_[i];
  }
  return names;
}

struct Patterns::Impl {
  struct Own {
    OwnPattern as_given;
    std::unique_ptr<RE2> pattern;
    std::string rewrite;
  };
  std::unique_ptr<RE2> any_own;  // null where there is none
  std::vector<Own> own;
};

Patterns::Patterns(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Patterns::~Patterns() = default;

Result<std::shared_ptr<const Patterns>> Patterns::compile(std::vector<OwnPattern> own) {
  auto impl = std::make_unique<Impl>();
  std::string any_own;
  for (OwnPattern& one : own) {
    const std::string where = "masking pattern " + one.name;
    auto pattern = std::make_unique<RE2>(one.pattern, options(RE2::Options::EncodingUTF8));
    if (!pattern->ok()) return fail(pattern->error(), where);
    if (RE2::FullMatch("", *pattern)) return fail("it matches nothing at all, so everywhere", where);
    std::string rewrite = one.replace.empty() ? "***" : rewrite_of(one.replace);
    std::string error;
    if (!pattern->CheckRewriteString(rewrite, &error)) return fail(error, where);
    any_own += (any_own.empty() ? "(?:" : "|(?:") + one.pattern + ")";
    impl->own.push_back({std::move(one), std::move(pattern), std::move(rewrite)});
  }
  if (!any_own.empty()) {
    impl->any_own = std::make_unique<RE2>(any_own, options(RE2::Options::EncodingUTF8));
    if (!impl->any_own->ok()) return fail(impl->any_own->error(), "masking patterns, taken together");
  }
  return std::shared_ptr<const Patterns>(new Patterns(std::move(impl)));
}

// The next candidate of one of the two searches.
struct Masker::Found {
  const RE2* pattern;
  bool searched = false, there = false;
  size_t begin = 0;

  void look(std::string_view text, size_t from) {
    if (searched && (!there || begin >= from)) return;
    re2::StringPiece match;
    searched = true;
    there = pattern != nullptr && pattern->Match(text, from, text.size(), RE2::UNANCHORED, &match, 1);
    if (there) begin = static_cast<size_t>(match.data() - text.data());
  }
};

Masker::Masker(std::shared_ptr<const Patterns> patterns) : patterns_(std::move(patterns)) {}

void Masker::eat() {
  while (done_ < held_.size() && !ends_secret(held_[done_])) ++done_;
  if (done_ < held_.size()) eating_ = false;
}

// False where the key's end has not come yet.
bool Masker::skip_key(bool last, std::string& out) {
  const size_t end = held_.find(kKeyEnd, done_);
  if (end != std::string::npos) {
    done_ = end;
    in_key_ = false;
    out += "***";
    return true;
  }
  done_ = last ? held_.size() : std::max(done_, held_.size() - std::min(held_.size(), kKeyEnd.size()));
  if (last) out += "***";
  return false;
}

// By the first own pattern that matches here.
std::optional<Masker::Hidden> Masker::hide_own(std::string_view text, size_t from) {
  for (const Patterns::Impl::Own& one : patterns_->impl_->own) {
    std::array<re2::StringPiece, 10> groups;
    const int count = 1 + std::min(9, one.pattern->NumberOfCapturingGroups());
    if (!one.pattern->Match(text, from, text.size(), RE2::ANCHOR_START, groups.data(), count)) continue;
    if (groups[0].empty()) continue;
    Hidden hidden{.instead = {}, .size = groups[0].size()};
    (void)one.pattern->Rewrite(&hidden.instead, one.rewrite, groups.data(), count);
    counts_.add(one.as_given.name);
    return hidden;
  }
  return std::nullopt;
}

// By the first form that matches here and does not only look like one.
std::optional<Masker::Hidden> Masker::hide_form(std::string_view text, size_t from) {
  for (const int index : compiled_forms().possible(text.substr(from))) {
    const auto i = static_cast<size_t>(index);
    std::array<re2::StringPiece, 3> groups;
    const RE2& pattern = *compiled_forms().each[i];
    const int count = 1 + std::min(2, pattern.NumberOfCapturingGroups());
    if (!pattern.Match(text, from, text.size(), RE2::ANCHOR_START, groups.data(), count)) continue;
    auto instead =
        forms()[i].judge({.text = text, .match = groups[0], .first = groups[1], .second = groups[2]});
    if (!instead) continue;
    counts_.add(forms()[i].kind);
    return Hidden{.instead = std::move(*instead), .size = groups[0].size()};
  }
  return std::nullopt;
}

bool Masker::begin_key(std::string_view text, std::string& out) {
  re2::StringPiece begin;
  const RE2& pattern = *compiled_forms().key_begin;
  if (!pattern.Match(text, done_, text.size(), RE2::ANCHOR_START, &begin, 1)) return false;
  counts_.add(Kind::kKey);
  out.append(begin.data(), begin.size());
  done_ += begin.size();
  in_key_ = true;
  return true;
}

void Masker::judge(size_t stop, bool last, std::string& out) {
  // Behind a line's end nothing counts; in a line that is cut, what stands behind does.
  const bool whole = last || (stop > 0 && held_[stop - 1] == '\n');
  const std::string_view text = whole ? std::string_view(held_).substr(0, stop) : std::string_view(held_);
  const auto copy_to = [&](size_t end) {
    out.append(text, done_, end - done_);
    done_ = end;
  };
  Found form{.pattern = compiled_forms().any.get()};
  Found own{.pattern = patterns_->impl_->any_own.get()};
  while (done_ < stop) {
    form.look(text, done_);
    own.look(text, done_);
    const bool is_own = own.there && (!form.there || own.begin <= form.begin);
    const Found& next = is_own ? own : form;
    if (!next.there || next.begin >= stop) break;
    copy_to(next.begin);
    if (!is_own && begin_key(text, out)) return;
    const auto hidden = is_own ? hide_own(text, done_) : hide_form(text, done_);
    if (!hidden) {
      copy_to(behind_number(text, done_));
      continue;
    }
    out += hidden->instead;
    done_ += hidden->size;
    if (!whole && done_ == text.size()) {
      eating_ = true;
      return;
    }
  }
  if (done_ < stop) copy_to(stop);
}

void Masker::feed(std::string_view piece, std::string& out) {
  held_ += piece;
  while (done_ < held_.size()) {
    if (eating_) {
      eat();
      continue;
    }
    if (in_key_) {
      if (!skip_key(false, out)) break;
      continue;
    }
    const size_t newline = held_.rfind('\n');
    if (newline != std::string::npos && newline >= done_) {
      judge(newline + 1, false, out);
    } else if (held_.size() - done_ >= 2 * kHold) {
      judge(held_.size() - kHold, false, out);
    } else {
      break;
    }
  }
  if (done_ > kContext) {
    held_.erase(0, done_ - kContext);
    done_ = kContext;
  }
}

void Masker::finish(std::string& out) {
  while (done_ < held_.size()) {
    if (eating_) {
      eat();
    } else if (in_key_) {
      (void)skip_key(true, out);
    } else {
      judge(held_.size(), true, out);
    }
  }
  held_.clear();
  done_ = 0;
  eating_ = in_key_ = false;
}

std::string mask(std::string_view text, const std::shared_ptr<const Patterns>& patterns, Counts& counts) {
  Masker masker(patterns);
  std::string out;
  out.reserve(text.size());
  masker.feed(text, out);
  masker.finish(out);
  counts.add(masker.counts());
  return out;
}

}  // namespace edp::masking
