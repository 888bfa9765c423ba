// What must hold for names when many clients change them at the same time, and when some die.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <stdio.h>

#include <algorithm>
#include <deque>
#include <map>
#include <random>

#include "support/sim_cluster.h"

namespace mayfly {
namespace {

class NamespaceLawsTest : public ::testing::TestWithParam<std::uint32_t> {
 protected:
  NamespaceLawsTest() : cluster_(options()), random_(GetParam()) {
    cluster_.network().set_max_delay(5);
    for (int i = 0; i < 6; ++i) clients_.push_back(&cluster_.add_client());
  }

  static SimOptions options() {
    SimOptions options;
    options.servers = GetParam();
    options.seed = 90 + GetParam();
    return options;
  }
  Session& client(std::size_t i) { return *clients_[i % clients_.size()]; }
  std::uint64_t pick(std::uint64_t below) { return random_() % below; }

  template <class T>
  struct Running {
    Session* session;
    Task<T> task;
  };
  template <class T>
  Running<T> start(Session& session, Task<T> task) {
    ReadyQueue::Scope scope(session.loop().ready());
    task.start(nullptr);
    return {&session, std::move(task)};
  }
  template <class T>
  void finish(std::deque<Running<T>>& running) {
    const auto is_done = [](Running<T>& one) { return one.task.done(); };
    while (!std::all_of(running.begin(), running.end(), is_done)) cluster_.turn();
  }

  void make_directory(const std::string& path) {
    ASSERT_TRUE(cluster_.run(client(0), client(0).make_directory(path, 0755)));
  }
  FileId make_file(const std::string& path) {
    auto file = cluster_.run(client(0), File::open(client(0), path, O_WRONLY | O_CREAT, 0644));
    EXPECT_TRUE(file) << path;
    EXPECT_TRUE(cluster_.run(client(0), (*file)->close()));
    return (*file)->id();
  }
  Errc stat_error(Session& session, const std::string& path) {
    const auto attributes = cluster_.run(session, session.stat(path));
    return attributes ? Errc::ok : attributes.error();
  }
  std::vector<std::string> list(Session& session, Directory& directory) {
    std::vector<std::string> names;
    for (;;) {
      auto item = cluster_.run(session, directory.next());
      EXPECT_TRUE(item);
      if (!item || !item->has_value()) return names;
      names.push_back((*item)->name);
    }
  }
  void expect_whole() {
    cluster_.settle();
    const auto whole = cluster_.check();
    EXPECT_TRUE(whole) << whole.error().sentence;
  }

