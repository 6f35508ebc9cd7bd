#include "runner/decode/decoder.h"
#include "runner/decode/go_metrics/go_metrics.h"
#include "runner/decode/go_text/go_text.h"
#include "runner/decode/go_trace/go_trace.h"
#include "runner/decode/go_vars/go_vars.h"
#include "runner/decode/inflate.h"
#include "runner/decode/pprof/legacy.h"
#include "runner/decode/pprof/pprof.h"
#include "runner/decode/sniff.h"

namespace edp::decode {

const std::vector<Decoder>& all_decoders() {
  static const std::vector<Decoder> decoders = {
      go_trace_decoder(), pprof_decoder(),   pprof_text_decoder(),
      go_text_decoder(),  go_vars_decoder(), go_metrics_decoder(),
  };
  return decoders;
}

namespace {

// What is left of a broken stream is worth something only where it was read whole, or is text read line by
// line.
Result<Decoded> after_break(Result<Decoded> decoded, const Inflated& inflated, size_t inflated_size,
                            std::string_view name) {
  const std::string read = "; the " + std::to_string(inflated_size) + " bytes before it ";
  Error error = *inflated.broken;
  if (decoded && decoded->profile && !inflated.cut) {
    error.what += read + "can't be trusted";
    return tl::unexpected(error.at(std::string(name)));
  }
  if (!decoded) {
    error.what += read + "are no use alone (" + decoded.error().to_string() + ")";
    return tl::unexpected(error.at(std::string(name)));
  }
  error.what += read + "were read";
  decoded->problems.insert(decoded->problems.begin(), error.to_string());
  return decoded;
}

}  // namespace

Result<Decoded> decode(std::string bytes, std::string_view name, const Limits& limits) {
  auto inflated = inflate_what_can_be(std::move(bytes), limits);
  if (!inflated) return tl::unexpected(inflated.error().at(std::string(name)));
  const std::string_view prefix = std::string_view(inflated->bytes).substr(0, kSniffPrefix);
  for (const Decoder& decoder : all_decoders()) {
    if (!decoder.sniff(prefix)) continue;
    const size_t size = inflated->bytes.size();
    auto decoded = decoder.decode(std::move(inflated->bytes), limits);
    if (inflated->broken) return after_break(std::move(decoded), *inflated, size, name);
    if (!decoded) return tl::unexpected(decoded.error().at(std::string(name)));
    return decoded;
  }
  if (inflated->broken) return tl::unexpected(inflated->broken->at(std::string(name)));
  // The log of a program that died, with its traceback at the end.
  if (looks_like_text(prefix) && go_text::holds_traceback(inflated->bytes)) {
    return go_text_decoder().decode(std::move(inflated->bytes), limits).map_error([&](const Error& error) {
      return error.at(std::string(name));
    });
  }
  return fail("is no profile or dump that EDP can read: it is " + describe(prefix), std::string(name));
}

}  // namespace edp::decode
