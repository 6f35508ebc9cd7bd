#include "operator/publish/process_figures.h"

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <system_error>
#include <vector>

namespace edp::publish {
namespace {

// Seconds since 1970 at which the machine was started; 0 where unknown.
double boot_time() {
  std::ifstream in("/proc/stat");
  std::string word;
  while (in >> word) {
    double value = 0;
    if (word == "btime" && in >> value) return value;
  }
  return 0;
}

}  // namespace

std::optional<ProcessFigures> read_process_figures(const std::string& proc) {
  std::ifstream in(proc + "/stat");
  std::string text;
  if (!std::getline(in, text)) return std::nullopt;
  // The name in parentheses may hold anything.
  const size_t end = text.rfind(')');
  if (end == std::string::npos) return std::nullopt;
  std::istringstream rest(text.substr(end + 1));
  std::vector<std::string> fields;  // from "state", the third one, on
  for (std::string field; rest >> field;) fields.push_back(field);
  if (fields.size() < 22) return std::nullopt;
  const auto number = [&](size_t nth) {
    return std::strtod(fields[nth - 3].c_str(), nullptr);
  };  // as in proc(5)
  const double ticks = static_cast<double>(sysconf(_SC_CLK_TCK));
  ProcessFigures figures;
  figures.cpu_seconds = (number(14) + number(15)) / ticks;
  figures.threads = number(20);
  figures.start_time_seconds = boot_time() + number(22) / ticks;
  figures.virtual_bytes = number(23);
  figures.resident_bytes = number(24) * static_cast<double>(sysconf(_SC_PAGESIZE));
  std::error_code error;
  for (auto it = std::filesystem::directory_iterator(proc + "/fd", error);
       !error && it != std::filesystem::directory_iterator(); it.increment(error)) {
    figures.open_fds += 1;
  }
  return figures;
}

}  // namespace edp::publish