  SimCluster cluster_;
  std::mt19937_64 random_;
  std::vector<Session*> clients_;
};

TEST_P(NamespaceLawsTest, OfManyWhoCreateOneNameExclusivelyOneWins) {
  std::deque<Running<Result<std::unique_ptr<File>>>> opens;
  for (std::size_t i = 0; i < 24; ++i) {
    opens.push_back(
        start(client(i), File::open(client(i), "/f", O_WRONLY | O_CREAT | O_EXCL, 0644)));
  }
  finish(opens);
  int winners = 0;
  for (auto& open : opens) {
    auto file = open.task.take();
    winners += file ? 1 : 0;
    EXPECT_EQ(file ? Errc::exists : file.error(), Errc::exists);
    if (file) {
      EXPECT_TRUE(cluster_.run(*open.session, (*file)->close()));
    }
  }
  EXPECT_EQ(winners, 1);
}

TEST_P(NamespaceLawsTest, WhoeverCreatesAFileHasItOpenThoughAnotherRemovesItAtOnce) {
  for (int round = 0; round < 40; ++round) {
    // In a new directory: its home is told of the first entry before the open is answered.
    const std::string directory = "/" + std::to_string(round);
    make_directory(directory);
    auto open = start(client(1), File::open(client(1), directory + "/f", O_WRONLY | O_CREAT, 0644));
    Errc removed = Errc::no_entry;
    while (removed == Errc::no_entry) {
      removed = to_errc(cluster_.run(client(2), client(2).remove_file(directory + "/f")));
    }
    EXPECT_EQ(removed, Errc::ok);
    while (!open.task.done()) cluster_.turn();
    auto file = open.task.take();
    ASSERT_TRUE(file) << describe(file.error());
    EXPECT_TRUE(cluster_.run(client(1), (*file)->close()));
  }
}

TEST_P(NamespaceLawsTest, OfManyWhoRenameOntoOneNameTheResultIsOneOfThem) {
  std::map<FileId, int> sources;
  std::deque<Running<Status>> renames;
  for (std::size_t i = 0; i < 24; ++i) sources[make_file("/from" + std::to_string(i))] = 0;
  for (std::size_t i = 0; i < 24; ++i) {
    renames.push_back(start(client(i), client(i).rename("/from" + std::to_string(i), "/to", 0)));
  }
  finish(renames);
  for (auto& rename : renames) EXPECT_TRUE(rename.task.take());
  const auto attributes = cluster_.run(client(0), client(0).stat("/to"));
  ASSERT_TRUE(attributes);
  EXPECT_TRUE(sources.contains(attributes->id));
  EXPECT_EQ(attributes->nlink, 1U);
  auto root = cluster_.run(client(0), Directory::open(client(0), "/"));
  EXPECT_EQ(list(client(0), **root).size(), 3U);
  expect_whole();
}

TEST_P(NamespaceLawsTest, OfManyWhoRenameOneNameOneWins) {
  make_file("/from");
  std::deque<Running<Status>> renames;
  for (std::size_t i = 0; i < 24; ++i) {
    renames.push_back(start(client(i), client(i).rename("/from", "/to" + std::to_string(i), 0)));
  }
  finish(renames);
  int winners = 0;
  for (auto& rename : renames) {
    const Status renamed = rename.task.take();
    winners += renamed ? 1 : 0;
    EXPECT_EQ(renamed ? Errc::no_entry : renamed.error(), Errc::no_entry);
  }
  EXPECT_EQ(winners, 1);
  expect_whole();
}

TEST_P(NamespaceLawsTest, MoreRenamesThanAChannelHoldsRequestsDoNotStandInEachOthersWay) {
  constexpr std::size_t kRenames = 1000;
  for (std::size_t i = 0; i < kRenames; ++i) make_file("/from" + std::to_string(i));
  std::deque<Running<Status>> renames;
  for (std::size_t i = 0; i < kRenames; ++i) {
    renames.push_back(start(client(i), client(i).rename("/from" + std::to_string(i), "/to", 0)));
  }
  finish(renames);
  for (auto& rename : renames) EXPECT_TRUE(rename.task.take());
  expect_whole();
}

TEST_P(NamespaceLawsTest, ANameThatIsReplacedIsNeverMissing) {
  make_file("/to");
  for (int round = 0; round < 20; ++round) {
    make_file("/from");
    std::deque<Running<Status>> renames;
    renames.push_back(start(client(1), client(1).rename("/from", "/to", 0)));
    while (!renames.front().task.done()) EXPECT_EQ(stat_error(client(2), "/to"), Errc::ok);
    EXPECT_TRUE(renames.front().task.take());
  }
}

TEST_P(NamespaceLawsTest, ExchangedNamesAreNeverMissingAndNeverOneFile) {
  const FileId a = make_file("/a");
  make_directory("/d");
  const FileId b = make_file("/d/b");
  for (int round = 0; round < 20; ++round) {
    std::deque<Running<Status>> renames;
    renames.push_back(start(client(1), client(1).rename("/a", "/d/b", RENAME_EXCHANGE)));
    while (!renames.front().task.done()) {
      for (const char* path : {"/a", "/d/b"}) {
        const auto attributes = cluster_.run(client(2), client(2).stat(path));
        ASSERT_TRUE(attributes) << path;
        EXPECT_TRUE(attributes->id == a || attributes->id == b);
      }
    }
    EXPECT_TRUE(renames.front().task.take());
    EXPECT_EQ(cluster_.run(client(2), client(2).stat("/a"))->id, round % 2 == 0 ? b : a);
  }
}

TEST_P(NamespaceLawsTest, ARenamedDirectoryIsFoundUnderItsNewNameByAllAtOnce) {
  make_directory("/d0");
  make_directory("/d0/sub");
  make_file("/d0/sub/f");
  for (int round = 0; round < 10; ++round) {
    const std::string from = "/d" + std::to_string(round);
    const std::string to = "/d" + std::to_string(round + 1);
    // All know the old path.
    for (Session* session : clients_) EXPECT_EQ(stat_error(*session, from + "/sub/f"), Errc::ok);
    ASSERT_TRUE(cluster_.run(client(0), client(0).rename(from, to, 0)));
    for (Session* session : clients_) {
      EXPECT_EQ(stat_error(*session, from + "/sub/f"), Errc::no_entry);
      EXPECT_EQ(stat_error(*session, to + "/sub/f"), Errc::ok);
    }
  }
}

TEST_P(NamespaceLawsTest, APathDoesNotLeadThroughADirectoryThatIsRemoved) {
  for (int i = 0; i < 8; ++i) {
    const std::string path = "/d" + std::to_string(i);
    make_directory(path);
    ASSERT_EQ(stat_error(client(1), path + "/.."), Errc::ok);
    // Whoever has it open keeps it, but not under its name.
    Session& opener = client(3);
    auto open = cluster_.run(opener, File::open(opener, path, O_RDONLY, 0));
    ASSERT_TRUE(open);
    if (i % 2 == 0) {
      ASSERT_TRUE(cluster_.run(opener, (*open)->close()));
    }
    ASSERT_TRUE(cluster_.run(client(2), client(2).remove_directory(path)));
    if (i % 4 < 2) {
      make_directory(path);
    } else {
      make_file(path);
    }
    const Errc expected = i % 4 < 2 ? Errc::ok : Errc::not_a_directory;
    for (const char* rest : {"/..", "/../d0", "/.", "/"}) {
      EXPECT_EQ(stat_error(client(1), path + rest), expected) << path << rest;
    }
    if (i % 2 != 0) {
      EXPECT_TRUE(cluster_.run(opener, (*open)->close()));
    }
  }
}

TEST_P(NamespaceLawsTest, DirectoriesThatAreMovedIntoEachOtherMakeNoCircle) {
  for (int round = 0; round < 10; ++round) {
    const std::string base = "/" + std::to_string(round);
    make_directory(base);
    for (const char* name : {"/a", "/b", "/c"}) make_directory(base + name);
    std::deque<Running<Status>> renames;
    renames.push_back(start(client(1), client(1).rename(base + "/a", base + "/b/a", 0)));
    renames.push_back(start(client(2), client(2).rename(base + "/b", base + "/c/b", 0)));
    renames.push_back(start(client(3), client(3).rename(base + "/c", base + "/a/c", 0)));
    finish(renames);
    expect_whole();
  }
}

TEST_P(NamespaceLawsTest, AListingDuringCreationsShowsWhatWasThereThroughoutExactlyOnce) {
  constexpr int kThere = 300;
  make_directory("/d");
  for (int i = 0; i < kThere; ++i) make_file("/d/there" + std::to_string(i));
  auto directory = cluster_.run(client(1), Directory::open(client(1), "/d"));
  ASSERT_TRUE(directory);
  std::map<std::string, int> seen;
  int created = 0;
  for (;;) {
    auto item = cluster_.run(client(1), (*directory)->next());
    ASSERT_TRUE(item);
    if (!item->has_value()) break;
    ++seen[(*item)->name];
    if (seen.size() % 3 == 0 && created < 500) make_file("/d/new" + std::to_string(created++));
    if (seen.size() % 5 == 0 && created > 2) {
      const std::string path = "/d/new" + std::to_string(pick(static_cast<std::uint64_t>(created)));
      const Status removed = cluster_.run(client(2), client(2).remove_file(path));
      EXPECT_TRUE(removed || removed.error() == Errc::no_entry);
    }
  }
  for (int i = 0; i < kThere; ++i) EXPECT_EQ(seen["there" + std::to_string(i)], 1) << i;
  for (const auto& [name, times] : seen) EXPECT_EQ(times, 1) << name;
}

/// All kinds of changes, by all clients at once, in a small tree: they meet all the time.
TEST_P(NamespaceLawsTest, WhateverManyDoAtOnceTheTreeStaysWhole) {
  const auto any_path = [&] {
    std::string path;
    for (std::uint64_t depth = 1 + pick(3); depth > 0; --depth) {
      path += "/" + std::string(1, static_cast<char>('a' + pick(3)));
    }
    return path;
  };
  for (int round = 0; round < 60; ++round) {
    std::deque<Running<Status>> running;
    for (std::size_t i = 0; i < 30; ++i) {
      Session& session = client(i);
      switch (pick(7)) {
        case 0:
        case 1:
          running.push_back(start(session, session.make_directory(any_path(), 0755)));
          break;
        case 2:
          running.push_back(start(session, session.remove_directory(any_path())));
          break;
        case 3:
          running.push_back(start(session, session.link(any_path(), any_path(), false)));
          break;
        case 4:
          running.push_back(start(session, session.make_symbolic_link(any_path(), any_path())));
          break;
        case 5:
          running.push_back(start(session, session.remove_file(any_path())));
          break;
        default:
          running.push_back(start(session, session.rename(any_path(), any_path(), pick(3))));
      }
    }
    finish(running);
    for (auto& one : running) {
      const Errc error = to_errc(one.task.take());
      EXPECT_NE(error, Errc::stale);
      EXPECT_NE(error, Errc::busy);
      EXPECT_NE(error, Errc::io_error);
    }
    expect_whole();
    if (HasFailure()) return;
  }
}

TEST_P(NamespaceLawsTest, AClientThatDiesInTheMiddleLeavesTheTreeWhole) {
  for (int round = 0; round < 40; ++round) {
    const std::string base = "/" + std::to_string(round);
    for (const char* name : {"", "/d", "/e"}) make_directory(base + name);
    make_file(base + "/f");
    make_file(base + "/d/g");
    Session& victim = cluster_.add_client();
    std::deque<Running<Status>> running;
    running.push_back(start(victim, victim.rename(base + "/d", base + "/e/d", 0)));
    running.push_back(start(victim, victim.rename(base + "/f", base + "/e/f", 0)));
    running.push_back(start(victim, victim.link(base + "/d/g", base + "/g", false)));
    running.push_back(start(victim, victim.make_directory(base + "/new", 0755)));
    for (std::uint64_t turns = pick(120); turns > 0; --turns) cluster_.turn();
    cluster_.kill_client(victim);
    running.clear();
    expect_whole();
    const bool is_old = stat_error(client(1), base + "/d/g") == Errc::ok;
    const bool is_new = stat_error(client(2), base + "/e/d/g") == Errc::ok;
    EXPECT_NE(is_old, is_new);
    EXPECT_NE(stat_error(client(1), base + "/f") == Errc::ok,
              stat_error(client(2), base + "/e/f") == Errc::ok);
    if (HasFailure()) return;
  }
}

INSTANTIATE_TEST_SUITE_P(Servers, NamespaceLawsTest, ::testing::Values(1, 2, 3, 8));

}  // namespace
}  // namespace mayfly
