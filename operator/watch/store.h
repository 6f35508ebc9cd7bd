// The objects of one kind, kept from its deltas. One thread.
//
// Rules: an object older than the one kept is ignored (resourceVersions compared as numbers), so is one whose
// uid was deleted lately; but the first time that a list brings an object, the list is right, whatever was
// known (the server's history may have been set back). At a list's end, what it did not bring is gone. A list
// that begins anew before the end forgets the one before.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <iterator>
#include <string_view>
#include <unordered_set>
#include <utility>

#include "operator/watch/delta.h"
#include "operator/watch/records.h"

namespace edp::watch {

template <typename T>
class Store {
 public:
  // old null: it is new. now null: it is gone. Both: changed, or told again. An object that was deleted and
  // made anew under its name is reported as gone, then as new. The store must not be changed from within.
  using OnChange = std::function<void(const T* old, const T* now)>;

  explicit Store(OnChange on_change = {}) : on_change_(std::move(on_change)) {}

  void apply(Delta<T>&& delta) {
    switch (delta.kind) {
      case DeltaKind::kSyncBegin:
        ++round_;
        syncing_ = true;
        return;
      case DeltaKind::kUpsert:
        return upsert(std::move(delta.object));
      case DeltaKind::kDelete:
        return remove(delta.object);
      case DeltaKind::kSyncEnd:
        return sync_end();
    }
  }

  // Valid until the object is deleted; its contents change with it. Null where there is none.
  [[nodiscard]] const T* find(const Symbol& ns, std::string_view name) const { return find(ns.view(), name); }
  [[nodiscard]] const T* find(std::string_view ns, std::string_view name) const {
    const auto found = nodes_.find(Key{ns, name});
    return found == nodes_.end() ? nullptr : &found->object;
  }
  // Of kinds without a namespace.
  [[nodiscard]] const T* find(std::string_view name) const { return find(std::string_view(), name); }

  template <typename F>
  void for_each(F&& visit) const {
    for (const Node& node : nodes_) visit(node.object);
  }
  [[nodiscard]] size_t size() const { return nodes_.size(); }
  // A list has been complete once.
  [[nodiscard]] bool synced() const { return synced_; }

 private:
  struct Node {
    mutable T object;  // all but its key may change in place
    mutable uint32_t round;
  };
  struct Key {
    std::string_view ns, name;
    bool operator==(const Key&) const = default;
  };
  static Key key(const T& object) {
    if constexpr (requires { object.ns; }) {
      return {object.ns.view(), object.name};
    } else {
      return {{}, object.name};
    }
  }
  static Key key(const Node& node) { return key(node.object); }
  static Key key(const Key& key) { return key; }
  struct Hash {
    using is_transparent = void;
    size_t operator()(const auto& of) const {
      const Key k = key(of);
      return std::hash<std::string_view>()(k.name) * 31 + std::hash<std::string_view>()(k.ns);
    }
  };
  struct Equal {
    using is_transparent = void;
    bool operator()(const auto& a, const auto& b) const { return key(a) == key(b); }
  };
  using Nodes = std::unordered_set<Node, Hash, Equal>;

  void upsert(T&& object) {
    const auto found = nodes_.find(key(object));
    if (found != nodes_.end() && found->object.uid == object.uid) {
      const bool listed_now = syncing_ && found->round != round_;
      found->round = round_;
      if (!listed_now && object.version != 0 && object.version < found->object.version) return;
      std::swap(found->object, object);
      if (on_change_) on_change_(&object, &found->object);
      return;
    }
    if (!syncing_ && lately_deleted(object.uid)) return;
    if (found != nodes_.end()) {
      if (!syncing_ && object.version != 0 && object.version < found->object.version) return;
      erase(found);
    }
    const auto added = nodes_.insert(Node{std::move(object), round_}).first;
    if (on_change_) on_change_(nullptr, &added->object);
  }

  void remove(const T& object) {
    deleted_[next_deleted_++ % deleted_.size()] = std::hash<std::string_view>()(object.uid);
    const auto found = nodes_.find(key(object));
    if (found != nodes_.end() && (object.uid.empty() || found->object.uid == object.uid)) erase(found);
  }

  void sync_end() {
    if (!syncing_) return;
    syncing_ = false;
    synced_ = true;
    for (auto at = nodes_.begin(); at != nodes_.end();) at = at->round == round_ ? std::next(at) : erase(at);
  }

  typename Nodes::iterator erase(typename Nodes::const_iterator at) {
    auto node = nodes_.extract(at++);
    if (on_change_) on_change_(&node.value().object, nullptr);
    return nodes_.erase(at, at);  // turns a const_iterator into an iterator
  }

  bool lately_deleted(std::string_view uid) const {
    if (uid.empty()) return false;
    const size_t hash = std::hash<std::string_view>()(uid);
    for (const size_t one : deleted_)
      if (one == hash) return true;
    return false;
  }

  OnChange on_change_;
  Nodes nodes_;
  uint32_t round_ = 0;  // of the list that an object was last seen in or after
  bool syncing_ = false, synced_ = false;
  std::array<size_t, 256> deleted_{};  // hashes of the uids deleted last
  size_t next_deleted_ = 0;
};

}  // namespace edp::watch
