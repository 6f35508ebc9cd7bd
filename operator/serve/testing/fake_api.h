// For tests: a kube-apiserver that knows tokens and grants by table, and can be away.
#pragma once

#include <atomic>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

#include "common/mutex.h"
#include "operator/kube/api.h"

namespace edp::serve::testing {

class FakeApi final : public kube::Api {
 public:
  struct Token {
    std::string user, uid;
    std::vector<std::string> groups, audiences;
    std::map<std::string, std::vector<std::string>> extra;
  };

  void add(const std::string& token, Token who) {
    const MutexLock lock(mutex_);
    tokens_[token] = std::move(who);
  }
  void remove(const std::string& token) {
    const MutexLock lock(mutex_);
    tokens_.erase(token);
  }
  // "user namespace/name"
  void grant(const std::string& what) {
    const MutexLock lock(mutex_);
    grants_.insert(what);
  }
  void revoke(const std::string& what) {
    const MutexLock lock(mutex_);
    grants_.erase(what);
  }
  // Answers everything with this; 0: as it should, -1: no answer at all.
  std::atomic<int> status{0};
  std::atomic<int> token_reviews{0}, access_reviews{0};
  std::string last_body() {
    const MutexLock lock(mutex_);
    return last_;
  }

  kube::Answer call(const kube::Call& what, const CancelToken&) override {
    kube::Answer answer;
    const MutexLock lock(mutex_);
    last_ = what.body;
    if (status == -1) {
      answer.failure = Error{"connection refused", "https://10.0.0.1", {}};
      return answer;
    }
    if (status != 0) {
      answer.status = status;
      answer.body = R"({"kind":"Status","message":"no"})";
      return answer;
    }
    const auto body = nlohmann::json::parse(what.body);
    answer.status = 201;
    if (what.path == "/apis/authentication.k8s.io/v1/tokenreviews") {
      ++token_reviews;
      answer.body = review(body).dump();
    } else if (what.path == "/apis/authorization.k8s.io/v1/subjectaccessreviews") {
      ++access_reviews;
      answer.body = access(body).dump();
    } else {
      answer.status = 404;
    }
    return answer;
  }
  kube::Answer stream(const kube::Call&, std::chrono::milliseconds, const kube::BodySink&,
                      const CancelToken&) override {
    return {};
  }

 private:
  nlohmann::json review(const nlohmann::json& body) const EDP_REQUIRES(mutex_) {
    const auto it = tokens_.find(body.at("spec").at("token").get<std::string>());
    nlohmann::json verdict = {{"authenticated", false}};
    if (it != tokens_.end()) {
      const auto wanted = body.at("spec").contains("audiences")
                              ? body.at("spec").at("audiences").get<std::vector<std::string>>()
                              : std::vector<std::string>{"https://kubernetes.default.svc"};
      std::vector<std::string> both;
      for (const auto& one : wanted) {
        for (const auto& of : it->second.audiences) {
          if (one == of) both.push_back(one);
        }
      }
      if (!both.empty()) {
        verdict = {{"authenticated", true},
                   {"audiences", both},
                   {"user",
                    {{"username", it->second.user},
                     {"uid", it->second.uid},
                     {"groups", it->second.groups},
                     {"extra", it->second.extra}}}};
      }
    }
    return {{"kind", "TokenReview"}, {"status", verdict}};
  }
  nlohmann::json access(const nlohmann::json& body) const EDP_REQUIRES(mutex_) {
    const auto& spec = body.at("spec");
    const auto& what = spec.at("resourceAttributes");
    const bool right =
        what.at("verb") == "get" && what.at("group") == "edp.dev" && what.at("resource") == "diagnosticruns";
    const std::string key = spec.at("user").get<std::string>() + " " +
                            what.at("namespace").get<std::string>() + "/" +
                            what.at("name").get<std::string>();
    return {{"kind", "SubjectAccessReview"}, {"status", {{"allowed", right && grants_.count(key) > 0}}}};
  }

  Mutex mutex_;
  std::map<std::string, Token> tokens_ EDP_GUARDED_BY(mutex_);
  std::set<std::string> grants_ EDP_GUARDED_BY(mutex_);
  std::string last_ EDP_GUARDED_BY(mutex_);
};

}  // namespace edp::serve::testing
