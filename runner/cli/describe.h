// Shell completion and the man page, made from the command line's own definition.
#pragma once

#include <string>

#include "common/result.h"

namespace CLI {
class App;
}

namespace edp::cli {

// A completion script for "bash", "zsh" or "fish".
Result<std::string> completion(const CLI::App& app, const std::string& shell);

// edp-runner(1) in man's own format.
std::string man_page(const CLI::App& app, const std::string& version);

}  // namespace edp::cli
