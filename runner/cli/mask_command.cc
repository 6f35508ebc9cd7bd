#include "runner/cli/mask_command.h"

#include <unistd.h>

#include <CLI/CLI.hpp>
#include <array>
#include <cerrno>
#include <cstdio>
#include <memory>
#include <string>
#include <system_error>

#include "common/masking/masker.h"
#include "runner/config/diagnostic_profile.h"
#include "runner/run/run.h"

namespace edp::cli {
namespace {

constexpr size_t kPiece = size_t{256} << 10;

int failed(const Error& error) {
  (void)std::fprintf(stderr, "edp-runner: %s\n", error.to_string().c_str());
  return run::kError;
}

Error system_error(const char* where) {
  return {.what = std::generic_category().message(errno), .where = where, .offset = {}};
}

Result<std::shared_ptr<const masking::Patterns>> patterns_of(const std::string& profile_name) {
  if (profile_name.empty()) return masking::Patterns::compile();
  const auto text = config::profile_text(profile_name);
  if (!text) return tl::unexpected(text.error());
  auto profile = config::parse_profile(*text, profile_name, run::known_names());
  if (!profile) return tl::unexpected(profile.error());
  return masking::Patterns::compile(std::move(profile->masking));
}

bool write_all(std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(STDOUT_FILENO, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return false;
    text.remove_prefix(static_cast<size_t>(written));
  }
  return true;
}

int mask(const std::string& profile, bool quiet) {
  const auto patterns = patterns_of(profile);
  if (!patterns) return failed(patterns.error());
  masking::Masker masker(*patterns);
  std::string piece(kPiece, '\0');
  std::string out;
  while (true) {
    const ssize_t got = ::read(STDIN_FILENO, piece.data(), piece.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return failed(system_error("standard input"));
    out.clear();
    if (got == 0) {
      masker.finish(out);
    } else {
      masker.feed(std::string_view(piece).substr(0, static_cast<size_t>(got)), out);
    }
    if (!write_all(out)) return failed(system_error("standard output"));
    if (got == 0) break;
  }
  if (quiet) return run::kNothingAtGate;
  std::string counts;
  for (const auto& [name, count] : masker.counts().by_name()) {
    counts += (counts.empty() ? "" : ", ") + std::to_string(count) + " " + name;
  }
  (void)std::fprintf(stderr, "masked: %s\n", counts.empty() ? "nothing" : counts.c_str());
  return run::kNothingAtGate;
}

}  // namespace

void add_mask_command(CLI::App& app, int& status) {
  CLI::App* command = app.add_subcommand(
      "mask", "Copy standard input to standard output with cards, addresses, tokens and passwords hidden");
  struct Options {
    std::string profile;
    bool quiet = false;
  };
  const auto options = std::make_shared<Options>();
  command
      ->add_option("--profile", options->profile,
                   "Also hide what this diagnostic profile's masking patterns name")
      ->type_name("NAME|FILE");
  command->add_flag("-q,--quiet", options->quiet, "Print no counts");
  command->callback([&status, options] { status = mask(options->profile, options->quiet); });
}

}  // namespace edp::cli
