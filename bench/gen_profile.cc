// Writes a synthetic profile of a given number of samples, the same each time:
//
//   gen_profile cpu|heap SAMPLES FILE.pb.gz
//
// Up to 25,000 functions and 100,000 locations (fewer for few samples), stacks of 10 to 34 frames that share
// their roots as those of a service do, every sample another stack; compressed as Go's runtime does (gzip,
// best speed).
#include <zlib.h>

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace {

constexpr uint64_t kMostLocations = 100'000, kFewestLocations = 2'000, kLocationsOfFunction = 4, kRoots = 12;
constexpr int kHandlers = 50;
constexpr int kShortest = 10, kLongest = 34;

void put_varint(std::string& out, uint64_t value) {
  for (; value >= 0x80; value >>= 7) out += static_cast<char>(value | 0x80);
  out += static_cast<char>(value);
}

void put_number(std::string& out, uint64_t field, uint64_t value) {
  put_varint(out, field << 3);
  put_varint(out, value);
}

void put_bytes(std::string& out, uint64_t field, std::string_view bytes) {
  put_varint(out, field << 3 | 2);
  put_varint(out, bytes.size());
  out += bytes;
}

class Gzip {
 public:
  explicit Gzip(const char* path) : file_(gzopen(path, "wb1")) {}
  bool write(std::string_view bytes) {
    return file_ != nullptr && gzwrite(file_, bytes.data(), static_cast<unsigned>(bytes.size())) ==
                                   static_cast<int>(bytes.size());
  }
  bool close() { return file_ != nullptr && gzclose(file_) == Z_OK; }

 private:
  gzFile file_;
};

struct Shape {
  std::vector<std::string> strings = {""};
  uint64_t string(std::string text) {
    strings.push_back(std::move(text));
    return strings.size() - 1;
  }
};

std::string value_type(Shape& shape, const char* type, const char* unit) {
  std::string message;
  put_number(message, 1, shape.string(type));
  put_number(message, 2, shape.string(unit));
  return message;
}

// From the root to the leaf a callee is one of a few of its caller's, the first ones far more often.
void put_stack(std::string& out, uint64_t locations, std::mt19937_64& random, std::vector<uint64_t>& stack) {
  stack.clear();
  uint64_t location = random() % kRoots;
  const auto depth = kShortest + static_cast<int>(random() % (kLongest - kShortest + 1));
  for (int i = 0; i < depth; ++i) {
    stack.push_back(location + 1);
    const uint64_t dice = random();
    const uint64_t callee = dice % 16 < 9 ? 0 : 1 + (dice >> 8) % 7;
    location = (location * 31 + callee * 7919 + static_cast<uint64_t>(i) * 613 + 17) % locations;
  }
  std::string packed;
  for (size_t i = stack.size(); i > 0; --i) put_varint(packed, stack[i - 1]);
  put_bytes(out, 1, packed);
}

bool write_profile(bool heap, uint64_t samples, const char* path) {
  const uint64_t locations = std::clamp(samples, kFewestLocations, kMostLocations);
  const uint64_t functions = locations / kLocationsOfFunction;
  Gzip file(path);
  Shape shape;
  std::string head;
  if (heap) {
    put_bytes(head, 1, value_type(shape, "alloc_objects", "count"));
    put_bytes(head, 1, value_type(shape, "alloc_space", "bytes"));
    put_bytes(head, 1, value_type(shape, "inuse_objects", "count"));
    put_bytes(head, 1, value_type(shape, "inuse_space", "bytes"));
    put_bytes(head, 11, value_type(shape, "space", "bytes"));
    put_number(head, 12, 524288);
  } else {
    put_bytes(head, 1, value_type(shape, "samples", "count"));
    put_bytes(head, 1, value_type(shape, "cpu", "nanoseconds"));
    put_bytes(head, 11, value_type(shape, "cpu", "nanoseconds"));
    put_number(head, 12, 10'000'000);
    put_number(head, 10, 30'000'000'000);
  }
  put_number(head, 9, 1'700'000'000'000'000'000);
  const uint64_t label_key = shape.string(heap ? "bytes" : "handler");
  for (int i = 0; i < kHandlers && !heap; ++i) shape.string("/v1/orders/" + std::to_string(i));
  if (!file.write(head)) return false;

  std::mt19937_64 random(7);
  std::vector<uint64_t> stack;
  std::string message, out, packed, label;
  for (uint64_t i = 0; i < samples; ++i) {
    message.clear();
    put_stack(message, locations, random, stack);
    packed.clear();
    if (heap) {
      const uint64_t size = uint64_t{16} << random() % 12, allocated = 1 + random() % 100'000;
      const uint64_t live = random() % 3 == 0 ? allocated / (1 + random() % 50) : 0;
      for (const uint64_t value : {allocated, allocated * size, live, live * size}) put_varint(packed, value);
      label.clear();
      put_number(label, 1, label_key);
      put_number(label, 3, size);
      put_bytes(message, 2, packed);
      put_bytes(message, 3, label);
    } else {
      const uint64_t count = 1 + random() % 8;
      put_varint(packed, count);
      put_varint(packed, count * 10'000'000);
      label.clear();
      put_number(label, 1, label_key);
      put_number(label, 2, label_key + 1 + random() % kHandlers);
      put_bytes(message, 2, packed);
      put_bytes(message, 3, label);
    }
    put_bytes(out, 2, message);
    if (out.size() > 1 << 20) {
      if (!file.write(out)) return false;
      out.clear();
    }
  }

  message.clear();
  put_number(message, 1, 1);
  put_number(message, 2, 0x400000);
  put_number(message, 3, 0x4000000);
  put_number(message, 5, shape.string("/srv/shop/shop"));
  for (const uint64_t field : {7, 8, 9, 10}) put_number(message, field, 1);
  put_bytes(out, 3, message);
  for (uint64_t i = 0; i < locations; ++i) {
    std::string line;
    put_number(line, 1, i % functions + 1);
    put_number(line, 2, 10 + i / functions * 7);
    message.clear();
    put_number(message, 1, i + 1);
    put_number(message, 2, 1);
    put_number(message, 3, 0x400000 + i * 64);
    put_bytes(message, 4, line);
    put_bytes(out, 4, message);
  }
  for (uint64_t i = 0; i < functions; ++i) {
    const std::string package = "example.com/shop/internal/pkg" + std::to_string(i % 97);
    const uint64_t name =
        shape.string(package + ".(*Service" + std::to_string(i % 311) + ").Handle" + std::to_string(i));
    message.clear();
    put_number(message, 1, i + 1);
    put_number(message, 2, name);
    put_number(message, 3, name);
    put_number(message, 4, shape.string(package + "/service" + std::to_string(i % 311) + ".go"));
    put_bytes(out, 5, message);
  }
  for (const std::string& text : shape.strings) put_bytes(out, 6, text);
  return file.write(out) && file.close();
}

}  // namespace

int main(int argc, char** argv) {
  uint64_t samples = 0;
  const bool known = argc == 4 && (std::strcmp(argv[1], "cpu") == 0 || std::strcmp(argv[1], "heap") == 0);
  if (!known || std::from_chars(argv[2], argv[2] + std::strlen(argv[2]), samples).ec != std::errc() ||
      samples == 0) {
    (void)std::fprintf(stderr, "usage: gen_profile cpu|heap SAMPLES FILE.pb.gz\n");
    return 1;
  }
  if (!write_profile(std::strcmp(argv[1], "heap") == 0, samples, argv[3])) {
    (void)std::fprintf(stderr, "gen_profile: cannot write %s\n", argv[3]);
    return 1;
  }
  return 0;
}
