#include "operator/control/world.h"

#include <algorithm>
#include <utility>

namespace edp::control {
namespace {

template <typename T>
void drop(std::unordered_map<std::string, std::vector<const T*>>& index, const std::string& key,
          const T* object) {
  const auto found = index.find(key);
  if (found == index.end()) return;
  std::erase(found->second, object);
  if (found->second.empty()) index.erase(found);
}

template <typename T>
void add(std::unordered_map<std::string, std::vector<const T*>>& index, const std::string& key,
         const T* object) {
  auto& objects = index[key];
  if (std::ranges::find(objects, object) == objects.end()) objects.push_back(object);
}

template <typename T>
std::vector<const T*> look_up(const std::unordered_map<std::string, std::vector<const T*>>& index,
                              std::string_view key) {
  const auto found = index.find(std::string(key));
  return found == index.end() ? std::vector<const T*>() : found->second;
}

}  // namespace

std::string_view run_uid_of(const watch::PodRecord& pod) {
  return pod.runner ? watch::label(*pod.labels, "edp.dev/run-uid") : std::string_view();
}

// A changed object stays where it is: only its contents are new. So the look-ups hold its address, and a
// change in place touches them only where a key could differ.
World::World(WorldListener listener)
    : pods([this](const auto* old, const auto* now) { pod_changed(old, now); }),
      jobs([this](const auto* old, const auto* now) { job_changed(old, now); }),
      runs([this](const auto* old, const auto* now) { run_changed(old, now); }),
      profiles([this](const auto* old, const auto* now) { listener_.on_profile(old, now); }),
      policies([this](const auto* old, const auto* now) { listener_.on_policy(old, now); }),
      quotas([this](const auto* old, const auto* now) { listener_.on_quota(old, now); }),
      listener_(std::move(listener)) {}

bool World::synced() const {
  return pods.synced() && jobs.synced() && runs.synced() && profiles.synced() && policies.synced() &&
         quotas.synced();
}

const World::PodSet& World::pods_in(const watch::Symbol& ns) const {
  static const PodSet none;
  const auto found = pods_by_namespace_.find(ns);
  return found == pods_by_namespace_.end() ? none : found->second;
}

std::vector<const watch::PodRecord*> World::runner_pods(std::string_view run_uid) const {
  return look_up(runner_pods_, run_uid);
}

std::vector<const watch::JobRecord*> World::jobs_of(std::string_view run_uid) const {
  return look_up(jobs_by_run_, run_uid);
}

const watch::RunRecord* World::run(const std::string& uid) const {
  const auto found = runs_by_uid_.find(uid);
  return found == runs_by_uid_.end() ? nullptr : found->second;
}

void World::pod_changed(const watch::PodRecord* old, const watch::PodRecord* now) {
  if (now == nullptr) {
    const auto in_namespace = pods_by_namespace_.find(old->ns);
    if (in_namespace != pods_by_namespace_.end()) {
      in_namespace->second.erase(old);
      if (in_namespace->second.empty()) pods_by_namespace_.erase(in_namespace);
    }
    if (old->runner) drop(runner_pods_, std::string(run_uid_of(*old)), old);
  } else {
    if (old == nullptr) pods_by_namespace_[now->ns].insert(now);
    if (old != nullptr && old->runner && run_uid_of(*old) != run_uid_of(*now)) {
      drop(runner_pods_, std::string(run_uid_of(*old)), now);
    }
    if (now->runner) add(runner_pods_, std::string(run_uid_of(*now)), now);
  }
  listener_.on_pod(old, now);
}

void World::job_changed(const watch::JobRecord* old, const watch::JobRecord* now) {
  if (now == nullptr) {
    drop(jobs_by_run_, old->run_uid, old);
  } else {
    if (old != nullptr && old->run_uid != now->run_uid) drop(jobs_by_run_, old->run_uid, now);
    if (!now->run_uid.empty()) add(jobs_by_run_, now->run_uid, now);
  }
  listener_.on_job(old, now);
}

void World::run_changed(const watch::RunRecord* old, const watch::RunRecord* now) {
  if (now == nullptr) {
    runs_by_uid_.erase(old->uid);
  } else if (old == nullptr) {
    runs_by_uid_[now->uid] = now;
  }
  listener_.on_run(old, now);
}

}  // namespace edp::control
