#include "operator/serve/gunzip.h"

#include <zlib.h>

#include <new>
#include <vector>

namespace edp::serve {

struct Gunzip::Stream {
  z_stream raw{};
  std::vector<char> out = std::vector<char>(size_t{64} << 10U);
  Stream() {
    if (inflateInit2(&raw, 16 + MAX_WBITS) != Z_OK) throw std::bad_alloc();
  }
  ~Stream() { inflateEnd(&raw); }
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;
};

Gunzip::Gunzip() : stream_(std::make_unique<Stream>()) {}
Gunzip::~Gunzip() = default;

Gunzip::Outcome Gunzip::feed(std::string_view bytes, const std::function<bool(std::string_view)>& sink) {
  if (bytes.empty()) return ended_ ? Outcome::kEnd : Outcome::kMore;
  if (ended_) return Outcome::kBroken;
  z_stream& raw = stream_->raw;
  raw.next_in = const_cast<Bytef*>(reinterpret_cast<const Bytef*>(bytes.data()));
  raw.avail_in = static_cast<uInt>(bytes.size());
  while (true) {
    raw.next_out = reinterpret_cast<Bytef*>(stream_->out.data());
    raw.avail_out = static_cast<uInt>(stream_->out.size());
    const int result = inflate(&raw, Z_NO_FLUSH);
    const size_t count = stream_->out.size() - raw.avail_out;
    if (count > 0 && !sink(std::string_view(stream_->out.data(), count))) return Outcome::kRefused;
    if (result == Z_STREAM_END) {
      ended_ = true;
      return raw.avail_in == 0 ? Outcome::kEnd : Outcome::kBroken;
    }
    if (result == Z_BUF_ERROR || (result == Z_OK && raw.avail_in == 0 && raw.avail_out > 0))
      return Outcome::kMore;
    if (result != Z_OK) return Outcome::kBroken;
  }
}

}  // namespace edp::serve
