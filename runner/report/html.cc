#include <string>
#include <string_view>

#include "runner/report/report.h"
#include "runner/report/text.h"
#include "runner/report/timeline/page.h"

// The page that console/ builds, see cmake/console_page.cmake.
extern "C" {
extern const char edp_report_page_begin[];  // NOLINT(modernize-avoid-c-arrays)
extern const char edp_report_page_end[];    // NOLINT(modernize-avoid-c-arrays)
}

namespace edp::report {
namespace {

constexpr std::string_view kTextPlace = "@EDP_REPORT_TEXT@";
constexpr std::string_view kJsonPlace = "@EDP_REPORT_JSON@";
constexpr std::string_view kTimelinesPlace = "@EDP_REPORT_TIMELINES@";

std::string_view page() {
  return {edp_report_page_begin, static_cast<size_t>(edp_report_page_end - edp_report_page_begin)};
}

// JSON inside <script>: the element ends at "</script" and changes its meaning at "<!--", so no '<' may stay.
// In JSON it stands only in strings, where \u003c says the same.
void append_script_json(std::string& out, std::string_view json) {
  for (const char c : json) {
    if (c == '<') {
      out += "\\u003c";
    } else {
      out += c;
    }
  }
}

// Text for people whose browser runs no script; lines stay lines.
void append_text(std::string& out, std::string_view text) {
  while (!text.empty()) {
    const size_t end = text.find('\n');
    out += xml_escape(text.substr(0, end));
    if (end == std::string_view::npos) break;
    out += '\n';
    text.remove_prefix(end + 1);
  }
}

}  // namespace

std::string to_html(const model::Report& report, std::string_view json) {
  const std::string_view whole = page();
  // build.mjs makes sure that each place is there once, and in this order.
  const size_t text_at = whole.find(kTextPlace);
  const size_t json_at = whole.find(kJsonPlace);
  const size_t timelines_at = whole.find(kTimelinesPlace);
  const std::string timelines = timelines_json(report.targets);
  std::string out;
  out.reserve(whole.size() + json.size() + json.size() / 8 + timelines.size());
  out += whole.substr(0, text_at);
  append_text(out, to_terminal(report, {.colour = false, .width = 100}));
  out += whole.substr(text_at + kTextPlace.size(), json_at - text_at - kTextPlace.size());
  append_script_json(out, json);
  const size_t json_end = json_at + kJsonPlace.size();
  out += whole.substr(json_end, timelines_at - json_end);
  append_script_json(out, timelines);
  out += whole.substr(timelines_at + kTimelinesPlace.size());
  return out;
}

}  // namespace edp::report
