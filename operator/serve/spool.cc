#include "operator/serve/spool.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>

namespace edp::serve {
namespace {

class TextSource final : public http::BodySource {
 public:
  explicit TextSource(std::string text) : text_(std::move(text)) {}
  [[nodiscard]] uint64_t size() const override { return text_.size(); }
  Result<size_t> read(uint64_t offset, char* into, size_t size) override {
    if (offset >= text_.size()) return fail("past the end");
    const size_t count = std::min(size, text_.size() - static_cast<size_t>(offset));
    std::memcpy(into, text_.data() + offset, count);
    return count;
  }

 private:
  const std::string text_;
};

}  // namespace

Spool::~Spool() {
  if (mapped_ != nullptr) ::munmap(mapped_, size_);
}

int Spool::add(std::string_view bytes) {
  if (!file_.valid() && memory_.size() + bytes.size() <= kInMemory) {
    memory_ += bytes;
    size_ += bytes.size();
    return 0;
  }
  if (!file_.valid()) {
    std::string path = folder_ + "/spool-XXXXXX";
    Descriptor file(::mkostemp(path.data(), O_CLOEXEC));
    if (!file.valid()) return errno;
    ::unlink(path.c_str());
    const int error = write_all(file.get(), memory_);
    if (error != 0) return error;
    file_ = std::move(file);
    std::string().swap(memory_);
  }
  const int error = write_all(file_.get(), bytes);
  if (error == 0) size_ += bytes.size();
  return error;
}

std::string_view Spool::view() {
  if (!file_.valid()) return memory_;
  if (mapped_ == nullptr) {
    void* const at = ::mmap(nullptr, size_, PROT_READ, MAP_SHARED, file_.get(), 0);
    if (at == MAP_FAILED) return {};
    mapped_ = at;
  }
  return {static_cast<const char*>(mapped_), size_};
}

std::shared_ptr<http::BodySource> Spool::source() {
  if (mapped_ != nullptr) ::munmap(std::exchange(mapped_, nullptr), size_);
  const uint64_t size = std::exchange(size_, 0);
  if (!file_.valid()) return std::make_shared<TextSource>(std::exchange(memory_, {}));
  return std::make_shared<FileSource>(std::move(file_), size);
}

}  // namespace edp::serve
