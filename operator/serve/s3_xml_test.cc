#include "operator/serve/s3_xml.h"

#include <gtest/gtest.h>

namespace edp::serve::s3 {
namespace {

TEST(S3Xml, ReadsAList) {
  const auto list = read_list(R"(<?xml version="1.0" encoding="UTF-8"?>
<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>edp</Name><KeyCount>2</KeyCount>
<IsTruncated>true</IsTruncated><NextContinuationToken>a&amp;b=</NextContinuationToken>
<Contents><Key>runs/a&lt;b</Key><LastModified>2026-01-02T03:04:05.678Z</LastModified><ETag>&quot;x&quot;</ETag><Size>17</Size></Contents>
<Contents><Key>k</Key><LastModified>2026-01-02T03:04:06Z</LastModified><Size>0</Size><StorageClass>STANDARD</StorageClass></Contents>
</ListBucketResult>)");
  ASSERT_TRUE(list);
  ASSERT_EQ(list->objects.size(), 2U);
  EXPECT_EQ(list->objects[0].key, "runs/a<b");
  EXPECT_EQ(list->objects[0].modified_at, 1767323045);
  EXPECT_EQ(list->objects[0].size, 17U);
  EXPECT_EQ(list->next, "a&b=");
}

TEST(S3Xml, TakesNothingElseForAList) {
  EXPECT_TRUE(read_list("<ListBucketResult></ListBucketResult>"));
  EXPECT_FALSE(read_list(""));
  EXPECT_FALSE(read_list("<html>gateway</html>"));
  EXPECT_FALSE(read_list("<ListBucketResult><Contents><Key>a</Key>"));
  EXPECT_FALSE(read_list("<ListBucketResult><IsTruncated>true</IsTruncated></ListBucketResult>"));
  EXPECT_FALSE(read_list("<ListBucketResult><Contents><Key>a</Key></Contents></ListBucketResult>"));
  EXPECT_FALSE(
      read_list("<ListBucketResult><Contents><Key>a</Key><LastModified>x</LastModified><Size>1</Size></"
                "Contents></ListBucketResult>"));
}

TEST(S3Xml, ReadsAnError) {
  const Fault fault = read_fault(
      "<Error><Code>NoSuchBucket</Code><Message>The bucket &quot;x&quot; does not exist</Message></Error>");
  EXPECT_EQ(fault.code, "NoSuchBucket");
  EXPECT_EQ(fault.message, "The bucket \"x\" does not exist");
  EXPECT_EQ(read_fault("nonsense <Error").code, "");
}

}  // namespace
}  // namespace edp::serve::s3
