// A directory's times and link count follow its entries, wherever those are.
#include <fcntl.h>
#include <gtest/gtest.h>

#include "support/sim_cluster.h"

namespace mayfly {
namespace {

class DirectoryTimesTest : public ::testing::TestWithParam<std::uint32_t> {
 protected:
  DirectoryTimesTest()
      : cluster_(options()), writer_(cluster_.add_client()), reader_(cluster_.add_client()) {
    cluster_.network().set_max_delay(5);
    make_directory("/d");
  }

  static SimOptions options() {
    SimOptions options;
    options.servers = GetParam();
    return options;
  }
  void make_directory(const std::string& path) {
    ASSERT_TRUE(cluster_.run(writer_, writer_.make_directory(path, 0755))) << path;
  }
  void make_file(const std::string& path) {
    auto file = cluster_.run(writer_, File::open(writer_, path, O_CREAT | O_WRONLY, 0644));
    ASSERT_TRUE(file) << path;
    ASSERT_TRUE(cluster_.run(writer_, (*file)->close()));
  }
  Attributes stat(const std::string& path) {
    const auto attributes = cluster_.run(reader_, reader_.stat(path));
    EXPECT_TRUE(attributes) << path;
    return attributes ? *attributes : Attributes();
  }
  std::uint64_t news_asked() {
    std::uint64_t asked = 0;
    for (std::uint32_t i = 0; i < GetParam(); ++i) {
      asked += cluster_.server(i).peers().sent()[index_of(Opcode::take_news)];
    }
    return asked;
  }
  /// Whether `change` moves both times of `directory` to the time at which it happens.
  template <class Change>
  void expect_touched(const std::string& directory, Change change) {
    const Attributes before = stat(directory);
    const std::int64_t begin = wall_clock_ns();
    change();
    const Attributes after = stat(directory);
    EXPECT_GE(after.mtime_ns, begin);
    // It travels as an age, and so becomes later on the way.
    EXPECT_LE(after.mtime_ns, wall_clock_ns());
    EXPECT_GE(after.ctime_ns, after.mtime_ns);
    EXPECT_EQ(after.atime_ns, before.atime_ns);
  }

  SimCluster cluster_;
  Session& writer_;
  Session& reader_;
};

TEST_P(DirectoryTimesTest, EachChangeOfAnEntryIsSeenAtOnce) {
  for (int i = 0; i < 12; ++i) {
    const std::string path = "/d/" + std::to_string(i);
    expect_touched("/d", [&] { make_file(path); });
    expect_touched(
        "/d", [&] { ASSERT_TRUE(cluster_.run(writer_, writer_.link(path, path + "l", false))); });
    expect_touched("/d", [&] {
      ASSERT_TRUE(cluster_.run(writer_, writer_.make_symbolic_link("x", path + "s")));
    });
    expect_touched(
        "/d", [&] { ASSERT_TRUE(cluster_.run(writer_, writer_.rename(path, path + "r", 0))); });
    expect_touched("/d",
                   [&] { ASSERT_TRUE(cluster_.run(writer_, writer_.remove_file(path + "l"))); });
    expect_touched("/d", [&] { make_directory(path); });
    expect_touched("/d",
                   [&] { ASSERT_TRUE(cluster_.run(writer_, writer_.remove_directory(path))); });
  }
}

TEST_P(DirectoryTimesTest, ARenameTouchesBothDirectories) {
  make_directory("/e");
  for (int i = 0; i < 12; ++i) {
    const std::string name = "/" + std::to_string(i);
    make_file("/d" + name);
    const auto rename = [&] {
      ASSERT_TRUE(cluster_.run(writer_, writer_.rename("/d" + name, "/e" + name, 0)));
    };
    const std::int64_t begin = wall_clock_ns();
    rename();
    EXPECT_GE(stat("/d").mtime_ns, begin);
    EXPECT_GE(stat("/e").mtime_ns, begin);
  }
}

TEST_P(DirectoryTimesTest, TimesThatWereSetSurviveTheChangesBefore) {
  for (int i = 0; i < 12; ++i) {
    make_file("/d/" + std::to_string(i));
    ChangeBody change;
    change.mask = kMtime;
    change.mtime_ns = 1'000'000'007;
    ASSERT_TRUE(cluster_.run(writer_, writer_.change_attributes("/d", change)));
    // What servers knew by then has been asked before: told later, it could come late.
    const std::uint64_t asked = news_asked();
    EXPECT_EQ(stat("/d").mtime_ns, 1'000'000'007);
    EXPECT_EQ(news_asked(), asked);
  }
}

TEST_P(DirectoryTimesTest, ADirectoryHasALinkForEachDirectoryInIt) {
  for (std::uint32_t i = 0; i < 20; ++i) {
    EXPECT_EQ(stat("/d").nlink, 2 + i);
    make_directory("/d/" + std::to_string(i));
    make_file("/d/f" + std::to_string(i));
  }
  make_directory("/e");
  for (std::uint32_t i = 0; i < 20; ++i) {
    const std::string name = "/" + std::to_string(i);
    ASSERT_TRUE(cluster_.run(writer_, writer_.rename("/d" + name, "/e" + name, 0)));
    EXPECT_EQ(stat("/d").nlink, 21 - i);
    EXPECT_EQ(stat("/e").nlink, 3 + i);
  }
}

INSTANTIATE_TEST_SUITE_P(Servers, DirectoryTimesTest, ::testing::Values(1, 2, 3, 8));

}  // namespace
}  // namespace mayfly
