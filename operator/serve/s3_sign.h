// AWS Signature Version 4 for S3, in the Authorization header.
// https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace edp::serve::s3 {

struct Keys {
  std::string access, secret;
  std::string session_token;  // empty: none
};

struct Request {
  std::string method;
  std::string host;                          // as in the Host header: "s3.example.com:9000"
  std::string path;                          // not encoded: "/bucket/runs/shop/x"
  std::map<std::string, std::string> query;  // not encoded
  // Lower case, of which each is signed; Host and x-amz-* come by themselves.
  std::map<std::string, std::string> headers;
  std::string payload_sha256;  // 64 hex digits
  int64_t time = 0;            // seconds since 1970
  std::string region = "us-east-1";
};

// All but A-Z a-z 0-9 - . _ ~, and '/' where `keep_slash`.
std::string encode(std::string_view text, bool keep_slash);
// Path and query as they go over the wire.
std::string target(const Request& request);
// The headers to send beside Host: those given, x-amz-content-sha256, x-amz-date, x-amz-security-token,
// Authorization.
std::vector<std::pair<std::string, std::string>> sign(const Request& request, const Keys& keys);

}  // namespace edp::serve::s3
