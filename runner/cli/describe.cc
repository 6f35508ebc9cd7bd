#include "runner/cli/describe.h"

#include <CLI/CLI.hpp>
#include <sstream>
#include <vector>

namespace edp::cli {
namespace {

struct OptionText {
  std::vector<std::string> names;  // with dashes
  std::string value;               // "FILE", empty for flags
  std::string description;
};

struct CommandText {
  std::string name;  // empty for the program itself; "kubectl run" for one inside another
  std::string description;
  std::string arguments;
  std::vector<OptionText> options;
};

CommandText describe(const CLI::App& app, bool is_root) {
  CommandText command{.name = is_root ? "" : app.get_name(), .description = app.get_description()};
  for (const CLI::Option* option : app.get_options()) {
    if (option->get_positional()) {
      command.arguments += (command.arguments.empty() ? "" : " ") + option->get_type_name();
      if (option->get_expected_max() > 1) command.arguments += "...";
      continue;
    }
    if (option->get_group().empty()) continue;  // hidden
    OptionText text{.description = option->get_description()};
    for (const std::string& name : option->get_snames()) text.names.push_back("-" + name);
    for (const std::string& name : option->get_lnames()) text.names.push_back("--" + name);
    if (option->get_expected_max() > 0) text.value = option->get_type_name();
    command.options.push_back(std::move(text));
  }
  return command;
}

std::vector<CommandText> all_commands(const CLI::App& app) {
  std::vector<CommandText> commands = {describe(app, true)};
  for (const CLI::App* sub : app.get_subcommands({})) {
    commands.push_back(describe(*sub, false));
    for (const CLI::App* inner : sub->get_subcommands({})) {
      commands.push_back(describe(*inner, false));
      commands.back().name.insert(0, sub->get_name() + " ");
    }
  }
  return commands;
}

std::string join(const std::vector<std::string>& words, std::string_view separator) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : std::string(separator)) + word;
  return text;
}

bool is_inner(const CommandText& command) { return command.name.find(' ') != std::string::npos; }

// Of the program, or of one of its commands.
std::vector<std::string> command_names(const std::vector<CommandText>& commands, const std::string& of = {}) {
  const std::string start = of.empty() ? "" : of + " ";
  std::vector<std::string> names;
  for (const CommandText& command : commands) {
    if (command.name.empty() || is_inner(command) == of.empty() || !command.name.starts_with(start)) continue;
    names.push_back(command.name.substr(start.size()));
  }
  return names;
}

std::vector<std::string> option_names(const CommandText& command) {
  std::vector<std::string> names;
  for (const OptionText& option : command.options) {
    names.insert(names.end(), option.names.begin(), option.names.end());
  }
  return names;
}

// The case labels of bash and zsh, over the first two words: one line a command with the words that may
// follow. Inner commands go first, for their outer one's label takes any second word.
std::string word_cases(const std::vector<CommandText>& commands) {
  std::string inner;
  std::string outer;
  for (const CommandText& command : commands) {
    if (command.name.empty()) continue;
    std::vector<std::string> words = command_names(commands, command.name);
    for (std::string& option : option_names(command)) words.push_back(std::move(option));
    const std::string end = ") words=\"" + join(words, " ") + "\" ;;\n";
    if (is_inner(command)) {
      inner += "    \"" + command.name + "\"" + end;
    } else {
      outer += "    \"" + command.name + " \"*" + end;
    }
  }
  return inner + outer + "    *) words=\"" + join(command_names(commands), " ") + " " +
         join(option_names(commands.front()), " ") + "\" ;;\n";
}

std::string bash_completion(const std::string& program, const std::vector<CommandText>& commands) {
  return "_edp_runner() {\n"
         "  local current=${COMP_WORDS[COMP_CWORD]} words\n"
         "  case \"${COMP_WORDS[1]} ${COMP_WORDS[2]}\" in\n" +
         word_cases(commands) +
         "  esac\n"
         "  COMPREPLY=($(compgen -W \"$words\" -- \"$current\"))\n"
         "  [ ${#COMPREPLY[@]} -gt 0 ] || COMPREPLY=($(compgen -f -- \"$current\"))\n"
         "}\n"
         "complete -o filenames -F _edp_runner " +
         program + "\n";
}

