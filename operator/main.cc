#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <string>
#include <vector>

#include "common/files.h"
#include "common/version.h"
#include "operator/control/app.h"
#include "operator/control/check_urls.h"
#include "operator/publish/log.h"

namespace {

using edp::publish::log::Format;
using edp::publish::log::Level;

std::string environment(const char* name, const std::string& otherwise) {
  const char* value = std::getenv(name);
  return value == nullptr || *value == '\0' ? otherwise : std::string(value);
}

std::string host_name() {
  char name[256] = "edp-operator";
  (void)::gethostname(name, sizeof name - 1);
  return name;
}

void set_up_log(const edp::control::Config& config) {
  const auto level = config.log_level == "debug"     ? Level::kDebug
                     : config.log_level == "warning" ? Level::kWarning
                     : config.log_level == "error"   ? Level::kError
                                                     : Level::kInfo;
  const auto format = config.log_format == "json"   ? Format::kJson
                      : config.log_format == "text" ? Format::kText
                                                    : Format::kAuto;
  edp::publish::log::setup(format, level);
}

int complain(const edp::Error& error) {
  (void)std::fprintf(stderr, "edp-operator: %s\n", error.to_string().c_str());
  return 1;
}

int run(const std::string& config_file, const std::string& kubeconfig, const std::string& context) {
  edp::control::Config config;
  if (!config_file.empty()) {
    const auto text = edp::read_file(config_file, 1 << 20);
    if (!text) return complain(text.error());
    auto parsed = edp::control::parse_config(*text, config_file);
    if (!parsed) return complain(parsed.error());
    config = std::move(*parsed);
  }
  set_up_log(config);
  const auto cluster = kubeconfig.empty() ? edp::kube::default_config(context)
                                          : edp::kube::load_kubeconfig(kubeconfig, context);
  if (!cluster) return complain(cluster.error());
  for (const std::string& warning : cluster->warnings) edp::publish::log::warning(warning);

  const edp::CancelToken stop;
  const edp::SignalCancel signals(stop);
  const auto ended = edp::control::run_operator(
      config, *cluster,
      {.pod = environment("POD_NAME", host_name()), .address = environment("POD_IP", "127.0.0.1")}, stop);
  return ended ? 0 : complain(ended.error());
}

}  // namespace

int main(int argc, char** argv) try {
  CLI::App app("watches pods labelled edp-enabled=true and diagnoses them", "edp-operator");
  app.set_version_flag("--version", "edp-operator " + std::string(edp::kVersion));
  std::string config, kubeconfig, context;
  app.add_option("--config", config, "The configuration file (YAML)")->type_name("FILE");
  app.add_option("--kubeconfig", kubeconfig,
                 "Outside a cluster; else KUBECONFIG, the pod's account, ~/.kube/config")
      ->type_name("FILE");
  app.add_option("--context", context, "Of the kubeconfig")->type_name("NAME");
  std::vector<std::string> checks;
  edp::control::CheckOptions check;
  app.add_option("--check", checks,
                 "Only ask this URL until it answers 200, or the status that is given; again and again")
      ->type_name("URL[=STATUS]");
  app.add_option("--check-ca", check.ca_file, "PEM of the authority that --check trusts")->type_name("FILE");
  CLI11_PARSE(app, argc, argv);
  if (!checks.empty()) {
    const auto good = edp::control::check_urls(checks, check, {});
    return good ? 0 : complain(good.error());
  }
  return run(config, kubeconfig, context);
} catch (const std::exception& error) {
  (void)std::fprintf(stderr, "edp-operator: internal error: %s\n", error.what());
  return 1;
}
