#include "runner/cli/audit_command.h"

#include <fcntl.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <system_error>
#include <vector>

#include "common/audit/verify.h"
#include "common/descriptor.h"
#include "common/files.h"
#include "common/http_url.h"
#include "runner/run/run.h"

namespace edp::cli {
namespace {

using Json = nlohmann::json;

constexpr size_t kMostProblems = 1000;

int failed(const Error& error, int status = run::kError) {
  (void)std::fprintf(stderr, "edp-runner: %s\n", error.to_string().c_str());
  return status;
}

// --- verify ---

struct VerifyArguments {
  std::string path, format = "table";
  audit::VerifyOptions options;
};

std::string place_of(const audit::Problem& problem) {
  if (problem.place.line == 0) return problem.place.file;
  return problem.place.file + ":" + std::to_string(problem.place.line);
}

Json to_json(const audit::Problem& problem) {
  return {{"kind", audit::to_string(problem.kind)},
          {"file", problem.place.file},
          {"line", problem.place.line},
          {"seq", problem.seq},
          {"what", problem.what}};
}

Json to_json(const audit::StreamVerdict& verdict) {
  const audit::ChainFigures& figures = verdict.figures;
  return {{"name", verdict.name},           {"stream", figures.stream},
          {"lines", figures.lines},         {"first_seq", figures.first_seq},
          {"last_seq", figures.last_seq},   {"first_time", figures.first_time},
          {"last_time", figures.last_time}, {"heads", figures.heads},
          {"sealed_to", figures.sealed_to}, {"without_outcome", figures.without_outcome},
          {"problems", figures.problems},   {"notes", verdict.notes}};
}

void print_table(const std::vector<audit::StreamVerdict>& verdicts) {
  for (const audit::StreamVerdict& verdict : verdicts) {
    const audit::ChainFigures& figures = verdict.figures;
    std::printf("%s: %s: %llu lines", verdict.name.c_str(), figures.problems == 0 ? "whole" : "NOT WHOLE",
                static_cast<unsigned long long>(figures.lines));
    if (figures.lines > 0) {
      std::printf(", seq %llu to %llu, sealed to %llu", static_cast<unsigned long long>(figures.first_seq),
                  static_cast<unsigned long long>(figures.last_seq),
                  static_cast<unsigned long long>(figures.sealed_to));
    }
    std::printf("; %llu problem(s)\n", static_cast<unsigned long long>(figures.problems));
    for (const std::string& note : verdict.notes) std::printf("  note: %s\n", note.c_str());
  }
}

int verify(VerifyArguments& arguments) {
  std::vector<audit::Problem> problems;
  const bool table = arguments.format == "table";
  arguments.options.on_problem = [&](const audit::Problem& problem) {
    if (problems.size() < kMostProblems) problems.push_back(problem);
  };
  const auto verdicts = audit::verify(arguments.path, arguments.options);
  if (!verdicts) return failed(verdicts.error(), run::kNothingToJudge);
  uint64_t total = 0;
  uint64_t lines = 0;
  for (const audit::StreamVerdict& verdict : *verdicts) {
    total += verdict.figures.problems;
    lines += verdict.figures.lines;
  }
  if (table) {
    for (const audit::Problem& problem : problems) {
      const std::string what = http::one_line(problem.what, 400);
      std::printf("%s: %s: seq %llu: %s\n", place_of(problem).c_str(),
                  std::string(audit::to_string(problem.kind)).c_str(),
                  static_cast<unsigned long long>(problem.seq), what.c_str());
    }
    if (total > problems.size())
      std::printf("... and %llu more\n", static_cast<unsigned long long>(total - problems.size()));
    print_table(*verdicts);
  } else {
    Json out = {{"streams", Json::array()}, {"problems", Json::array()}, {"problems_in_all", total}};
    for (const audit::StreamVerdict& verdict : *verdicts) out["streams"].push_back(to_json(verdict));
    for (const audit::Problem& problem : problems) out["problems"].push_back(to_json(problem));
    std::printf("%s\n", out.dump(2, ' ', false, Json::error_handler_t::replace).c_str());
  }
  if (std::fflush(stdout) != 0)
    return failed({.what = "standard output cannot be written", .where = {}, .offset = {}});
  if (total > 0) return run::kFindingsAtGate;
  return lines == 0 ? run::kNothingToJudge : run::kNothingAtGate;
}

// --- show ---

struct ShowArguments {
  std::string path, format = "table", run, actor, target;
  bool tagged = false;
};

std::string text_at(const Json& line, const char* object, const char* key) {
  const auto found = line.find(object);
  if (found == line.end() || !found->is_object()) return {};
  const auto value = found->find(key);
  return value != found->end() && value->is_string() ? value->get<std::string>() : "";
}

std::string target_of(const Json& line) {
  const std::string ns = text_at(line, "target", "namespace");
  for (const char* key : {"pod", "workload"}) {
    if (const std::string name = text_at(line, "target", key); !name.empty())
      return ns.empty() ? name : ns + "/" + name;
  }
  const std::string url = text_at(line, "target", "url");
  return url.empty() ? text_at(line, "target", "pid") : url;
}

bool wanted(const Json& line, const ShowArguments& arguments) {
  const auto holds = [](const std::string& wish, const std::string& text) {
    return wish.empty() || text.find(wish) != std::string::npos;
  };
  return holds(arguments.run, text_at(line, "why", "run")) &&
         holds(arguments.actor, text_at(line, "actor", "name")) && holds(arguments.target, target_of(line));
}

void print_row(const audit::Line& line) {
  const auto cell = [](const std::string& text, size_t width) { return http::one_line(text, width); };
  const std::string actor =
      text_at(line.object, "actor", "kind") + ":" + text_at(line.object, "actor", "name");
  std::string more;
  if (line.intent) more += "of " + std::to_string(*line.intent) + " ";
  if (const auto bytes = line.object.find("bytes"); bytes != line.object.end())
    more += bytes->dump() + " bytes ";
  if (const auto reason = line.object.find("reason"); reason != line.object.end() && reason->is_string()) {
    more += reason->get<std::string>();
  }
  std::printf("%8llu  %-19s  %-22s %-9s %-34s %-34s %-24s %s\n", static_cast<unsigned long long>(line.seq),
              cell(line.time.substr(0, 19), 19).c_str(), cell(line.act, 22).c_str(),
              cell(line.outcome, 9).c_str(), cell(actor, 60).c_str(),
              cell(target_of(line.object), 80).c_str(), cell(text_at(line.object, "why", "run"), 60).c_str(),
              cell(more, 200).c_str());
}

int show(const ShowArguments& arguments) {
  const bool table = arguments.format == "table";
  uint64_t shown = 0;
  uint64_t unreadable = 0;
  if (table) {
    std::printf("%8s  %-19s  %-22s %-9s %-34s %-34s %-24s %s\n", "SEQ", "TIME", "ACT", "OUTCOME", "ACTOR",
                "TARGET", "RUN", "MORE");
  } else {
    std::printf("[");
  }
  const auto read = audit::for_each_line(arguments.path, [&](std::string_view text, uint64_t, bool) {
    if (arguments.tagged && !text.starts_with(audit::kTag)) return true;
    const auto line = audit::parse_line(audit::without_tag(text));
    if (!line) {
      ++unreadable;
      return true;
    }
    if (!wanted(line->object, arguments)) return true;
    if (table) {
      print_row(*line);
    } else {
      std::printf("%s\n%s", shown == 0 ? "" : ",", line->object.dump().c_str());
    }
    ++shown;
    return true;
  });
  if (!table) std::printf("\n]\n");
  (void)std::fflush(stdout);
  if (!read) return failed(read.error(), run::kNothingToJudge);
  if (unreadable > 0) {
    (void)std::fprintf(
        stderr, "edp-runner: %s: %llu line(s) are none of an audit stream; `audit verify` names them\n",
        arguments.path.c_str(), static_cast<unsigned long long>(unreadable));
  }
  return shown == 0 && unreadable > 0 ? int{run::kNothingToJudge} : int{run::kNothingAtGate};
}

// --- keygen ---

// Never over an older key: what it has signed could not be checked any more.
Result<void> write_new(const std::string& path, const std::string& text, mode_t mode) {
  const Descriptor file(
      ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode));  // NOLINT(*-vararg)
  if (!file.valid()) {
    return fail(errno == EEXIST ? "is there already; remove it first if it is not needed any more"
                                : "cannot be written: " + std::generic_category().message(errno),
                path);
  }
  int error = write_all(file.get(), text);
  if (error == 0) error = sync_file(file.get());
  if (error != 0) return fail("cannot be written: " + std::generic_category().message(error), path);
  return {};
}

int keygen(const std::string& path) {
  const auto key = ed25519::PrivateKey::generate();
  if (!key) return failed(key.error());
  if (const auto written = write_new(path, key->pem(), 0600); !written) return failed(written.error());
  if (const auto written = write_new(path + ".pub", key->public_key().pem(), 0644); !written)
    return failed(written.error());
  std::printf(
      "%s: private key, keep it where only the writer of the audit can read it\n%s.pub: public key %s, for "
      "`audit verify --key`\n",
      path.c_str(), path.c_str(), key->public_key().id().c_str());
  return run::kNothingAtGate;
}

int print_public(const std::string& path) {
  const auto key = ed25519::PublicKey::load(path == "-" ? "/dev/stdin" : path);
  if (!key) return failed(key.error());
  std::printf("%s", key->pem().c_str());
  return run::kNothingAtGate;
}

void add_format(CLI::App& command, std::string& format) {
  command.add_option("-o", format, "table or json")
      ->type_name("FORMAT")
      ->check(CLI::IsMember({"table", "json"}));
}

}  // namespace

