#include "common/files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

namespace edp {
namespace {

namespace fs = std::filesystem;

class Files : public testing::Test {
 protected:
  Files() : folder_(fs::path(testing::TempDir()) / ("edp_files_" + std::to_string(::getpid()))) {
    fs::create_directory(folder_);
  }
  ~Files() override { fs::remove_all(folder_); }
  [[nodiscard]] std::string path(const char* name) const { return folder_ / name; }
  fs::path folder_;
};

TEST_F(Files, WritesAndReadsBack) {
  const std::string bytes("a\0b", 3);
  ASSERT_TRUE(write_file(path("x"), "old"));
  ASSERT_TRUE(write_file(path("x"), bytes));
  EXPECT_EQ(read_file(path("x"), 100).value(), bytes);
  // Nothing is left beside it.
  EXPECT_EQ(std::distance(fs::directory_iterator(folder_), fs::directory_iterator()), 1);
}

TEST_F(Files, PiecesAreOneFile) {
  ASSERT_TRUE(write_pieces(path("x"), [](const PutPiece& put) {
    EXPECT_TRUE(put("one "));
    EXPECT_TRUE(put("two"));
  }));
  EXPECT_EQ(read_file(path("x"), 100).value(), "one two");
}

TEST_F(Files, NoPieceIsWantedOnceTheDiskIsFull) {
  const auto written = write_pieces("/dev/full", [](const PutPiece& put) {
    EXPECT_FALSE(put("one "));
    EXPECT_FALSE(put("two"));
  });
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().to_string(), "/dev/full: cannot be written: No space left on device");
}

TEST_F(Files, AFullDiskIsNamed) {
  const auto written = write_file("/dev/full", "bytes");
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().to_string(), "/dev/full: cannot be written: No space left on device");
}

TEST_F(Files, AMissingFolderIsNamed) {
  const auto written = write_file(path("no/such/folder"), "bytes");
  ASSERT_FALSE(written);
  EXPECT_THAT(written.error().to_string(), testing::EndsWith("No such file or directory"));
}

TEST_F(Files, ReadingStopsAtTheLimit) {
  ASSERT_TRUE(write_file(path("x"), "12345"));
  EXPECT_TRUE(read_file(path("x"), 5));
  EXPECT_FALSE(read_file(path("x"), 4));
  EXPECT_FALSE(read_file("/dev/zero", 1000));
}

TEST(Sha256, IsTheStandardOne) {
  EXPECT_EQ(sha256_hex("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

}  // namespace
}  // namespace edp
