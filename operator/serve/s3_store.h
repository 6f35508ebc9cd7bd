// Reports in an S3-compatible service, one object a report, so that one PUT is all or nothing:
//   <prefix>runs/<ns>/<name>/<runUid>/<podUid>/<file>/<attempt, 4 digits>-<sha256, 64 hex>
// The highest attempt counts, of one attempt the latest. Path-style addresses, AWS Signature Version 4.
#pragma once

#include <memory>
#include <string>

#include "operator/serve/store.h"

namespace edp::serve {

struct S3Options {
  std::string endpoint;  // "https://s3.example.com:9000"
  std::string region = "us-east-1";
  std::string bucket;
  std::string prefix;                            // "" or "edp/"
  std::string access_key_file, secret_key_file;  // read again each minute and on 403
  std::string session_token_file;                // optional
  std::string ca_file;                           // PEM; empty: the system's roots
  std::string spool_dir;                         // uploads wait here until they are whole
  uint64_t spool_reserve_bytes = uint64_t{16} << 20;
  CancelToken stop;  // set when the process ends: calls under way are given up, what was not stored is not
                     // acknowledged
};

// Checks the options only; the service is asked when it is needed.
Result<std::unique_ptr<ReportStore>> open_s3_store(const S3Options& options);

}  // namespace edp::serve
