#include "runner/decode/inflate.h"

#include <libdeflate.h>
#include <zlib.h>

#include <algorithm>
#include <cstring>
#include <memory>

namespace edp::decode {
namespace {

constexpr size_t kGzipHeader = 10, kGzipTrailer = 8;
// The size that a gzip trailer claims is believed (and its memory taken at once) up to this ratio, or this
// size.
constexpr uint64_t kTrustedRatio = 24, kTrustedSize = uint64_t{1} << 20;
constexpr size_t kFirstChunk = 256 << 10;
// A ratio says nothing about a few bytes: a short stream of zeros is no bomb.
constexpr uint64_t kRatioFloor = uint64_t{1} << 20;

uint64_t allowed_size(uint64_t compressed, const Limits& limits) {
  const uint64_t by_ratio =
      limits.max_inflate_ratio == 0 || compressed > UINT64_MAX / limits.max_inflate_ratio
          ? UINT64_MAX
          : std::max(compressed * limits.max_inflate_ratio, kRatioFloor);
  return std::min(by_ratio, limits.max_inflated_bytes);
}

Error limit_error(uint64_t compressed, uint64_t offset, const Limits& limits) {
  if (allowed_size(compressed, limits) == limits.max_inflated_bytes) {
    return {"inflates to more than the limit of " + std::to_string(limits.max_inflated_bytes) + " bytes", "",
            offset};
  }
  return {"inflates to more than " + std::to_string(limits.max_inflate_ratio) +
              " times its size: refused as a decompression bomb",
          "", offset};
}

// One gzip member whose trailer tells a believable size, in one go. Anything else (several members, damage, a
// size that lies) is left to the streaming way, which tells what is wrong and where.
bool inflate_at_once(std::string_view in, const Limits& limits, std::string& out) {
  if (in.size() < kGzipHeader + kGzipTrailer) return false;
  const auto* tail = reinterpret_cast<const unsigned char*>(in.data() + in.size() - 4);
  const uint64_t size = tail[0] | tail[1] << 8 | tail[2] << 16 | uint64_t{tail[3]} << 24;
  if (size > allowed_size(in.size(), limits)) return false;
  if (size > kTrustedSize && size > in.size() * kTrustedRatio) return false;

  const std::unique_ptr<libdeflate_decompressor, decltype(&libdeflate_free_decompressor)> inflater(
      libdeflate_alloc_decompressor(), &libdeflate_free_decompressor);
  if (!inflater) return false;
  out.resize(size);
  size_t used = 0, got = 0;
  const auto result = libdeflate_gzip_decompress_ex(inflater.get(), in.data(), in.size(), out.data(),
                                                    out.size(), &used, &got);
  if (result == LIBDEFLATE_SUCCESS && used == in.size() && got == out.size()) return true;
  out.clear();
  return false;
}

class ZlibStream {
 public:
  explicit ZlibStream(int window_bits) { ready_ = inflateInit2(&stream_, window_bits) == Z_OK; }
  ~ZlibStream() {
    if (ready_) inflateEnd(&stream_);
  }
  ZlibStream(const ZlibStream&) = delete;
  ZlibStream& operator=(const ZlibStream&) = delete;

  [[nodiscard]] bool ready() const { return ready_; }
  z_stream& operator*() { return stream_; }
  z_stream* operator->() { return &stream_; }

