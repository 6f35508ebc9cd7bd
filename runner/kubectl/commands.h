// What the plugin's commands share; each command is in a file of its own.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <memory>
#include <string>

#include "runner/kubectl/cluster.h"
#include "runner/kubectl/reports.h"
#include "runner/kubectl/run_view.h"

namespace edp::kubectl {

// --kubeconfig, --context, -n.
void add_where(CLI::App& command, Where& where);
// --url, --token-file, --service-account, --ca, --reports-namespace.
void add_report_access(CLI::App& command, ReportAccess& access);

void complain(const std::string& message);
void print(const std::string& text);

// Opens the cluster, says its warnings, runs `body`; 1 with the error on standard error where that fails.
int with_cluster(const Where& where, const std::function<Result<int>(const Cluster&)>& body);

// Waits for one run, prints its closing lines, returns the exit status by the gate. `seconds` 0: as long as
// it takes.
Result<int> wait_for(const Cluster& cluster, const std::string& ns, const std::string& name, double seconds);

void add_run_command(CLI::App& app, int& status);
void add_list_command(CLI::App& app, int& status);
void add_report_command(CLI::App& app, int& status);
void add_wait_command(CLI::App& app, int& status);
void add_cancel_command(CLI::App& app, int& status);
void add_top_command(CLI::App& app, int& status);
void add_validate_command(CLI::App& app, int& status);

}  // namespace edp::kubectl
