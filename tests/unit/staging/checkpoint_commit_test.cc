// CheckpointSets: what ranks that commit one set at a time see of each other.
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cerrno>
#include <semaphore>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "staging/checkpoint_sets.h"
#include "unit/storage/scratch_directory.h"

namespace mayfly {
namespace {

/// Of two ranks that have both seen that all are there, one is held before it publishes the set
/// until the other knows whether it is the one.
struct Turns {
  std::binary_semaphore both_have_written{0};
  std::binary_semaphore is_publishing{0};
  std::binary_semaphore has_arrived{0};
};
Turns* turns = nullptr;
thread_local bool is_late = false;
thread_local bool has_seen_all = false;

/// Each rank asks for the size of the file by which they are counted, when it has added its byte.
int fstat_in_turn(int fd, struct stat* status) {
  if (is_late) {
    turns->both_have_written.release();
    turns->is_publishing.acquire();
  } else {
    turns->both_have_written.acquire();
  }
  has_seen_all = true;
  return ::fstat(fd, status);
}

/// What either does first when it knows whether it is the one.
void go_on() {
  if (!std::exchange(has_seen_all, false)) return;
  if (is_late) {
    turns->has_arrived.release();
  } else {
    turns->is_publishing.release();
    turns->has_arrived.acquire();
  }
}
int lstat_in_turn(const char* path, struct stat* status) {
  go_on();
  return ::lstat(path, status);
}
int rename_in_turn(const char* from, const char* to) {
  go_on();
  return ::rename(from, to);
}

TEST(CheckpointCommitTest, OneOfManyPublishesHoweverLateTheOthersAre) {
  const ScratchDirectory directory;
  Turns own;
  turns = &own;
  FileCalls calls = local_calls();
  calls.fstat = fstat_in_turn;
  calls.lstat = lstat_in_turn;
  calls.rename = rename_in_turn;
  CheckpointSets sets(calls, directory.path());
  ASSERT_TRUE(sets.begin("set"));
  Status late;
  std::thread other([&] {
    is_late = true;
    late = sets.commit("set", 2);
  });
  const Status first = sets.commit("set", 2);
  other.join();
  EXPECT_TRUE(first);
  EXPECT_TRUE(late);
  const auto names = local_calls().list(directory.path());
  ASSERT_TRUE(names);
  EXPECT_EQ(*names, std::vector<std::string>{"set"});
}

/// A look that fails is not one that finds nothing: sets that nobody has drained would go.
TEST(CheckpointCommitTest, NothingIsDroppedIfItCannotBeSaidWhetherSetsAreDrained) {
  const ScratchDirectory directory;
  FileCalls calls = local_calls();
  CheckpointSets sets(calls, directory.path());
  ASSERT_TRUE(sets.begin("set"));
  ASSERT_TRUE(sets.commit("set"));
  ASSERT_TRUE(sets.expect_drain());
  calls.lstat = [](const char* path, struct stat* status) {
    if (!std::string_view(path).ends_with("/.drained-from")) return ::lstat(path, status);
    errno = EIO;
    return -1;
  };
  const auto dropped = sets.keep(0);
  ASSERT_FALSE(dropped);
  EXPECT_EQ(dropped.error(), Errc::io_error);
  calls.lstat = ::lstat;
  EXPECT_EQ(sets.list()->size(), 1U);
}

}  // namespace
}  // namespace mayfly