std::string zsh_completion(const std::string& program, const std::vector<CommandText>& commands) {
  return "#compdef " + program +
         "\n"
         "_edp_runner() {\n"
         "  local words_so_far=(\"${words[@]}\") words\n"
         "  case \"${words_so_far[2]} ${words_so_far[3]}\" in\n" +
         word_cases(commands) +
         "  esac\n"
         "  compadd -- ${=words}\n"
         "  _files\n"
         "}\n"
         "compdef _edp_runner " +
         program + "\n";
}

std::string quote(const std::string& text) {
  std::string quoted = "'";
  for (const char c : text) {
    if (c == '\'' || c == '\\') quoted += '\\';
    quoted += c;
  }
  return quoted + "'";
}

std::string fish_completion(const std::string& program, const std::vector<CommandText>& commands) {
  std::string script;
  for (const CommandText& command : commands) {
    const size_t space = command.name.find(' ');
    const std::string last = space == std::string::npos ? command.name : command.name.substr(space + 1);
    const std::string parent = space == std::string::npos ? std::string(" -n __fish_use_subcommand")
                                                          : " -n '__fish_seen_subcommand_from " +
                                                                command.name.substr(0, space) + "'";
    const std::string condition = last.empty() ? parent : " -n '__fish_seen_subcommand_from " + last + "'";
    if (!last.empty()) {
      script +=
          "complete -c " + program + parent + " -a " + last + " -d " + quote(command.description) + "\n";
    }
    for (const OptionText& option : command.options) {
      script += "complete -c " + program + condition;
      for (const std::string& name : option.names) {
        script += name.starts_with("--") ? " -l " + name.substr(2) : " -s " + name.substr(1);
      }
      if (!option.value.empty()) script += " -r";
      script += " -d " + quote(option.description) + "\n";
    }
  }
  return script;
}

// A hyphen is a minus here, and a leading dot or quote would be a request.
std::string roff(const std::string& text) {
  std::string escaped;
  for (const char c : text) {
    if (c == '\\') {
      escaped += "\\e";
    } else if (c == '-') {
      escaped += "\\-";
    } else {
      escaped += c;
    }
  }
  if (escaped.starts_with('.') || escaped.starts_with('\'')) escaped.insert(0, "\\&");
  return escaped;
}

void write_options(std::ostringstream& out, const CommandText& command) {
  for (const OptionText& option : command.options) {
    out << ".TP\n.B " << roff(join(option.names, ", "));
    if (!option.value.empty()) out << " " << roff(option.value);
    out << "\n" << roff(option.description) << "\n";
  }
}

}  // namespace

Result<std::string> completion(const CLI::App& app, const std::string& shell) {
  const std::vector<CommandText> commands = all_commands(app);
  if (shell == "bash") return bash_completion(app.get_name(), commands);
  if (shell == "zsh") return zsh_completion(app.get_name(), commands);
  if (shell == "fish") return fish_completion(app.get_name(), commands);
  return fail("unknown shell '" + shell + "'; there is completion for bash, zsh and fish");
}

std::string man_page(const CLI::App& app, const std::string& version) {
  const std::vector<CommandText> commands = all_commands(app);
  std::ostringstream out;
  out << ".TH EDP\\-RUNNER 1 \"\" \"edp " << roff(version) << "\"\n"
      << ".SH NAME\nedp\\-runner \\- " << roff(app.get_description()) << "\n"
      << ".SH SYNOPSIS\n.B edp\\-runner\n[OPTIONS] \\-\\-target TARGET...\n.br\n"
      << ".B edp\\-runner\nCOMMAND [OPTIONS] ...\n"
      << ".SH OPTIONS\n";
  write_options(out, commands.front());
  out << ".SH COMMANDS\n";
  for (const CommandText& command : commands) {
    if (command.name.empty()) continue;
    out << ".SS " << roff(command.name) << " " << roff(command.arguments) << "\n"
        << roff(command.description) << "\n";
    write_options(out, command);
  }
  out << ".SH EXIT STATUS\n"
      << ".TP\n.B 0\nno finding at or above the gate\n"
      << ".TP\n.B 1\nusage or internal error\n"
      << ".TP\n.B 2\none or more findings at or above the gate\n"
      << ".TP\n.B 3\ntarget not reachable, or timed out with nothing to judge\n";
  return out.str();
}

}  // namespace edp::cli
