#include "runner/analyse/source_line.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

namespace edp::analyse {
namespace {

class SourceLine : public ::testing::Test {
 protected:
  SourceLine() {
    folder_ = std::filesystem::path(::testing::TempDir()) /
              (std::string("edp-") + ::testing::UnitTest::GetInstance()->current_test_info()->name());
    std::filesystem::create_directories(folder_);
  }
  ~SourceLine() override { std::filesystem::remove_all(folder_); }
  [[nodiscard]] std::string write(const std::string& name, const std::string& text) const {
    std::ofstream(folder_ / name, std::ios::binary) << text;
    return (folder_ / name).string();
  }
  std::filesystem::path folder_;
};

TEST_F(SourceLine, IsTrimmedAndCut) {
  const std::string file =
      write("a.go", "package a\n\n\tm.Store(k,\tv) \r\n// " + std::string(300, 'x') + "\nlast");
  EXPECT_EQ(read_source_line(file, 1), "package a");
  EXPECT_EQ(read_source_line(file, 2), "");
  EXPECT_EQ(read_source_line(file, 3), "m.Store(k, v)");
  EXPECT_EQ(read_source_line(file, 4).size(), 200U);
  EXPECT_EQ(read_source_line(file, 5), "last");
  EXPECT_EQ(read_source_line(file, 6), "");
  EXPECT_EQ(read_source_line(file, 0), "");
  EXPECT_EQ(read_source_line(file, -1), "");
}

TEST_F(SourceLine, IsCutBetweenCharacters) {
  std::string text = "x";
  for (int i = 0; i < 150; ++i) text += "\xC3\xA4";
  EXPECT_EQ(read_source_line(write("b.java", text), 1).size(), 199U);
}

TEST_F(SourceLine, OnlyOfRegularSourceFiles) {
  EXPECT_EQ(read_source_line(write("secret.txt", "password\n"), 1), "");
  EXPECT_EQ(read_source_line("a.go", 1), "");
  EXPECT_EQ(read_source_line((folder_ / "none.go").string(), 1), "");
  std::filesystem::create_directory(folder_ / "folder.go");
  EXPECT_EQ(read_source_line((folder_ / "folder.go").string(), 1), "");
  ASSERT_EQ(mkfifo((folder_ / "fifo.go").c_str(), 0600), 0);
  EXPECT_EQ(read_source_line((folder_ / "fifo.go").string(), 1), "");
}

}  // namespace
}  // namespace edp::analyse
