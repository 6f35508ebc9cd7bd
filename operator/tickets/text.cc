#include "operator/tickets/text.h"

#include "common/http_url.h"
#include "operator/watch/readers.h"

namespace edp::tickets {
namespace {

using Json = nlohmann::json;

std::string escape_wiki(const std::string& text) {
  constexpr std::string_view kMarkup = "{}[]*_|!^~+\\";
  std::string out;
  for (const char c : text) {
    if (kMarkup.find(c) != std::string_view::npos) out += '\\';
    out += c;
  }
  return out;
}

bool is_url(const std::string& word) { return word.starts_with("https://") || word.starts_with("http://"); }

// URLs stay whole, so that they become links.
std::string wiki_line(const std::string& line) {
  std::string out;
  for (size_t begin = 0; begin <= line.size();) {
    const size_t end = std::min(line.find(' ', begin), line.size());
    const std::string word = line.substr(begin, end - begin);
    if (begin > 0) out += ' ';
    out += is_url(word) ? word : escape_wiki(word);
    begin = end + 1;
  }
  return out;
}

Json text_node(const std::string& text) { return {{"type", "text"}, {"text", text}}; }

Json paragraph(const std::string& line) {
  Json content = Json::array();
  std::string plain;
  const auto flush = [&] {
    if (!plain.empty()) content.push_back(text_node(plain));
    plain.clear();
  };
  for (size_t begin = 0; begin <= line.size();) {
    const size_t end = std::min(line.find(' ', begin), line.size());
    const std::string word = line.substr(begin, end - begin);
    if (begin > 0) plain += ' ';
    if (is_url(word)) {
      flush();
      Json node = text_node(word);
      node["marks"] = Json::array({{{"type", "link"}, {"attrs", {{"href", word}}}}});
      content.push_back(std::move(node));
    } else {
      plain += word;
    }
    begin = end + 1;
  }
  flush();
  return {{"type", "paragraph"}, {"content", std::move(content)}};
}

Json document(Json content) { return {{"type", "doc"}, {"version", 1}, {"content", std::move(content)}}; }

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  for (size_t begin = 0; begin <= text.size();) {
    const size_t end = std::min(text.find('\n', begin), text.size());
    if (end > begin) lines.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return lines;
}

}  // namespace

std::string summary_line(const Ticket& ticket, const std::string& cluster) {
  const std::string place =
      " (" + (cluster.empty() ? "" : cluster + "/") + ticket.ns + "/" + ticket.spec.name + ")";
  const std::string head = "[" + ticket.spec.severity + "] ";
  // Jira refuses more than 255 characters and any line break.
  const size_t room = 250 - std::min<size_t>(200, head.size() + place.size());
  return head + cut(http::one_line(ticket.spec.title, 1000), room) + cut(place, 150);
}

std::vector<Section> describe(const Ticket& ticket, const std::string& cluster) {
  const Spec& spec = ticket.spec;
  const Status& s = ticket.status;
  std::vector<Section> sections;
  if (!spec.summary.empty()) sections.push_back({.lines = {cut(spec.summary, 800)}});
  Section where{.heading = "Where", .list = true};
  where.lines.push_back("Workload: " + spec.kind + " " + ticket.ns + "/" + spec.name +
                        (cluster.empty() ? "" : " in cluster " + cluster));
  if (!spec.location.empty()) where.lines.push_back("Code: " + spec.location);
  if (!s.pod.empty()) where.lines.push_back("Pod: " + s.pod);
  sections.push_back(std::move(where));
  if (!spec.evidence.empty())
    sections.push_back({.heading = "Evidence", .lines = spec.evidence, .list = true});
  if (!spec.advice.empty()) sections.push_back({.heading = "Advice", .lines = {cut(spec.advice, 800)}});
  Section found{.heading = "Found", .list = true};
  found.lines.push_back("Rule " + spec.rule + ", fingerprint " + spec.fingerprint);
  found.lines.push_back("First " + watch::format_time(s.first_seen) + ", last " +
                        watch::format_time(s.last_seen) + ", " + std::to_string(s.count) +
                        (s.count == 1 ? " run" : " runs"));
  if (!s.report_url.empty()) found.lines.push_back("Report: " + s.report_url);
  for (const std::string& alert : s.alerts) found.lines.push_back("Prometheus alert: " + alert);
  sections.push_back(std::move(found));
  sections.push_back(
      {.lines = {"EDP closes this issue once a validation run has shown that the finding is gone under "
                 "comparable load: edp-validate.sh " +
                 ticket.name + " -n " + ticket.ns + ". Closed by hand it is reopened."}});
  return sections;
}

std::string to_wiki(const std::vector<Section>& sections) {
  std::string out;
  for (const Section& section : sections) {
    if (!out.empty()) out += "\n";
    if (!section.heading.empty()) out += "h3. " + section.heading + "\n";
    for (const std::string& line : section.lines) {
      out += (section.list ? "* " : "") + wiki_line(http::one_line(line, 2000)) + "\n";
    }
  }
  return out;
}

std::string to_wiki(const std::string& text) {
  std::string out;
  for (const std::string& line : lines_of(text)) out += (out.empty() ? "" : "\n") + wiki_line(line);
  return out;
}

Json to_adf(const std::vector<Section>& sections) {
  Json content = Json::array();
  for (const Section& section : sections) {
    if (!section.heading.empty()) {
      content.push_back({{"type", "heading"},
                         {"attrs", {{"level", 3}}},
                         {"content", Json::array({text_node(section.heading)})}});
    }
    Json items = Json::array();
    for (const std::string& line : section.lines) {
      Json one = paragraph(http::one_line(line, 2000));
      if (section.list) {
        items.push_back({{"type", "listItem"}, {"content", Json::array({std::move(one)})}});
      } else {
        content.push_back(std::move(one));
      }
    }
    if (!items.empty()) content.push_back({{"type", "bulletList"}, {"content", std::move(items)}});
  }
  return document(std::move(content));
}

Json to_adf(const std::string& text) {
  Json content = Json::array();
  for (const std::string& line : lines_of(text)) content.push_back(paragraph(line));
  return document(std::move(content));
}

std::string reference(const Say& say) { return "EDP reference " + say.ref; }

}  // namespace edp::tickets
