// The four calls that the S3 store makes, with retries.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "common/cancel.h"
#include "common/http_session.h"
#include "operator/serve/s3_sign.h"
#include "operator/serve/s3_store.h"
#include "operator/serve/s3_xml.h"
#include "operator/serve/secret_file.h"

namespace edp::serve::s3 {

class Client {
 public:
  Client(const S3Options& options, http::Url endpoint);

  // `sha256`: of the body; the service checks it too.
  StoreResult<void> put(const std::string& key, std::string_view body, const std::string& sha256,
                        const std::string& content_type, const CancelToken& cancel);
  // The sink is not called again after it has had bytes and the connection broke: then it is an error.
  StoreResult<void> get(const std::string& key, const http::Sink& sink, const CancelToken& cancel);
  StoreResult<List> list(const std::string& prefix, const std::string& continuation, size_t most,
                         const CancelToken& cancel);
  // Whether the bucket can be listed; one try of a few seconds.
  StoreResult<void> probe(const CancelToken& cancel);
  // Also fine where it is not there.
  StoreResult<void> remove(const std::string& key, const CancelToken& cancel);

 private:
  struct Answer {
    int status = 0;
    std::string body;    // of an error, or where there is no sink
    bool begun = false;  // the sink has had bytes
    std::optional<http::Failure> failure;
  };
  struct Ask {
    std::string method, key, content_type;
    std::map<std::string, std::string> query;
    std::string_view body;
    std::string sha256;
    const http::Sink* sink = nullptr;
    bool quick = false;  // one try
  };
  Answer once(const Ask& ask, const Keys& keys, const CancelToken& cancel);
  StoreResult<Answer> call(const Ask& ask, const CancelToken& cancel);
  Result<Keys> keys();
  [[nodiscard]] StoreError explain(const Ask& ask, const Answer& answer) const;

  const S3Options options_;
  const std::string host_;
  SecretFile access_, secret_, session_;
  http::SessionPool pool_;
};

}  // namespace edp::serve::s3
