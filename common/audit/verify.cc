#include "common/audit/verify.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <map>
#include <system_error>
#include <utility>

#include "common/audit/chain_file.h"
#include "common/descriptor.h"
#include "common/files.h"
#include "common/json_nesting.h"

namespace edp::audit {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

constexpr size_t kPiece = size_t{64} << 10U;
constexpr size_t kMostStreams = 1000;

struct Stream {
  std::string base;
  std::vector<std::string> files;  // oldest first
  bool whole = false;
};

class Verifier {
 public:
  explicit Verifier(const VerifyOptions& options) : options_(options) {}

  Result<std::vector<StreamVerdict>> run(const std::string& path) {
    for (const std::string& file : options_.key_files) {
      auto key = ed25519::PublicKey::load(file);
      if (!key) return tl::unexpected(key.error());
      keys_.push_back(std::move(*key));
    }
    for (const std::string& file : options_.head_files) {
      if (const auto read = read_heads(file, given_); !read) return tl::unexpected(read.error());
    }
    const uint64_t forged_given = forged_;
    auto streams = streams_at(path);
    if (!streams) return tl::unexpected(streams.error());
    std::vector<StreamVerdict> verdicts;
    for (const Stream& stream : *streams) {
      auto verdict = judge(stream);
      if (!verdict) return tl::unexpected(verdict.error());
      verdicts.push_back(std::move(*verdict));
    }
    verdicts.front().figures.problems += forged_given;
    // A head from elsewhere whose stream is not here at all.
    for (const auto& [id, head] : given_) {
      const bool here = std::ranges::any_of(verdicts, [&](const auto& v) { return v.figures.stream == id; });
      if (here) continue;
      ++verdicts.front().figures.problems;
      tell(Tampering::kTruncated, path, 0, head.seq,
           "no line of stream " + id + ", of which a head tells, is here");
    }
    return verdicts;
  }

 private:
  const VerifyOptions& options_;
  std::vector<ed25519::PublicKey> keys_;
  std::map<std::string, Head> given_;

  void tell(const Problem& problem) const {
    if (options_.on_problem) options_.on_problem(problem);
  }
  void tell(Tampering kind, const std::string& file, uint64_t line, uint64_t seq, std::string what) const {
    Problem problem;
    problem.kind = kind;
    problem.place.file = file;
    problem.place.line = line;
    problem.seq = seq;
    problem.what = std::move(what);
    tell(problem);
  }

  static Result<std::vector<Stream>> streams_at(const std::string& path) {
    std::error_code ignored;
    if (!fs::is_directory(path, ignored))
      return std::vector<Stream>{{.base = base_of(path), .files = {path}}};
    std::set<std::string> bases;
    for (const auto& entry : fs::directory_iterator(path, ignored)) {
      const std::string base = base_of(entry.path());
      if (base.ends_with(".jsonl") && bases.size() < kMostStreams) bases.insert(base);
    }
    if (bases.empty()) return fail("no audit stream (*.jsonl) is in this folder", path);
    std::vector<Stream> streams;
    for (const std::string& base : bases) {
      Stream stream{.base = base, .files = closed_segments(base), .whole = true};
      if (fs::exists(base, ignored)) stream.files.push_back(base);
      streams.push_back(std::move(stream));
    }
    return streams;
  }

  // The newest of each stream, where a key vouches for it.
  Result<void> read_heads(const std::string& file, std::map<std::string, Head>& into) {
    size_t found = 0;
    const auto read = for_each_line(file, [&](std::string_view text, uint64_t number, bool) {
      text = without_tag(text);
      if (text.size() > kMaxLine || nests_deeper(text, 8)) return true;
      const Json object = Json::parse(text, nullptr, false);
      if (!object.is_object()) return true;
      const auto inner = object.find("head");
      const auto head = read_head(inner != object.end() ? *inner : object);
      if (!head) return true;
      ++found;
      if (!keys_.empty() && std::ranges::none_of(keys_, [&](const ed25519::PublicKey& key) {
            return audit::verify(key, *head);
          })) {
        ++forged_;
        tell(Tampering::kForgedHead, file, number, head->seq,
             head->key.empty() ? "the head is not signed"
                               : "the head's signature is not of this key (it names key " + head->key + ")");
        return true;
      }
      Head& newest = into[head->stream];
      if (head->seq >= newest.seq && into.size() <= kMostStreams) newest = *head;
      return true;
    });
    if (!read) return read;
    if (found == 0) return fail("holds no head of an audit stream", file);
    return {};
  }
  uint64_t forged_ = 0;

