// Against a server of ours that misbehaves on purpose; against a real one: tests/serve/.
#include "operator/serve/s3_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "common/files.h"
#include "common/http_server.h"
#include "common/mutex.h"
#include "common/testing/temp_dir.h"
#include "operator/serve/testing/keys.h"

namespace edp::serve {
namespace {

using edp::testing::TempDir;
using testing::get;
using ::testing::HasSubstr;
using testing::key;
using testing::put;

// Objects by key, listed one a page; answers `fail_with` to the next `failures` calls.
class Bucket {
 public:
  Bucket() : server(http::ServerOptions{}) {
    for (const std::string method : {"GET", "PUT", "DELETE"}) {
      server.route(method, "/edp", [this](http::ServerRequest& request) { return answer(request); });
      // prefix/runs/ns/name/uid/pod/file/object
      server.route(method, "/edp/{a}/{b}/{c}/{d}/{e}/{f}/{g}/{h}",
                   [this](http::ServerRequest& request) { return answer(request); });
    }
    EXPECT_TRUE(server.start());
  }
  http::Reply answer(http::ServerRequest& request) {
    std::string body;
    (void)request.read_body(1U << 26U, [&](std::string_view bytes) {
      body += bytes;
      return true;
    });
    const MutexLock lock(mutex);
    ++calls;
    credentials = request.header("Authorization");
    if (failures > 0) {
      --failures;
      return fail(fail_with, fail_code);
    }
    if (credentials.find("Credential=" + accept_key + "/") == std::string::npos)
      return fail(403, "InvalidAccessKeyId");
    if (request.path == "/edp") return list(request.query);
    if (request.method == "PUT") {
      if (request.header("x-amz-content-sha256") != sha256_hex(body))
        return fail(400, "XAmzContentSHA256Mismatch");
      objects[request.path.substr(5)] = body;
      return {};
    }
    if (request.method == "DELETE") {
      objects.erase(request.path.substr(5));
      http::Reply reply;
      reply.status = 204;
      return reply;
    }
    const auto it = objects.find(request.path.substr(5));
    if (it == objects.end()) return fail(404, "NoSuchKey");
    http::Reply reply;
    reply.body = it->second;
    return reply;
  }
  static http::Reply fail(int status, const std::string& code) {
    http::Reply reply;
    reply.status = status;
    reply.content_type = "application/xml";
    reply.body = "<Error><Code>" + code + "</Code><Message>because</Message></Error>";
    return reply;
  }
  http::Reply list(const std::string& query) EDP_REQUIRES(mutex) {
    const auto value = [&](const std::string& name) {
      const size_t at = query.find(name + "=");
      if (at == std::string::npos) return std::string();
      std::string text = query.substr(at + name.size() + 1, query.find('&', at) - at - name.size() - 1);
      for (size_t p = 0; (p = text.find("%2F", p)) != std::string::npos;) text.replace(p, 3, "/");
      return text;
    };
    const std::string prefix = value("prefix");
    const std::string after = value("continuation-token");
    http::Reply reply;
    reply.body = "<ListBucketResult>";
    for (auto it = objects.upper_bound(std::max(prefix, after));
         it != objects.end() && it->first.starts_with(prefix); ++it) {
      const bool more = std::next(it) != objects.end() && std::next(it)->first.starts_with(prefix);
      reply.body += "<Contents><Key>" + it->first +
                    "</Key><LastModified>2026-01-02T03:04:05Z</LastModified><Size>" +
                    std::to_string(it->second.size()) + "</Size></Contents>";
      if (more)
        reply.body +=
            "<IsTruncated>true</IsTruncated><NextContinuationToken>" + it->first + "</NextContinuationToken>";
      break;
    }
    reply.body += "</ListBucketResult>";
    return reply;
  }

