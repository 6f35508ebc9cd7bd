// The kubectl plugin: `kubectl edp run|list|report|wait|cancel|top|validate`, also as `edp-runner kubectl
// ...`.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace CLI {
class App;
}

namespace edp::kubectl {

// Whether the program was called under the plugin's name: ".../kubectl-edp".
bool is_plugin_name(std::string_view program);

// Whether the shell asks for completions, as kubectl does: ".../kubectl_complete-edp".
bool is_completion_name(std::string_view program);

// Adds the plugin's commands; each sets `status` when it was the one called. Exit statuses are edp-runner's.
void add_plugin_commands(CLI::App& app, int& status);

// What may follow on the command line, a candidate a line with its description, and kubectl's directive after
// them. `words` are those after "kubectl edp", the last one unfinished.
std::string complete(const CLI::App& app, const std::vector<std::string>& words);

}  // namespace edp::kubectl
