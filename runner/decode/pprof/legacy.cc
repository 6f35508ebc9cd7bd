#include "runner/decode/pprof/legacy.h"

#include <array>

#include "runner/decode/pprof/legacy_forms.h"
#include "runner/decode/sniff.h"

namespace edp::decode::pprof {
namespace {

struct Form {
  Read read = nullptr;
  const char* not_supported = nullptr;  // its name, where EDP does not read it
};

// The first line that says something; a count profile may have comments before it.
std::string_view first_line(std::string_view text) {
  text::Lines lines(text);
  while (lines.next()) {
    if (!is_blank_or_comment(lines.line())) return lines.line();
  }
  return {};
}

bool is_count_header(std::string_view line) {
  constexpr std::string_view kTotal = " profile: total ";
  const size_t at = line.find(kTotal);
  return at != std::string_view::npos && at > 0 && line.find(' ') == at &&
         text::number<uint64_t>(line.substr(at + kTotal.size())).has_value();
}

// 32- or 64-bit words 0, 3, 0 or 1, ... in either byte order: gperftools' CPU profile, which Go wrote
// before 1.9.
bool is_binary_cpu(std::string_view prefix) {
  for (const size_t word : {size_t{4}, size_t{8}}) {
    if (prefix.size() < 5 * word) continue;
    for (const size_t low : {size_t{0}, word - 1}) {
      bool ok = true;
      for (size_t i = 0; i < 3 * word && ok; ++i) {
        const bool is_low = i % word == low;
        const auto expected = static_cast<char>(is_low && i / word == 1 ? 3 : 0);
        ok = prefix[i] == expected || (is_low && i / word == 2 && prefix[i] == 1);
      }
      if (ok) return true;
    }
  }
  return false;
}

std::optional<Form> form_of(std::string_view prefix) {
  if (is_binary_cpu(prefix)) return Form{nullptr, "a CPU profile of gperftools (or of Go before 1.9)"};
  if (!looks_like_text(prefix)) return std::nullopt;
  const std::string_view line = first_line(prefix);
  if (line.starts_with("heap profile:")) return Form{read_heap};
  if (is_count_header(line)) return Form{read_count};
  if (line.starts_with("--- mutex:") || line.starts_with("--- contention:")) return Form{read_contention};
  if (line.starts_with("--- contentionz ")) return Form{nullptr, "a contention profile of C++ or Java"};
  if (line.starts_with("--- heapz ")) return Form{nullptr, "a heap profile of Java"};
  if (line.starts_with("--- threadz ") || line.starts_with("--- Thread "))
    return Form{nullptr, "a thread profile of C++"};
  return std::nullopt;
}

}  // namespace

bool is_blank_or_comment(std::string_view line) {
  line = text::trim(line);
  return line.empty() || line.front() == '#';
}

bool is_memory_map(std::string_view line) {
  return line.find("--- Memory map: ---") != std::string_view::npos ||
         line.find("MAPPED_LIBRARIES:") != std::string_view::npos;
}

tl::unexpected<Error> bad_line(const text::Lines& lines, std::string_view what) {
  return fail(std::string(what), "", lines.offset());
}

bool sniff_text(std::string_view prefix) { return form_of(prefix).has_value(); }

Result<Decoded> decode_text(std::string bytes, const Limits& limits) {
  const auto text = std::make_shared<const std::string>(std::move(bytes));
  const auto form = form_of(std::string_view(*text).substr(0, kSniffPrefix));
  if (!form) return fail("is no profile in a text form");
  if (form->read == nullptr)
    return fail(std::string("is ") + form->not_supported + ", which is not supported");

  text::Lines lines(*text);
  while (lines.next() && is_blank_or_comment(lines.line())) {
  }
  LegacyBuilder builder(limits);
  if (auto read = form->read(lines, builder); !read) return tl::unexpected(read.error());
  if (builder.passes_limit()) {
    return fail(
        "would take more than the limit of " + std::to_string(limits.max_model_bytes) + " bytes decoded", "",
        lines.offset());
  }
  Decoded decoded;
  decoded.format = "pprof_text";
  decoded.profile = builder.finish(text);
  if (form->read == read_heap) decoded.memory = read_memstats_trailer(*text);
  return decoded;
}

}  // namespace edp::decode::pprof

namespace edp::decode {

Decoder pprof_text_decoder() {
  return {.format = "pprof_text", .sniff = pprof::sniff_text, .decode = pprof::decode_text};
}

}  // namespace edp::decode
