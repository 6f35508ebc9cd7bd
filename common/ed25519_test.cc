#include "common/ed25519.h"

#include <gtest/gtest.h>

namespace edp::ed25519 {
namespace {

TEST(Ed25519, AKeyVerifiesWhatItSignedAndNothingElse) {
  const auto key = PrivateKey::generate().value();
  const auto other = PrivateKey::generate().value();
  const std::string signature = key.sign("text").value();
  EXPECT_EQ(signature.size(), 128U);
  EXPECT_TRUE(key.public_key().verify("text", signature));
  EXPECT_FALSE(key.public_key().verify("texts", signature));
  EXPECT_FALSE(other.public_key().verify("text", signature));
  EXPECT_FALSE(key.public_key().verify("text", signature.substr(2)));
  EXPECT_FALSE(key.public_key().verify("text", std::string(128, 'g')));
  EXPECT_NE(key.public_key().id(), other.public_key().id());
}

TEST(Ed25519, KeysSurviveTheirPem) {
  const auto key = PrivateKey::generate().value();
  const std::string signature = key.sign("text").value();
  EXPECT_EQ(PrivateKey::parse(key.pem(), "here")->public_key().id(), key.public_key().id());
  EXPECT_TRUE(PublicKey::parse(key.public_key().pem(), "here")->verify("text", signature));
  EXPECT_TRUE(PublicKey::parse(key.pem(), "here")->verify("text", signature)) << "by its public part";
  EXPECT_FALSE(PrivateKey::parse(key.public_key().pem(), "here"));
  EXPECT_EQ(PrivateKey::parse("no key", "here").error().where, "here");
}

}  // namespace
}  // namespace edp::ed25519
