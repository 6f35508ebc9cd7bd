#include "operator/leader/election.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "common/time_text.h"
#include "operator/leader/lease.h"

namespace edp::leader {
namespace {

using std::chrono::milliseconds;

constexpr int64_t kLongestTerm = 86'400;  // of another's lease, whatever it says

std::string path_of(const ElectionOptions& options) {
  return "/apis/coordination.k8s.io/v1/namespaces/" + options.ns + "/leases";
}

}  // namespace

Result<void> ElectionOptions::check() const {
  if (identity.empty()) return fail("the candidate has no identity");
  if (retry_period <= milliseconds::zero()) return fail("the retry period must be above zero");
  if (renew_deadline <= retry_period + retry_period / 5)
    return fail("the renew deadline must be longer than 1.2 times the retry period");
  if (lease_duration <= renew_deadline) return fail("the lease must last longer than the renew deadline");
  return {};
}

struct Election::Impl {
  kube::Api& api;
  const Clock& clock;
  Tenure& tenure;
  const ElectionOptions options;
  const std::function<double()> random;

  Impl(kube::Api& calls, const Clock& time, Tenure& until, ElectionOptions how,
       std::function<double()> chance)
      : api(calls), clock(time), tenure(until), options(std::move(how)), random(std::move(chance)) {}

  bool leading = false;
  BootTime renewed;  // when the last write that held was sent; while leading
  std::optional<Lease> seen;
  BootTime seen_at;   // when `seen` was first read as it is
  bool doubt = true;  // the server may have another record than `seen`

  // Of one step.
  BootTime deadline;
  std::string note;