 private:
  z_stream stream_ = {};
  bool ready_ = false;
};

Result<Inflated> inflate_stream(std::string_view in, bool gzip, const Limits& limits) {
  constexpr int kGzipWindow = 15 + 16, kZlibWindow = 15;
  ZlibStream stream(gzip ? kGzipWindow : kZlibWindow);
  if (!stream.ready()) return fail("no memory to inflate");

  Inflated result;
  std::string& out = result.bytes;
  const uint64_t allowed = allowed_size(in.size(), limits);
  uint64_t size = 0, taken = 0;
  const auto broken = [&](std::string what, uint64_t offset, bool cut) {
    out.resize(size);
    result.broken = Error{std::move(what), "", offset};
    result.cut = cut;
    return std::move(result);
  };

  Bytef extra = 0;  // where the byte beyond the limit goes
  for (;;) {
    if (stream->avail_in == 0 && taken < in.size()) {
      const size_t chunk = std::min<uint64_t>(in.size() - taken, 1 << 30);
      stream->next_in = reinterpret_cast<Bytef*>(const_cast<char*>(in.data() + taken));
      stream->avail_in = static_cast<uInt>(chunk);
      taken += chunk;
    }
    if (size == out.size()) {
      if (size >= allowed) {  // that byte decides whether the limit is passed
        stream->next_out = &extra;
        stream->avail_out = 1;
      } else {
        out.resize(std::min<uint64_t>(allowed, std::max<uint64_t>(kFirstChunk, size * 2)));
      }
    }
    const bool at_limit = size >= allowed;
    if (!at_limit) {
      stream->next_out = reinterpret_cast<Bytef*>(out.data() + size);
      stream->avail_out = static_cast<uInt>(std::min<uint64_t>(out.size() - size, 1 << 30));
    }
    const uInt room = stream->avail_out;
    const int status = ::inflate(&*stream, Z_NO_FLUSH);
    const uint64_t offset = taken - stream->avail_in;
    if (at_limit && stream->avail_out < room) return tl::unexpected(limit_error(in.size(), offset, limits));
    if (!at_limit) size += room - stream->avail_out;

    if (status == Z_STREAM_END) {
      if (offset == in.size()) break;
      if (!gzip) return broken("bytes follow the end of the zlib stream", offset, false);
      if (!is_gzip(in.substr(offset)))
        return broken("bytes that are no gzip follow the gzip stream", offset, false);
      inflateReset(&*stream);
      continue;
    }
    if (status == Z_OK) continue;
    if (status == Z_BUF_ERROR) {
      if (offset < in.size()) continue;
      return broken("the compressed stream is cut: it ends after " + std::to_string(in.size()) + " bytes",
                    in.size(), true);
    }
    return broken(std::string("the compressed stream is corrupt: ") +
                      (stream->msg != nullptr ? stream->msg : "a preset dictionary is asked for"),
                  offset, false);
  }
  out.resize(size);
  return result;
}

}  // namespace

bool is_gzip(std::string_view bytes) { return bytes.size() >= 2 && bytes[0] == '\x1f' && bytes[1] == '\x8b'; }

bool is_zlib(std::string_view bytes) {
  if (bytes.size() < 2) return false;
  const auto cmf = static_cast<unsigned char>(bytes[0]), flg = static_cast<unsigned char>(bytes[1]);
  return (cmf & 0x0f) == 8 && (cmf >> 4) <= 7 && (cmf * 256 + flg) % 31 == 0;
}

Result<Inflated> inflate_what_can_be(std::string bytes, const Limits& limits) {
  const bool gzip = is_gzip(bytes);
  if (!gzip && !is_zlib(bytes)) {
    if (bytes.size() > limits.max_inflated_bytes) {
      return fail("holds " + std::to_string(bytes.size()) + " bytes, more than the limit of " +
                  std::to_string(limits.max_inflated_bytes) + " bytes");
    }
    return Inflated{.bytes = std::move(bytes)};
  }
  if (gzip) {
    Inflated whole;
    if (inflate_at_once(bytes, limits, whole.bytes)) return whole;
  }
  auto result = inflate_stream(bytes, gzip, limits);
  if (!result) return result;
  if (result->broken && result->bytes.empty()) {
    if (!gzip) return Inflated{.bytes = std::move(bytes)};  // two bytes that only looked like zlib
    return tl::unexpected(*result->broken);
  }
  return result;
}

Result<std::string> inflate(std::string bytes, const Limits& limits) {
  auto result = inflate_what_can_be(std::move(bytes), limits);
  if (!result) return tl::unexpected(result.error());
  if (result->broken) return tl::unexpected(*result->broken);
  return std::move(result->bytes);
}

}  // namespace edp::decode
