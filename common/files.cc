#include "common/files.h"

#include <fcntl.h>
#include <openssl/evp.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <system_error>

#include "common/descriptor.h"

namespace edp {
namespace {

std::string reason(int error) { return std::generic_category().message(error); }

int finish(Descriptor& file) {
  if (::fsync(file.get()) != 0 && errno != EINVAL) return errno;
  return file.close();
}

}  // namespace

Result<void> write_file(const std::string& path, std::string_view bytes) {
  return write_pieces(path, [&](const PutPiece& put) { put(bytes); });
}

Result<void> write_pieces(const std::string& path, const std::function<void(const PutPiece&)>& produce) {
  struct stat existing{};
  const bool is_regular = ::stat(path.c_str(), &existing) != 0 || S_ISREG(existing.st_mode);
  // A device or pipe (--output=/dev/stdout) can't be renamed over.
  std::string written_to = is_regular ? path + ".XXXXXX" : path;
  Descriptor file(is_regular ? ::mkstemp(written_to.data())
                             : ::open(path.c_str(), O_WRONLY | O_CLOEXEC));  // NOLINT(*-vararg)
  if (file.get() < 0) return fail("cannot be written: " + reason(errno), path);
  int error = 0;
  produce([&](std::string_view bytes) {
    if (error == 0) error = write_all(file.get(), bytes);
    return error == 0;
  });
  if (error == 0) error = finish(file);
  if (is_regular && error == 0) {
    const mode_t mask = ::umask(0);
    ::umask(mask);
    if (::chmod(written_to.c_str(), 0666 & ~mask) != 0 ||
        std::rename(written_to.c_str(), path.c_str()) != 0) {
      error = errno;
    }
  }
  if (error != 0) {
    if (is_regular) ::unlink(written_to.c_str());
    return fail("cannot be written: " + reason(error), path);
  }
  return {};
}

Result<std::string> read_file(const std::string& path, uint64_t max_bytes) {
  Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));  // NOLINT(*-vararg)
  if (file.get() < 0) return fail("cannot be read: " + reason(errno), path);
  std::string bytes;
  struct stat status{};
  if (::fstat(file.get(), &status) == 0 && S_ISREG(status.st_mode)) {
    if (static_cast<uint64_t>(status.st_size) > max_bytes) {
      return fail("has " + std::to_string(status.st_size) + " bytes, more than the limit of " +
                      std::to_string(max_bytes),
                  path);
    }
    bytes.reserve(static_cast<size_t>(status.st_size));
  }
  std::array<char, 65536> chunk{};
  while (true) {
    const ssize_t count = ::read(file.get(), chunk.data(), chunk.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return fail("cannot be read: " + reason(errno), path);
    if (count == 0) return bytes;
    if (bytes.size() + static_cast<size_t>(count) > max_bytes) {
      return fail("is longer than the limit of " + std::to_string(max_bytes) + " bytes", path);
    }
    bytes.append(chunk.data(), static_cast<size_t>(count));
  }
}

std::string sha256_hex(std::string_view bytes) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int size = 0;
  EVP_Digest(bytes.data(), bytes.size(), digest.data(), &size, EVP_sha256(), nullptr);
  std::string hex;
  for (unsigned int i = 0; i < size; ++i) {
    constexpr std::string_view kDigits = "0123456789abcdef";
    hex += kDigits[digest.at(i) >> 4U];
    hex += kDigits[digest.at(i) & 15U];
  }
  return hex;
}

}  // namespace edp
