#include "common/audit/log.h"

#include <openssl/rand.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <deque>
#include <optional>
#include <utility>

#include "common/audit/retention.h"
#include "common/files.h"
#include "common/mutex.h"
#include "common/time_text.h"

namespace edp::audit {
namespace {

using Json = nlohmann::json;
using Time = std::chrono::system_clock::time_point;

constexpr size_t kMostAtOnce = 1000;

std::string text_of(Time when) {
  return format_micro_time(std::chrono::time_point_cast<std::chrono::microseconds>(when));
}

Result<std::string> new_stream() {
  std::array<unsigned char, 16> bytes{};
  if (RAND_bytes(bytes.data(), static_cast<int>(bytes.size())) != 1)
    return fail("no randomness for a new stream");
  return sha256_hex({reinterpret_cast<const char*>(bytes.data()), bytes.size()}).substr(0, 32);
}

// Lines that continue a chain, not yet written.
class Text {
 public:
  Text(Tail from, std::string time) : tail_(std::move(from)), time_(std::move(time)) {}
  uint64_t add(Json act) {
    const std::string line = compose(std::move(act), tail_.stream, tail_.seq + 1, tail_.hash, time_);
    ++tail_.seq;
    tail_.hash = sha256_hex(line);
    lines_ += line;
    lines_ += '\n';
    ++count_;
    return tail_.seq;
  }
  [[nodiscard]] const std::string& lines() const { return lines_; }
  [[nodiscard]] const Tail& tail() const { return tail_; }
  [[nodiscard]] const std::string& time() const { return time_; }
  [[nodiscard]] size_t count() const { return count_; }

 private:
  Tail tail_;
  const std::string time_;
  std::string lines_;
  size_t count_ = 0;
};

}  // namespace

struct Log::Impl {
  // One call of write().
  struct Entry {
    std::vector<Json> acts;
    std::vector<uint64_t> numbers;
    std::optional<Error> error;
    bool done = false;
  };

  explicit Impl(LogOptions with) : options(std::move(with)), file(options.path, options.calls) {}

  LogOptions options;
  std::optional<ed25519::PrivateKey> key;

  Mutex mutex;
  CondVar changed;
  std::deque<Entry*> queue EDP_GUARDED_BY(mutex);
  bool committing EDP_GUARDED_BY(mutex) = false;

  // Of whoever commits.
  ChainFile file;
  Tail alone;             // where there is no file
  bool opened = false;    // this process has said so
  bool sealed = true;     // nothing was written since the last head
  bool head_due = false;  // the chain was found without one that covers it
  Time head_at;
  std::string head_day;

  [[nodiscard]] bool has_file() const { return !options.path.empty(); }

  Json own_act(std::string_view what, const std::string& reason) const {
    Actor actor = this_process();
    return to_json(
        {.what = std::string(what), .actor = std::move(actor), .outcome = Outcome::kDone, .reason = reason},
        options.patterns);
  }

  Json opening(const char* what) const {
    Json act = own_act(what, options.writer);
    if (file.torn().bytes > 0) act["torn"] = {{"bytes", file.torn().bytes}, {"digest", file.torn().digest}};
    if (key) act["key"] = key->public_key().id();
    return act;
  }

  // The head beside the stream, as another process or an earlier life of this one left it.
  std::optional<Head> head_beside() const {
    if (!has_file()) return std::nullopt;
    const auto text = read_file(options.path + ".head", kMaxLine);
    if (!text) return std::nullopt;
    return read_head(Json::parse(*text, nullptr, false));
  }

  Result<Head> head_of(const Tail& tail, const std::string& time) const {
    Head head{.stream = tail.stream, .seq = tail.seq, .hash = tail.hash, .time = time};
    if (key) {
      if (const auto done = sign(*key, head); !done) return tl::unexpected(done.error());
    }
    return head;
  }

  Result<void> add_head(Text& text, std::string_view what, const std::string& reason) {
    const auto head = head_of(text.tail(), text.time());
    if (!head) return tl::unexpected(head.error());
    Json act = own_act(what, reason);
    act["head"] = to_json(*head);
    text.add(std::move(act));
    return {};
  }

