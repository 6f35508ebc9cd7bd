#include "operator/serve/s3_sign.h"

#include <gtest/gtest.h>

#include "common/files.h"

namespace edp::serve::s3 {
namespace {

// The worked examples of the page that s3_sign.h names.
class Examples : public ::testing::Test {
 protected:
  Examples() {
    request.host = "examplebucket.s3.amazonaws.com";
    request.time = 1369353600;  // 2013-05-24T00:00:00Z
    request.payload_sha256 = sha256_hex("");
    request.method = "GET";
  }
  std::string signature() {
    const std::string header = sign(request, keys).back().second;
    return header.substr(header.rfind('=') + 1);
  }
  Request request;
  const Keys keys{"AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", ""};
};

TEST_F(Examples, GetAnObject) {
  request.path = "/test.txt";
  request.headers["range"] = "bytes=0-9";
  EXPECT_EQ(sign(request, keys).back().second,
            "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,"
            "SignedHeaders=host;range;x-amz-content-sha256;x-amz-date,"
            "Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41");
}

TEST_F(Examples, PutAnObject) {
  request.method = "PUT";
  request.path = "/test$file.text";
  request.headers["date"] = "Fri, 24 May 2013 00:00:00 GMT";
  request.headers["x-amz-storage-class"] = "REDUCED_REDUNDANCY";
  request.payload_sha256 = sha256_hex("Welcome to Amazon S3.");
  EXPECT_EQ(signature(), "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd");
  EXPECT_EQ(target(request), "/test%24file.text");
}

TEST_F(Examples, QueryWithoutAValue) {
  request.path = "/";
  request.query["lifecycle"] = "";
  EXPECT_EQ(signature(), "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543");
}

TEST_F(Examples, List) {
  request.path = "/";
  request.query = {{"max-keys", "2"}, {"prefix", "J"}};
  EXPECT_EQ(signature(), "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7");
  EXPECT_EQ(target(request), "/?max-keys=2&prefix=J");
}

TEST_F(Examples, SessionTokensAreSigned) {
  request.path = "/x";
  const Keys with{"a", "b", "token/+="};
  const auto headers = sign(request, with);
  EXPECT_NE(headers.back().second.find("x-amz-security-token"), std::string::npos);
  EXPECT_EQ(encode("a b/c+\xc3\xa9", false), "a%20b%2Fc%2B%C3%A9");
  EXPECT_EQ(encode("a b/c", true), "a%20b/c");
}

}  // namespace
}  // namespace edp::serve::s3
