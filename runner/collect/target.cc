#include "runner/collect/target.h"

#include <array>
#include <filesystem>
#include <system_error>
#include <utility>

#include "common/http_url.h"

namespace edp::collect {
namespace {

struct Later {
  std::string_view prefix, what;
};
constexpr std::array<Later, 2> kLater{{
    {"pid:", "processes"},
    {"core:", "core files"},
}};

Result<TargetSpec> parse_url_target(std::string_view text) {
  auto url = http::parse_url(text);
  if (!url) return tl::unexpected(url.error());
  TargetSpec spec;
  spec.kind = TargetKind::kUrl;
  spec.user = std::exchange(url->user, "");
  spec.password = std::exchange(url->password, "");
  spec.url = url->shown();
  spec.name = spec.url;
  return spec;
}

}  // namespace

Result<TargetSpec> parse_target(std::string_view text) {
  if (text.empty()) return fail("an empty target");
  for (const Later& later : kLater) {
    if (text.starts_with(later.prefix)) {
      return fail("diagnosing " + std::string(later.what) +
                      " is not supported yet; name the URL of a Go pprof server, or files",
                  http::without_secrets(text));
    }
  }
  if (text.starts_with("pod:")) {
    return fail("a pod is diagnosed in its cluster, not from here", http::without_secrets(text));
  }
  if (text.find("://") != std::string_view::npos) return parse_url_target(text);

  TargetSpec spec;
  spec.name = http::one_line(text, 500);
  if (text == "-") {
    spec.kind = TargetKind::kStdin;
    return spec;
  }
  spec.path = std::string(text);
  std::error_code error;
  const auto status = std::filesystem::status(spec.path, error);
  if (std::filesystem::exists(status)) {
    spec.kind = std::filesystem::is_directory(status) ? TargetKind::kDirectory : TargetKind::kFile;
    return spec;
  }
  std::string why = error ? error.message() : "No such file or directory";
  if (text.find(':') != std::string_view::npos) why += "; a URL begins with http:// or https://";
  return fail(std::move(why), http::without_secrets(text));
}

}  // namespace edp::collect