  // Makes the text safe, and shows it.
  Result<void> put(const Text& text) {
    if (has_file()) {
      if (const auto written = file.append(text.lines(), text.tail()); !written) return written;
    }
    if (options.copy_to >= 0) {
      std::string tagged;
      std::string_view rest = text.lines();
      while (!rest.empty()) {
        const size_t end = rest.find('\n') + 1;
        tagged.append(kTag).append(rest.substr(0, end));
        rest.remove_prefix(end);
      }
      const int error = write_all(options.copy_to, tagged);
      if (error != 0) {
        Error what{"the audit's copy cannot be written: " + std::generic_category().message(error), "", {}};
        if (!has_file()) return tl::unexpected(std::move(what));
        if (options.on_failure) options.on_failure(what);
      }
    }
    alone = text.tail();
    if (options.on_lines) options.on_lines(text.count());
    return {};
  }

  // Beside the stream, so that it is seen when the stream's end is cut off. It covers the line that holds the
  // stream's own copy.
  void put_head(const Tail& tail, const std::string& time) {
    head_at = options.now();
    head_day = time.substr(0, 10);
    head_due = false;
    sealed = true;
    if (!has_file()) return;
    const auto head = head_of(tail, time);
    const auto written = head ? write_file(options.path + ".head", to_json(*head).dump() + "\n")
                              : Result<void>(tl::unexpected(head.error()));
    if (!written && options.on_failure) options.on_failure(written.error());
  }

  // Ends the open segment with a head.
  Result<void> rotate(const std::string& time, const std::string& reason) {
    Text text(file.tail(), time);
    if (const auto added = add_head(text, "audit.head", reason); !added) return added;
    if (const auto written = put(text); !written) return written;
    put_head(text.tail(), time);
    return file.close_segment();
  }

  Result<Text> begin(const std::string& time) {
    if (has_file() && file.size() > 0) {
      const bool day_over = file.first_time().substr(0, 10) != time.substr(0, 10);
      if (day_over || file.size() >= options.max_bytes) {
        if (const auto done = rotate(time, day_over ? "the day is over" : "the segment is full"); !done) {
          return tl::unexpected(done.error());
        }
      }
    }
    Tail tail = has_file() ? file.tail() : alone;
    if (tail.stream.empty()) {
      auto made = new_stream();
      if (!made) return tl::unexpected(made.error());
      tail.stream = std::move(*made);
    }
    const bool new_segment = has_file() ? file.size() == 0 : !opened;
    Text text(std::move(tail), time);
    if (!opened || new_segment || file.torn().bytes > 0) {
      Json act = opening(opened && new_segment ? "audit.rotate" : "audit.open");
      if (!opened) {
        const auto head = head_beside();
        const bool ours = head && head->stream == text.tail().stream;
        if (ours && head->seq > text.tail().seq) act["cut"] = to_json(*head);
        head_due = text.tail().seq > 0 && (!ours || head->seq < text.tail().seq);
      }
      if (new_segment) act["segment"] = {{"after", text.tail().seq}};
      text.add(std::move(act));
    }
    return text;
  }

  Result<void> hold() { return has_file() ? file.hold() : Result<void>(); }
  void release() {
    if (has_file()) file.release();
  }

  Result<void> commit(const std::vector<Entry*>& batch) {
    if (const auto held = hold(); !held) return held;
    const auto done = commit_held(batch);
    release();
    return done;
  }

  Result<void> commit_held(const std::vector<Entry*>& batch) {
    const Time now = options.now();
    auto text = begin(text_of(now));
    if (!text) return tl::unexpected(text.error());
    for (Entry* const entry : batch) {
      for (Json& act : entry->acts) entry->numbers.push_back(text->add(std::move(act)));
    }
    if (head_at == Time()) head_at = now;
    head_due = head_due || now - head_at >= options.head_every;
    const bool with_head = head_due;
    if (with_head) {
      if (const auto added = add_head(*text, "audit.head", ""); !added) return added;
    }
    if (const auto written = put(*text); !written) return written;
    opened = true;
    sealed = false;
    if (with_head) put_head(text->tail(), text->time());
    return {};
  }

