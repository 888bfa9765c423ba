// Locks between clients of several servers.
#include <fcntl.h>
#include <gtest/gtest.h>

#include <deque>
#include <random>

#include "support/sim_cluster.h"

namespace mayfly {
namespace {

constexpr LockType kShared = LockType::shared;
constexpr LockType kExclusive = LockType::exclusive;
constexpr LockType kNone = LockType::none;

LockBody range(LockType type, std::uint64_t begin = 0, std::uint64_t last = kLockToTheEnd) {
  LockBody body;
  body.type = type;
  body.begin = begin;
  body.last = last;
  return body;
}

LockBody waiting(LockBody body) {
  body.waits = 1;
  return body;
}

LockBody whole(LockType type) {
  LockBody body = range(type);
  body.kind = LockKind::whole;
  return body;
}

class LockTest : public ::testing::TestWithParam<std::uint32_t> {
 protected:
  struct Member {
    Session* session;
    std::vector<std::unique_ptr<File>> files;
  };

  LockTest() : cluster_(options()) {
    cluster_.network().set_max_delay(4);
    for (int i = 0; i < 4; ++i) members_.push_back({&cluster_.add_client(), {}});
    for (Member& member : members_) {
      // Of some files the inodes are on other servers than those of others.
      for (int file = 0; file < 6; ++file) member.files.push_back(open(member, file));
    }
  }
  ~LockTest() override {
    for (Member& member : members_) {
      for (auto& file : member.files) {
        if (file == nullptr) continue;
        EXPECT_TRUE(cluster_.run(*member.session, file->close()));
      }
    }
    for (std::uint32_t i = 0; i < GetParam(); ++i) {
      EXPECT_EQ(cluster_.server(i).waits().size(), 0U);
    }
  }
  static SimOptions options() {
    SimOptions options;
    options.servers = GetParam();
    return options;
  }
  std::unique_ptr<File> open(Member& member, int number) {
    const std::string path = "/f" + std::to_string(number);
    auto file =
        cluster_.run(*member.session, File::open(*member.session, path, O_RDWR | O_CREAT, 0644));
    EXPECT_TRUE(file);
    return std::move(*file);
  }
  Errc lock(Member& member, int file, LockBody body,
            File::LockedBy whose = File::LockedBy::process) {
    const auto number = static_cast<std::size_t>(file);
    return to_errc(cluster_.run(*member.session, member.files[number]->lock(body, whose)));
  }
  Task<Status> start(Member& member, int file, LockBody body,
                     File::LockedBy whose = File::LockedBy::process) {
    ReadyQueue::Scope scope(member.session->loop().ready());
    Task<Status> task = member.files[static_cast<std::size_t>(file)]->lock(body, whose);
    task.start(nullptr);
    return task;
  }
  Errc finish(Task<Status>& task) {
    while (!task.done()) cluster_.turn();
    return to_errc(task.take());
  }
  void kill(Member& member) {
    cluster_.kill_client(*member.session);
    // Never closed, as its process was not asked either.
    for (auto& file : member.files) dead_.push_back(std::move(file));
    member.files.clear();
  }