  Result<StreamVerdict> judge(const Stream& stream) {
    StreamVerdict verdict{.name = stream.files.front(), .figures = {}, .notes = {}};
    CheckOptions options{.keys = keys_, .heads = given_, .whole = stream.whole};
    forged_ = 0;
    read_head_beside(stream, options);
    if (stream.files.front() != "-") {
      options.look_back = [this, &stream](uint64_t seq) { return find(stream, seq); };
    }
    options.on_problem = [this](const Problem& problem) { tell(problem); };
    ChainCheck check(std::move(options));
    for (const std::string& file : stream.files) {
      const auto read = for_each_line(file, [&](std::string_view text, uint64_t number, bool whole) {
        if (options_.tagged && !text.starts_with(kTag)) return true;
        text = without_tag(text);
        if (whole) {
          check.feed(text, {.file = file, .line = number});
        } else {
          check.cut_off(text.size(), {.file = file, .line = number});
        }
        return true;
      });
      if (!read) return tl::unexpected(read.error());
    }
    check.end();
    verdict.figures = check.figures();
    verdict.figures.problems += forged_;
    note(stream, verdict);
    return verdict;
  }

  // A closed segment ends before the head that is beside the open one.
  void read_head_beside(const Stream& stream, CheckOptions& options) {
    const std::string beside = stream.base + ".head";
    const bool open = stream.files.back() == stream.base;
    std::error_code ignored;
    if (!fs::exists(beside, ignored)) return;
    if (!open && !stream.whole) return;
    std::map<std::string, Head> heads;
    if (const auto read = read_heads(beside, heads); !read) {
      ++forged_;
      tell(Tampering::kForgedHead, beside, 1, 0, read.error().what);
      return;
    }
    for (const auto& [id, head] : heads) {
      Head& newest = options.heads[id];
      if (head.seq >= newest.seq) newest = head;
    }
  }

  void note(const Stream& stream, StreamVerdict& verdict) const {
    const ChainFigures& figures = verdict.figures;
    if (keys_.empty() && figures.lines > 0) {
      verdict.notes.push_back("signatures were not looked at: no --key");
    } else if (figures.lines > 0 && !figures.signed_head && figures.problems == 0) {
      verdict.notes.push_back("no head in the stream is signed with this key yet");
    }
    if (figures.lines > 0 && figures.sealed_to == 0) {
      verdict.notes.push_back("no head covers any line: one could not tell if lines were cut off at the end");
    } else if (figures.sealed_to < figures.last_seq) {
      verdict.notes.push_back("lines " + std::to_string(figures.sealed_to + 1) + " to " +
                              std::to_string(figures.last_seq) + " are not yet under a head");
    }
    if (!stream.whole && figures.first_seq > 1) {
      verdict.notes.push_back("lines 1 to " + std::to_string(figures.first_seq - 1) +
                              " are in other files, which were not looked at");
    }
    if (!figures.without_outcome.empty()) {
      verdict.notes.push_back(std::to_string(figures.without_outcome.size()) +
                              " intention(s) without an outcome, the first is line " +
                              std::to_string(*figures.without_outcome.begin()));
    }
  }

  // Reads again from the start: asked for what was repeated only.
  std::string find(const Stream& stream, uint64_t seq) const {
    std::string hash;
    for (const std::string& file : stream.files) {
      (void)for_each_line(file, [&](std::string_view text, uint64_t, bool whole) {
        if (!whole || (options_.tagged && !text.starts_with(kTag))) return true;
        text = without_tag(text);
        if (text.find("\"seq\":" + std::to_string(seq) + ",") == std::string_view::npos) return true;
        const auto line = parse_line(text);
        if (line && line->seq == seq) hash = sha256_hex(text);
        return hash.empty();
      });
      if (!hash.empty()) break;
    }
    return hash;
  }
};

}  // namespace

Result<void> for_each_line(const std::string& path, const LineVisitor& visit) {
  const bool standard = path == "-";
  const Descriptor opened(standard ? -1 : ::open(path.c_str(), O_RDONLY | O_CLOEXEC));  // NOLINT(*-vararg)
  if (!standard && !opened.valid())
    return fail("cannot be read: " + std::generic_category().message(errno), path);
  const int fd = standard ? STDIN_FILENO : opened.get();
  std::string piece(kPiece, '\0');
  std::string line;
  uint64_t number = 0;
  while (true) {
    const ssize_t got = ::read(fd, piece.data(), piece.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return fail("cannot be read: " + std::generic_category().message(errno), path);
    if (got == 0) break;
    std::string_view rest(piece.data(), static_cast<size_t>(got));
    while (!rest.empty()) {
      const size_t feed = rest.find('\n');
      const std::string_view part = rest.substr(0, feed);
      line += part.substr(0, kMaxLine + 1 - std::min(line.size(), kMaxLine + 1));
      if (feed == std::string_view::npos) break;
      rest.remove_prefix(feed + 1);
      if (!visit(line, ++number, true)) return {};
      line.clear();
    }
  }
  if (!line.empty()) (void)visit(line, ++number, false);
  return {};
}

Result<std::vector<StreamVerdict>> verify(const std::string& path, const VerifyOptions& options) {
  return Verifier(options).run(path);
}

}  // namespace edp::audit