  void finish(const std::vector<Entry*>& batch, const Result<void>& done) EDP_REQUIRES(mutex) {
    if (!done && options.on_failure) options.on_failure(done.error());
    for (Entry* const entry : batch) {
      if (!done) entry->error = done.error();
      entry->done = true;
    }
    committing = false;
    changed.notify_all();
  }

  void write(Entry& entry) {
    mutex.lock();
    queue.push_back(&entry);
    while (!entry.done) {
      if (committing) {
        changed.wait(mutex);
        continue;
      }
      committing = true;
      std::vector<Entry*> batch;
      while (!queue.empty() && batch.size() < kMostAtOnce) {
        batch.push_back(queue.front());
        queue.pop_front();
      }
      mutex.unlock();
      const auto done = commit(batch);
      mutex.lock();
      finish(batch, done);
    }
    mutex.unlock();
  }

  // What belongs to no act: alone, as a commit is.
  template <typename Do>
  Result<void> exclusively(Do act) {
    mutex.lock();
    while (committing) changed.wait(mutex);
    committing = true;
    mutex.unlock();
    Result<void> done = hold();
    if (done) {
      done = act();
      release();
    }
    mutex.lock();
    finish({}, done);
    mutex.unlock();
    return done;
  }

  Result<void> write_head(std::string_view what, const std::string& reason) {
    auto text = begin(text_of(options.now()));
    if (!text) return tl::unexpected(text.error());
    if (const auto added = add_head(*text, what, reason); !added) return added;
    if (const auto written = put(*text); !written) return written;
    opened = true;
    put_head(text->tail(), text->time());
    return {};
  }

  Result<void> prune() {
    const auto old = old_segments(options.path, options.now() - options.keep, file.tail().stream);
    if (!old) return tl::unexpected(old.error());
    for (const OldSegment& one : *old) {
      auto text = begin(text_of(options.now()));
      if (!text) return tl::unexpected(text.error());
      Json act = own_act("audit.prune", one.files.front());
      act["pruned"] = {{"stream", one.stream}, {"from", one.from}, {"to", one.to}, {"hash", one.hash}};
      text->add(std::move(act));
      if (const auto written = put(*text); !written) return written;
      opened = true;
      sealed = false;
      if (const auto removed = remove_files(one.files); !removed) return removed;
    }
    return {};
  }
};

Log::Log(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Log::~Log() { close(); }

Result<std::unique_ptr<Log>> Log::open(LogOptions options) {
  if (!options.patterns) {
    auto patterns = masking::Patterns::compile();
    if (!patterns) return tl::unexpected(patterns.error());
    options.patterns = std::move(*patterns);
  }
  auto impl = std::make_unique<Impl>(std::move(options));
  if (!impl->options.key_file.empty()) {
    auto key = ed25519::PrivateKey::load(impl->options.key_file);
    if (!key) return tl::unexpected(key.error());
    impl->key = std::move(*key);
  }
  return std::unique_ptr<Log>(new Log(std::move(impl)));
}

Result<std::vector<uint64_t>> Log::write(const std::vector<Act>& acts) {
  Impl::Entry entry;
  for (const Act& act : acts) entry.acts.push_back(to_json(act, impl_->options.patterns));
  impl_->write(entry);
  if (entry.error) return tl::unexpected(*entry.error);
  return std::move(entry.numbers);
}

Result<uint64_t> Log::write(const Act& act) {
  const auto numbers = write(std::vector<Act>{act});
  if (!numbers) return tl::unexpected(numbers.error());
  return numbers->front();
}

Result<void> Log::keep_house() {
  return impl_->exclusively([this]() -> Result<void> {
    const std::string day = text_of(impl_->options.now()).substr(0, 10);
    const bool late = impl_->options.now() - impl_->head_at >= impl_->options.head_every;
    if (impl_->head_day != day || (late && !impl_->sealed)) {
      if (const auto written = impl_->write_head("audit.head", ""); !written) return written;
    }
    return impl_->has_file() ? impl_->prune() : Result<void>();
  });
}

void Log::close() {
  if (impl_->sealed) return;
  (void)impl_->exclusively([this] { return impl_->write_head("audit.seal", "the log ends"); });
}

}  // namespace edp::audit
