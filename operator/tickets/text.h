// A ticket in words, for people who read it in Jira or elsewhere.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "operator/tickets/record.h"

namespace edp::tickets {

// "[CRITICAL] main.(*Cache).Put writes to its sync.Map ... (shop/checkout)"; one line of at most 250 bytes.
std::string summary_line(const Ticket& ticket, const std::string& cluster);

// Parts of a description: a heading and lines. Plain text; each tracker sets it in its own markup.
struct Section {
  std::string heading;             // may be empty
  std::vector<std::string> lines;  // of a list where `list`
  bool list = false;
};
std::vector<Section> describe(const Ticket& ticket, const std::string& cluster);

// Jira's wiki markup (REST 2): what would be markup in the text is escaped.
std::string to_wiki(const std::vector<Section>& sections);
std::string to_wiki(const std::string& text);
// Atlassian Document Format (REST 3).
nlohmann::json to_adf(const std::vector<Section>& sections);
nlohmann::json to_adf(const std::string& text);

// The last line of a comment, by which it is found again.
std::string reference(const Say& say);

}  // namespace edp::tickets