  kube::Answer call(std::string method, std::string path, std::string body, const CancelToken& cancel);
  bool read(const CancelToken& cancel);
  bool write(const CancelToken& cancel);
  void observe(Lease lease);
  [[nodiscard]] Duration left_of_other() const;
  void lose(std::string why);
  void attempt(const CancelToken& cancel);
  [[nodiscard]] bool released(const CancelToken& cancel);
};

kube::Answer Election::Impl::call(std::string method, std::string path, std::string body,
                                  const CancelToken& cancel) {
  kube::Call what;
  what.method = std::move(method);
  what.path = std::move(path);
  what.body = std::move(body);
  what.timeout = std::chrono::floor<milliseconds>(deadline - clock.now());
  what.max_bytes = 256 << 10;
  if (what.timeout <= milliseconds::zero()) {
    kube::Answer answer;
    answer.failure = Error{"no time left for this step", "", std::nullopt};
    return answer;
  }
  return api.call(what, cancel);
}

void Election::Impl::observe(Lease lease) {
  // After the answer, not before: too late is safe, for it lets the other one's lease run longer.
  if (!seen || !seen->same_record(lease)) seen_at = clock.now();
  seen = std::move(lease);
  doubt = false;
}

// False: the step ends here.
bool Election::Impl::read(const CancelToken& cancel) {
  const auto answer = call("GET", path_of(options) + "/" + options.name, "", cancel);
  if (answer.not_found()) {
    seen.reset();
    doubt = false;
    return true;
  }
  if (!answer.ok()) {
    note = "can't read the lease: " + answer.explain();
    return false;
  }
  auto lease = parse_lease(answer.body);
  if (!lease) {
    note = lease.error().to_string();
    return false;
  }
  observe(std::move(*lease));
  return true;
}

Duration Election::Impl::left_of_other() const {
  if (!seen || seen->holder.empty() || seen->holder == options.identity) return Duration::zero();
  const Duration term = seen->duration_seconds > 0
                            ? std::chrono::seconds(std::min(seen->duration_seconds, kLongestTerm))
                            : Duration(options.lease_duration);
  return std::max(Duration::zero(), seen_at + term - clock.now());
}

void Election::Impl::lose(std::string why) {
  tenure.end();
  leading = false;
  note = std::move(why);
}

bool Election::Impl::write(const CancelToken& cancel) {
  const BootTime sent = clock.now();
  const std::string wall = format_micro_time(std::chrono::floor<std::chrono::microseconds>(clock.wall()));
  Lease mine = seen.value_or(Lease{});
  if (mine.holder != options.identity || mine.acquired.empty()) {
    if (seen && mine.holder != options.identity) ++mine.transitions;
    mine.acquired = wall;
  }
  mine.holder = options.identity;
  mine.renewed = wall;
  mine.duration_seconds = std::chrono::ceil<std::chrono::seconds>(options.lease_duration).count();
  const std::string body = format_lease(mine, options.ns, options.name);
  const std::string path = path_of(options);
  doubt = true;
  const auto answer =
      seen ? call("PUT", path + "/" + options.name, body, cancel) : call("POST", path, body, cancel);
  if (!answer.ok()) {
    note = std::string(leading ? "can't renew" : "can't take") + " the lease: " + answer.explain();
    return false;
  }
  auto lease = parse_lease(answer.body);
  if (lease && lease->holder == options.identity) observe(std::move(*lease));
  renewed = sent;
  leading = true;
  tenure.extend(sent + options.lease_duration);
  note.clear();
  return true;
}

void Election::Impl::attempt(const CancelToken& cancel) {
  // Twice: a record that was changed in between is read again at once.
  for (int round = 0; round < 2; ++round) {
    if ((!leading || doubt) && !read(cancel)) return;
    if (leading && seen && seen->holder != options.identity) {
      lose("the lease was taken by " + (seen->holder.empty() ? std::string("nobody") : seen->holder));
      return;
    }
    if (left_of_other() > Duration::zero()) return;
    if (write(cancel) || clock.now() >= deadline || cancel.cancelled()) return;
  }
}

// Whether the lease is nobody's, or another's, for certain.
bool Election::Impl::released(const CancelToken& cancel) {
  for (int round = 0; round < 2; ++round) {
    if (doubt && !read(cancel)) return false;
    if (!seen || seen->holder != options.identity) return true;
    Lease free = *seen;
    free.holder.clear();
    free.duration_seconds = 1;
    free.renewed = free.acquired =
        format_micro_time(std::chrono::floor<std::chrono::microseconds>(clock.wall()));
    doubt = true;
    if (call("PUT", path_of(options) + "/" + options.name, format_lease(free, options.ns, options.name),
             cancel)
            .ok())
      return true;
  }
  return false;
}

Election::Election(kube::Api& api, const Clock& clock, Tenure& tenure, ElectionOptions options,
                   std::function<double()> random)
    : impl_(std::make_unique<Impl>(api, clock, tenure, std::move(options), std::move(random))) {}
Election::~Election() = default;

bool Election::leading() const { return impl_->leading; }

const std::string& Election::holder() const {
  static const std::string kNobody;
  return impl_->seen ? impl_->seen->holder : kNobody;
}

Election::Step Election::step(const CancelToken& cancel) {
  Impl& i = *impl_;
  i.note.clear();
  const auto overdue = [&] { return i.leading && i.clock.now() >= i.renewed + i.options.renew_deadline; };
  if (overdue()) {  // the process was stopped since the last step; whoever acts as the leader must hear of it
                    // first
    i.lose("the lease was not renewed in time");
    return {false, Duration::zero(), i.note};
  }
  i.deadline = i.clock.now() + i.options.renew_deadline / 2;
  if (i.leading) i.deadline = std::min(i.deadline, i.renewed + i.options.renew_deadline);
  i.attempt(cancel);
  if (overdue()) i.lose(i.note.empty() ? "the lease was not renewed in time" : i.note);

  Step step{i.leading, i.options.retry_period, i.note};
  if (i.leading) {
    step.pause = std::min(step.pause, i.renewed + i.options.renew_deadline - i.clock.now());
  } else {
    const double factor = 0.8 + 0.4 * i.random();
    step.pause = std::chrono::duration_cast<Duration>(Duration(i.options.retry_period) * factor);
    if (const Duration left = i.left_of_other(); left > Duration::zero())
      step.pause =
          std::min(step.pause, left + std::chrono::duration_cast<Duration>(milliseconds(100) * i.random()));
  }
  return step;
}

void Election::release(milliseconds timeout) {
  Impl& i = *impl_;
  i.tenure.end();
  const bool led = std::exchange(i.leading, false);
  if (!led && !i.doubt) return;
  if (!led && (!i.seen || i.seen->holder != i.options.identity)) return;
  const CancelToken no_cancel;
  i.deadline = i.clock.now() + timeout;
  // While a write is under way, nobody else may become the leader; if it lasts, the lease runs out by itself.
  while (i.tenure.writing() > 0) {
    if (i.clock.now() + timeout / 2 >= i.deadline) return;
    i.clock.sleep(milliseconds(5), no_cancel);
  }
  (void)i.released(no_cancel);
}

}  // namespace edp::leader