  SimCluster cluster_;
  std::vector<Member> members_;
  std::vector<std::unique_ptr<File>> dead_;
};

TEST_P(LockTest, OneWhoHasARangeKeepsOthersOutUntilItIsGivenUp) {
  EXPECT_EQ(lock(members_[0], 0, range(kExclusive, 10, 19)), Errc::ok);
  EXPECT_EQ(lock(members_[1], 0, range(kShared, 0, 10)), Errc::again);
  EXPECT_EQ(lock(members_[1], 0, range(kShared, 0, 9)), Errc::ok);
  EXPECT_EQ(lock(members_[1], 1, range(kExclusive)), Errc::ok);
  EXPECT_EQ(lock(members_[0], 0, range(kNone, 10, 10)), Errc::ok);
  EXPECT_EQ(lock(members_[1], 0, range(kExclusive, 0, 10)), Errc::ok);
  EXPECT_EQ(lock(members_[1], 0, range(kExclusive, 11, 11)), Errc::again);
  auto found = cluster_.run(*members_[1].session, members_[1].files[0]->find_lock(
                                                      range(kShared), File::LockedBy::process));
  ASSERT_TRUE(found && found->has_value());
  EXPECT_EQ((*found)->begin, 11U);
  EXPECT_EQ((*found)->last, 19U);
}

TEST_P(LockTest, WhoeverWaitsGetsItWhenItIsFree) {
  ASSERT_EQ(lock(members_[0], 0, range(kExclusive)), Errc::ok);
  Task<Status> first = start(members_[1], 0, waiting(range(kShared)));
  Task<Status> second = start(members_[2], 0, waiting(range(kShared)));
  // Who waits longest is tried first.
  cluster_.settle();
  Task<Status> third = start(members_[3], 0, waiting(range(kExclusive)));
  cluster_.settle();
  EXPECT_FALSE(first.done() || second.done() || third.done());
  ASSERT_EQ(lock(members_[0], 0, range(kNone)), Errc::ok);
  EXPECT_EQ(finish(first), Errc::ok);
  EXPECT_EQ(finish(second), Errc::ok);
  EXPECT_FALSE(third.done());
  ASSERT_EQ(lock(members_[1], 0, range(kNone)), Errc::ok);
  ASSERT_EQ(lock(members_[2], 0, range(kNone)), Errc::ok);
  EXPECT_EQ(finish(third), Errc::ok);
}

TEST_P(LockTest, ALockMayBeWaitedForFarLongerThanARequestMayTake) {
  ASSERT_EQ(lock(members_[0], 0, range(kExclusive)), Errc::ok);
  Task<Status> waiter = start(members_[1], 0, waiting(range(kExclusive)));
  for (int i = 0; i < 2000; ++i) {
    cluster_.clock().advance(std::chrono::seconds(1));
    for (int turn = 0; turn < 20; ++turn) cluster_.turn();
  }
  EXPECT_FALSE(waiter.done());
  ASSERT_EQ(lock(members_[0], 0, range(kNone)), Errc::ok);
  EXPECT_EQ(finish(waiter), Errc::ok);
}

TEST_P(LockTest, WaitingInACircleIsADeadlockOnWhateverServersItIs) {
  for (int i = 0; i < 3; ++i) {
    ASSERT_EQ(lock(members_[static_cast<std::size_t>(i)], i, range(kExclusive)), Errc::ok);
  }
  Task<Status> first = start(members_[0], 1, waiting(range(kExclusive)));
  Task<Status> second = start(members_[1], 2, waiting(range(kShared)));
  cluster_.settle();
  EXPECT_EQ(lock(members_[2], 0, waiting(range(kShared))), Errc::deadlock);
  EXPECT_FALSE(first.done() || second.done());
  // The one that was refused gives up what it has, and the others go on.
  ASSERT_EQ(lock(members_[2], 2, range(kNone)), Errc::ok);
  EXPECT_EQ(finish(second), Errc::ok);
  ASSERT_EQ(lock(members_[1], 1, range(kNone)), Errc::ok);
  EXPECT_EQ(finish(first), Errc::ok);
}

TEST_P(LockTest, WaitingInALineIsNone) {
  // Each has what the one before wants; the last gives up and comes back, many times.
  for (int round = 0; round < 20; ++round) {
    ASSERT_EQ(lock(members_[1], 1, range(kExclusive)), Errc::ok);
    ASSERT_EQ(lock(members_[2], 2, range(kExclusive)), Errc::ok);
    Task<Status> first = start(members_[0], 1, waiting(range(kExclusive)));
    Task<Status> second = start(members_[1], 2, waiting(range(kExclusive)));
    cluster_.settle();
    EXPECT_EQ(lock(members_[2], 2, range(kNone)), Errc::ok);
    EXPECT_EQ(finish(second), Errc::ok);
    // At once, after its unlock has been answered: nothing of the old wait is left.
    Task<Status> third = start(members_[2], 2, waiting(range(kExclusive)));
    cluster_.settle();
    ASSERT_EQ(lock(members_[1], 1, range(kNone)), Errc::ok);
    EXPECT_EQ(finish(first), Errc::ok);
    ASSERT_EQ(lock(members_[1], 2, range(kNone)), Errc::ok);
    EXPECT_EQ(finish(third), Errc::ok);
    ASSERT_EQ(lock(members_[0], 1, range(kNone)), Errc::ok);
    ASSERT_EQ(lock(members_[2], 2, range(kNone)), Errc::ok);
  }
}

TEST_P(LockTest, TheDeadLeaveTheirLocksToThoseWhoWait) {
  ASSERT_EQ(lock(members_[0], 0, range(kExclusive)), Errc::ok);
  ASSERT_EQ(lock(members_[0], 1, whole(kExclusive), File::LockedBy::handle), Errc::ok);
  Task<Status> first = start(members_[1], 0, waiting(range(kExclusive)));
  Task<Status> second = start(members_[2], 1, waiting(whole(kExclusive)), File::LockedBy::handle);
  Task<Status> doomed = start(members_[3], 0, waiting(range(kExclusive)));
  cluster_.settle();
  kill(members_[3]);
  cluster_.settle();
  EXPECT_FALSE(first.done() || second.done());
  kill(members_[0]);
  EXPECT_EQ(finish(first), Errc::ok);
  EXPECT_EQ(finish(second), Errc::ok);
}

TEST_P(LockTest, ClosingAnyHandleGivesUpTheProcesssLocksAndItsOwn) {
  Member& member = members_[0];
  auto other = open(member, 0);
  ASSERT_EQ(lock(member, 0, range(kExclusive)), Errc::ok);
  ASSERT_EQ(lock(member, 0, whole(kExclusive), File::LockedBy::handle), Errc::ok);
  ASSERT_TRUE(cluster_.run(*member.session, other->close()));
  EXPECT_EQ(lock(members_[1], 0, range(kExclusive)), Errc::ok);
  EXPECT_EQ(lock(members_[1], 0, whole(kShared), File::LockedBy::handle), Errc::again);
  ASSERT_TRUE(cluster_.run(*member.session, member.files[0]->close()));
  member.files[0].reset();
  EXPECT_EQ(lock(members_[1], 0, whole(kShared), File::LockedBy::handle), Errc::ok);
}

TEST_P(LockTest, LocksOfHandlesExcludeThoseOfTheSameProcess) {
  Member& member = members_[0];
  auto other = open(member, 0);
  const auto by_other = [&](LockBody body) {
    return to_errc(cluster_.run(*member.session, other->lock(body, File::LockedBy::handle)));
  };
  ASSERT_EQ(lock(member, 0, whole(kExclusive), File::LockedBy::handle), Errc::ok);
  EXPECT_EQ(by_other(whole(kShared)), Errc::again);
  ASSERT_EQ(lock(member, 0, range(kExclusive, 0, 9), File::LockedBy::handle), Errc::ok);
  EXPECT_EQ(by_other(range(kExclusive, 9, 9)), Errc::again);
  EXPECT_EQ(lock(member, 0, range(kExclusive, 9, 9)), Errc::again);
  EXPECT_EQ(by_other(range(kExclusive, 10, 19)), Errc::ok);
  EXPECT_TRUE(cluster_.run(*member.session, other->close()));
}

TEST_P(LockTest, TwoWhoShareAndBothWantItAloneDoNotBlockEachOtherForEver) {
  for (int i = 0; i < 2; ++i) {
    ASSERT_EQ(
        lock(members_[static_cast<std::size_t>(i)], 0, whole(kShared), File::LockedBy::handle),
        Errc::ok);
  }
  Task<Status> first = start(members_[0], 0, waiting(whole(kExclusive)), File::LockedBy::handle);
  cluster_.settle();
  Task<Status> second = start(members_[1], 0, waiting(whole(kExclusive)), File::LockedBy::handle);
  while (!first.done() && !second.done()) cluster_.turn();
  cluster_.settle();
  EXPECT_NE(first.done(), second.done());
  const bool is_first = first.done();
  EXPECT_EQ(finish(is_first ? first : second), Errc::ok);
  ASSERT_EQ(lock(members_[is_first ? 0 : 1], 0, whole(kNone), File::LockedBy::handle), Errc::ok);
  EXPECT_EQ(finish(is_first ? second : first), Errc::ok);
}

TEST_P(LockTest, AHandleLocksOnlyWhatItIsOpenFor) {
  Session& session = *members_[0].session;
  auto reader = cluster_.run(session, File::open(session, "/f0", O_RDONLY, 0));
  ASSERT_TRUE(reader);
  const auto by_reader = [&](LockBody body) {
    return to_errc(cluster_.run(session, (*reader)->lock(body, File::LockedBy::process)));
  };
  EXPECT_EQ(by_reader(range(kExclusive)), Errc::bad_descriptor);
  EXPECT_EQ(by_reader(range(kShared)), Errc::ok);
  EXPECT_TRUE(cluster_.run(session, (*reader)->close()));
}

/// Many take random locks and wait for them; whoever hears of a deadlock gives up all it has. Every
/// wait ends, and no two ever have what excludes the other.
TEST_P(LockTest, RandomLocksNeverOverlapAndNobodyWaitsForEver) {
  std::mt19937 random(11 + GetParam());
  struct Worker {
    Member* member;
    std::optional<Task<Status>> task;
    int file = 0;
    std::vector<bool> held = std::vector<bool>(6, false);
  };
  std::vector<Worker> workers;
  for (Member& member : members_) workers.push_back({&member, std::nullopt});
  std::vector<Worker*> owner(6, nullptr);
  std::size_t granted = 0;
  std::size_t deadlocks = 0;
  const auto give_up_all = [&](Worker& worker) {
    for (int file = 0; file < 6; ++file) {
      if (!worker.held[static_cast<std::size_t>(file)]) continue;
      owner[static_cast<std::size_t>(file)] = nullptr;
      worker.held[static_cast<std::size_t>(file)] = false;
      ASSERT_EQ(lock(*worker.member, file, range(kNone)), Errc::ok);
    }
  };
  for (int quiet = 0; granted < 400 && quiet < 5000; ++quiet) {
    for (Worker& worker : workers) {
      if (!worker.task) {
        if (random() % 4 == 0) give_up_all(worker);
        worker.file = static_cast<int>(random() % 6);
        worker.task.emplace(start(*worker.member, worker.file, waiting(range(kExclusive))));
      }
      if (!worker.task->done()) continue;
      const Status status = worker.task->take();
      worker.task.reset();
      quiet = 0;
      const auto file = static_cast<std::size_t>(worker.file);
      if (status) {
        ++granted;
        ASSERT_TRUE(owner[file] == nullptr || owner[file] == &worker);
        owner[file] = &worker;
        worker.held[file] = true;
      } else {
        ++deadlocks;
        ASSERT_EQ(status.error(), Errc::deadlock);
        give_up_all(worker);
      }
    }
    cluster_.turn();
  }
  EXPECT_GE(granted, 400U);
  EXPECT_GT(deadlocks, 0U);
  for (int round = 0; round < 10; ++round) {
    for (Worker& worker : workers) {
      give_up_all(worker);
      for (int i = 0; i < 300; ++i) cluster_.turn();
      if (worker.task && worker.task->done()) {
        worker.held[static_cast<std::size_t>(worker.file)] = worker.task->take().has_value();
        worker.task.reset();
      }
    }
  }
  for (Worker& worker : workers) EXPECT_FALSE(worker.task);
}

TEST_P(LockTest, TheLockOfARemovedDirectoryGoesToTheOneThatWaits) {
  Session& first = *members_[0].session;
  Session& second = *members_[1].session;
  ASSERT_TRUE(cluster_.run(first, first.make_directory("/d", 0755)));
  auto holder = cluster_.run(first, File::open(first, "/d", O_RDONLY | O_DIRECTORY, 0));
  auto waiter = cluster_.run(second, File::open(second, "/d", O_RDONLY | O_DIRECTORY, 0));
  ASSERT_TRUE(holder && waiter);
  ASSERT_TRUE(cluster_.run(first, (*holder)->lock(whole(kExclusive), File::LockedBy::handle)));
  ReadyQueue::Scope scope(second.loop().ready());
  Task<Status> waiting_task = (*waiter)->lock(waiting(whole(kExclusive)), File::LockedBy::handle);
  waiting_task.start(nullptr);
  cluster_.settle();
  ASSERT_TRUE(cluster_.run(first, first.remove_directory("/d")));
  EXPECT_TRUE(cluster_.run(first, (*holder)->close()));
  EXPECT_EQ(finish(waiting_task), Errc::ok);
  EXPECT_TRUE(cluster_.run(second, (*waiter)->close()));
}

INSTANTIATE_TEST_SUITE_P(Servers, LockTest, ::testing::Values(1, 2, 3, 8));

}  // namespace
}  // namespace mayfly