  Mutex mutex;
  std::map<std::string, std::string> objects EDP_GUARDED_BY(mutex);
  int failures EDP_GUARDED_BY(mutex) = 0, calls EDP_GUARDED_BY(mutex) = 0,
               fail_with EDP_GUARDED_BY(mutex) = 503;
  std::string fail_code EDP_GUARDED_BY(mutex) = "SlowDown", credentials EDP_GUARDED_BY(mutex),
                        accept_key EDP_GUARDED_BY(mutex) = "key1";
  http::Server server;
};

class S3 : public ::testing::Test {
 protected:
  S3() {
    options.endpoint = "http://127.0.0.1:" + std::to_string(bucket.server.port());
    options.bucket = "edp";
    options.prefix = "p/";
    options.access_key_file = dir.write("access", "key1\n");
    options.secret_key_file = dir.write("secret", "secret1\n");
    options.spool_dir = dir.path().string();
    options.spool_reserve_bytes = 0;
  }
  std::unique_ptr<ReportStore> open() {
    auto store = open_s3_store(options);
    EXPECT_TRUE(store) << (store ? "" : store.error().to_string());
    return std::move(*store);
  }
  void fail(int times, int status, const std::string& code) {
    const MutexLock lock(bucket.mutex);
    bucket.failures = times;
    bucket.fail_with = status;
    bucket.fail_code = code;
  }
  int calls() {
    const MutexLock lock(bucket.mutex);
    return std::exchange(bucket.calls, 0);
  }
  TempDir dir;
  Bucket bucket;
  S3Options options;
};

TEST_F(S3, KeepsReportsPageByPage) {
  const auto store = open();
  const std::string large(500'000, 'x');
  ASSERT_TRUE(put(*store, key(1), large));
  ASSERT_TRUE(put(*store, key(2), "two"));
  ASSERT_TRUE(put(*store, key(2, ReportFile::kHtml), "page"));
  EXPECT_EQ(get(*store, key(1)), large);
  EXPECT_EQ(get(*store, key(2)), "two");
  EXPECT_EQ(store->find(key(3)).error().kind, StoreErrorKind::kNotFound);
  const auto list = store->index("shop", "why-slow");
  ASSERT_TRUE(list) << list.error().error.to_string();
  EXPECT_EQ(list->size(), 3U);
  EXPECT_EQ(store->trouble(), "");
  EXPECT_EQ(store->usage().reports, 3U);
}

TEST_F(S3, TheLaterAttemptCountsAndTheEarlierGoes) {
  const auto store = open();
  ASSERT_TRUE(put(*store, key(1), "one", 1));
  (void)calls();
  ASSERT_TRUE(put(*store, key(1), "one", 1));
  EXPECT_EQ(calls(), 1) << "what is there is not sent again";
  ASSERT_TRUE(put(*store, key(1), "two", 2));
  EXPECT_EQ(put(*store, key(1), "one again", 1).error().kind, StoreErrorKind::kSuperseded);
  EXPECT_EQ(get(*store, key(1)), "two");
  const MutexLock lock(bucket.mutex);
  EXPECT_EQ(bucket.objects.size(), 1U);
}

TEST_F(S3, TriesAgainWhatPasses) {
  const auto store = open();
  fail(2, 503, "SlowDown");
  ASSERT_TRUE(put(*store, key(1), "one"));
  EXPECT_EQ(get(*store, key(1)), "one");
}

TEST_F(S3, NamesWhatDoesNot) {
  const auto store = open();
  struct Case {
    int status;
    std::string code;
    StoreErrorKind kind;
    std::string says;
  };
  for (const Case& one :
       std::vector<Case>{{404, "NoSuchBucket", StoreErrorKind::kBroken, "NoSuchBucket: because"},
                         {400, "EntityTooLarge", StoreErrorKind::kBroken, "EntityTooLarge"},
                         {507, "InsufficientStorage", StoreErrorKind::kDiskFull, "507"},
                         {400, "QuotaExceeded", StoreErrorKind::kDiskFull, "QuotaExceeded"},
                         {403, "RequestTimeTooSkewed", StoreErrorKind::kBroken, "clock is wrong"},
                         {403, "SignatureDoesNotMatch", StoreErrorKind::kBroken, "access key"}}) {
    fail(100, one.status, one.code);
    const auto stored = put(*store, key(1), "one");
    ASSERT_FALSE(stored) << one.code;
    EXPECT_EQ(stored.error().kind, one.kind) << one.code;
    EXPECT_THAT(stored.error().error.to_string(), HasSubstr(one.says));
    EXPECT_EQ(stored.error().error.to_string().find("secret1"), std::string::npos);
  }
  EXPECT_THAT(store->trouble(), HasSubstr("SignatureDoesNotMatch"));
  fail(100, 503, "SlowDown");
  EXPECT_EQ(store->find(key(1)).error().kind, StoreErrorKind::kUnavailable);
  bucket.server.stop();
  EXPECT_EQ(store->find(key(1)).error().kind, StoreErrorKind::kUnavailable);
}

TEST_F(S3, TakesNewKeysWithoutARestart) {
  const auto store = open();
  ASSERT_TRUE(put(*store, key(1), "one"));
  {
    const MutexLock lock(bucket.mutex);
    bucket.accept_key = "key2";
  }
  EXPECT_FALSE(put(*store, key(2), "two"));
  dir.write("access", "key2");
  EXPECT_TRUE(put(*store, key(2), "two"));
}

TEST_F(S3, NoticesWhatIsNotWhatWasStored) {
  const auto store = open();
  const auto ref = put(*store, key(1), "one");
  ASSERT_TRUE(ref);
  for (const std::string text : {"0ne", "on", "one and more", ""}) {
    {
      const MutexLock lock(bucket.mutex);
      bucket.objects.begin()->second = text;
    }
    const auto opened = store->open(key(1), *ref);
    ASSERT_FALSE(opened) << text;
    EXPECT_EQ(opened.error().kind, StoreErrorKind::kCorrupt) << text;
  }
}

TEST_F(S3, SweepsByAge) {
  const auto store = open();
  ASSERT_TRUE(put(*store, key(1), "one"));
  ASSERT_TRUE(put(*store, key(2), "two"));
  {
    const MutexLock lock(bucket.mutex);
    bucket.objects["p/runs/someone/elses"] = "left alone";
    std::string old = bucket.objects.begin()->first;
    old.replace(old.rfind('/') + 1, 4, "0000");  // an earlier attempt that could not be removed
    bucket.objects[old] = "one";
  }
  const int64_t stored = 1767323045;
  auto swept = store->sweep(stored + 7200, std::chrono::hours(24), {});
  ASSERT_TRUE(swept) << swept.error().error.to_string();
  EXPECT_EQ(swept->reports_removed, 0U);
  EXPECT_EQ(swept->leftovers_removed, 1U);
  EXPECT_EQ(swept->kept, 2U);
  EXPECT_EQ(get(*store, key(1)), "one");
  swept = store->sweep(stored + 86'401, std::chrono::hours(24), {});
  ASSERT_TRUE(swept);
  EXPECT_EQ(swept->reports_removed, 2U);
  EXPECT_EQ(swept->kept, 0U);
  const MutexLock lock(bucket.mutex);
  EXPECT_EQ(bucket.objects.size(), 1U);
}

TEST_F(S3, GivesUpWhenTheProcessEnds) {
  const auto store = open();
  fail(1000, 503, "SlowDown");
  std::thread stopper([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(300));
    options.stop.cancel();
  });
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_EQ(put(*store, key(1), "one").error().kind, StoreErrorKind::kUnavailable);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::milliseconds(900));
  stopper.join();
}

TEST_F(S3, SaysWhatIsWrongWithItsOptions) {
  const S3Options good = options;
  const std::vector<std::pair<std::string, std::function<void()>>> cases = {
      {"not a usable URL", [&] { options.endpoint = "s3.example.com"; }},
      {"scheme, host and port only", [&] { options.endpoint = "https://s3.example.com/edp"; }},
      {"S3 bucket", [&] { options.bucket = ""; }},
      {"must end with '/'", [&] { options.prefix = "edp"; }},
      {"secret key", [&] { options.secret_key_file = ""; }},
      {"is no folder", [&] { options.spool_dir = "/nowhere"; }},
  };
  for (const auto& [says, change] : cases) {
    options = good;
    change();
    const auto store = open_s3_store(options);
    ASSERT_FALSE(store) << says;
    EXPECT_THAT(store.error().to_string(), HasSubstr(says));
  }
}

}  // namespace
}  // namespace edp::serve
