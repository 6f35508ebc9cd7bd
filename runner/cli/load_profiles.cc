#include "runner/cli/load_profiles.h"

#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <memory>

#include "common/files.h"
#include "runner/cli/mask_profile.h"
#include "runner/decode/decoder.h"
#include "runner/view/filter.h"

namespace edp::cli {
namespace {

constexpr uint64_t kMaxFile = uint64_t{8} << 30;

Result<std::string> read_stdin() {
  std::string bytes;
  std::array<char, 65536> chunk{};
  while (true) {
    const ssize_t count = ::read(STDIN_FILENO, chunk.data(), chunk.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return fail(std::string("cannot be read: ") + std::strerror(errno));
    if (count == 0) return bytes;
    if (bytes.size() + static_cast<size_t>(count) > kMaxFile) return fail("is longer than 8 GiB");
    bytes.append(chunk.data(), static_cast<size_t>(count));
  }
}

Result<model::Profile> load_one(const std::string& file, std::vector<std::string>& warnings) {
  const std::string name = file == "-" ? "stdin" : file;
  auto bytes = file == "-" ? read_stdin() : read_file(file, kMaxFile);
  if (!bytes) return tl::unexpected(bytes.error().at(name));
  auto decoded = decode::decode(std::move(*bytes), name);
  if (!decoded) return tl::unexpected(decoded.error().at(name));
  if (!decoded->profile) {
    return fail("is no profile (read as " + std::string(decoded->format) + ")", name);
  }
  for (const std::string& problem : decoded->problems) warnings.push_back(name + ": " + problem);
  mask_profile(*decoded->profile);
  view::add_missing_mapping(*decoded->profile);
  return std::move(*decoded->profile);
}

Result<model::Profile> load_sum(const std::vector<std::string>& files, const std::string& program,
                                const std::string& what, std::vector<std::string>& warnings) {
  std::vector<model::Profile> profiles;
  Error last;
  for (const std::string& file : files) {
    auto profile = load_one(file, warnings);
    if (profile) {
      profiles.push_back(std::move(*profile));
    } else {
      last = profile.error();
      if (files.size() > 1) warnings.push_back(last.to_string());
    }
  }
  if (profiles.empty()) {
    if (files.size() == 1) return tl::unexpected(last);
    return fail("none of the " + what + " profiles could be read");
  }
  if (profiles.size() != files.size()) {
    warnings.push_back("read " + std::to_string(profiles.size()) + " " + what + " profiles out of " +
                       std::to_string(files.size()));
  }
  if (!program.empty()) {
    // The text must live as long as the profile.
    struct Named {
      std::string program;
      std::shared_ptr<const void> rest;
    };
    for (model::Profile& profile : profiles) {
      auto named = std::make_shared<Named>(Named{program, profile.storage});
      profile.mappings.front().file = named->program;
      profile.storage = std::move(named);
    }
  }
  if (auto compatible = view::make_compatible(profiles); !compatible) {
    return tl::unexpected(compatible.error().at(files.size() > 1 ? what + " profiles" : files.front()));
  }
  if (profiles.size() == 1) return std::move(profiles.front());
  return view::merge(std::move(profiles));
}

bool is_program(const std::string& file) {
  std::array<char, 4> start{};
  std::ifstream stream(file, std::ios::binary);
  return stream.read(start.data(), start.size()) && start == std::array<char, 4>{0x7f, 'E', 'L', 'F'};
}

}  // namespace

Result<model::Profile> load_profile(const Sources& sources, std::vector<std::string>& warnings) {
  std::vector<std::string> files = sources.files;
  std::string program;
  if (files.size() > 1 && is_program(files.front())) {
    program = files.front();
    files.erase(files.begin());
  }
  auto profile = load_sum(files, program, "source", warnings);
  if (!profile) return profile;
  if (!sources.base.empty()) {
    auto base = load_sum(sources.base, program, "base", warnings);
    if (!base) return base;
    profile = view::subtract(std::move(*profile), std::move(*base), sources.base_options);
    if (!profile) return profile;
  }
  view::drop_uninteresting(*profile);
  view::forget_url_mappings(*profile);
  return profile;
}

}  // namespace edp::cli