void add_audit_commands(CLI::App& app, int& status) {
  CLI::App* audit =
      app.add_subcommand("audit", "Verify and read audit streams, make the keys that seal them");
  audit->require_subcommand(1);

  const auto verifying = std::make_shared<VerifyArguments>();
  CLI::App* verify_command = audit->add_subcommand(
      "verify",
      "Find missing, changed, swapped, added, repeated or foreign lines, forged heads and cut-off ends");
  verify_command
      ->add_option("path", verifying->path, "A segment, a folder with whole streams, or - for standard input")
      ->required()
      ->type_name("FILE|DIR|-");
  verify_command
      ->add_option("--key", verifying->options.key_files,
                   "Public key that must have signed the heads; may be given several times")
      ->type_name("PUB")
      ->allow_extra_args(false);
  verify_command
      ->add_option("--head", verifying->options.head_files,
                   "A head kept elsewhere, or shipped lines with heads in them: the stream must reach as far")
      ->type_name("FILE")
      ->allow_extra_args(false);
  verify_command->add_flag("--tagged", verifying->options.tagged,
                           "Look only at lines that begin with EDP-AUDIT, as in a pod's log");
  add_format(*verify_command, verifying->format);
  verify_command->callback([&status, verifying] { status = verify(*verifying); });

  const auto showing = std::make_shared<ShowArguments>();
  CLI::App* show_command = audit->add_subcommand("show", "Print an audit stream");
  show_command->add_option("file", showing->path, "A segment, or - for standard input")
      ->required()
      ->type_name("FILE|-");
  show_command->add_option("--run", showing->run, "Only of runs with this in their name")->type_name("TEXT");
  show_command->add_option("--actor", showing->actor, "Only of actors with this in their name")
      ->type_name("TEXT");
  show_command->add_option("--target", showing->target, "Only of targets with this in their name")
      ->type_name("TEXT");
  show_command->add_flag("--tagged", showing->tagged, "Look only at lines that begin with EDP-AUDIT");
  add_format(*show_command, showing->format);
  show_command->callback([&status, showing] { status = show(*showing); });

  const auto path = std::make_shared<std::string>();
  const auto of = std::make_shared<std::string>();
  CLI::App* keygen_command =
      audit->add_subcommand("keygen", "Make an Ed25519 key: FILE (private) and FILE.pub");
  CLI::Option* file = keygen_command->add_option("file", *path, "The private key's file")->type_name("FILE");
  keygen_command->add_option("--public", *of, "Only print the public key of this private one")
      ->type_name("FILE|-")
      ->excludes(file);
  keygen_command->callback([&status, path, of] {
    if (!of->empty()) {
      status = print_public(*of);
    } else if (!path->empty()) {
      status = keygen(*path);
    } else {
      status = failed({.what = "name the key's file", .where = {}, .offset = {}});
    }
  });
}

}  // namespace edp::cli
