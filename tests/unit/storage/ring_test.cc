#include "storage/ring.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/filter.h>
#include <linux/io_uring.h>
#include <linux/seccomp.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstddef>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iostream>

#include "base/log.h"
#include "unit/storage/store_fixture.h"

namespace mayfly {
namespace {

class RingTest : public ::testing::Test {
 protected:
  RingTest() {
    const std::string path = directory_.path() + "/file";
    descriptor_ = ::open(path.c_str(), O_RDWR | O_CREAT | O_DIRECT, 0600);
    MAYFLY_ASSERT(descriptor_ >= 0 && ::ftruncate(descriptor_, 8 * kMiB) == 0);
    file_ = ring().register_file(descriptor_, true);
    ::pipe2(pipe_, O_CLOEXEC);
  }
  ~RingTest() override {
    ::close(descriptor_);
    for (const int end : pipe_) ::close(end);
  }
  Ring& ring() { return *world_.ring; }
  Buffer buffer(BufferClass size_class, int fill) {
    Buffer buffer = world_.pool.try_acquire(size_class);
    std::memset(buffer.data(), fill, buffer.size());
    return buffer;
  }
  /// Starts a read of the empty pipe: it stays in flight until something is written.
  Task<Transfer> blocked_read(BufferClass size_class = BufferClass::page) {
    ReadyQueue::Scope scope(world_.loop.ready());
    Task<Transfer> task = ring().read({pipe_[0], -1, false}, buffer(size_class, 0), 0, 0, 100);
    task.start(nullptr);
    world_.loop.poll();
    return task;
  }

  ScratchDirectory directory_;
  RingFixture world_;
  int descriptor_ = -1;
  RingFile file_;
  int pipe_[2] = {-1, -1};
};

TEST_F(RingTest, WritesAndReadsThroughRegisteredBuffersAndFiles) {
  ASSERT_TRUE(ring().is_registered());
  ASSERT_GE(file_.slot, 0);
  Transfer written =
      world_.loop.run(ring().write(file_, buffer(BufferClass::large, 'w'), 0, kMiB, kMiB));
  ASSERT_TRUE(written.bytes);
  EXPECT_EQ(*written.bytes, kMiB);
  Transfer read = world_.loop.run(
      ring().read(file_, buffer(BufferClass::small, 'r'), kPageBytes, kMiB, kPageBytes));
  ASSERT_EQ(*read.bytes, kPageBytes);
  EXPECT_EQ(read.buffer.data()[kPageBytes - 1], std::byte{'r'});
  EXPECT_EQ(read.buffer.data()[kPageBytes], std::byte{'w'});
  EXPECT_EQ(read.buffer.data()[2 * kPageBytes], std::byte{'r'});
  EXPECT_EQ(ring().counters().fixed_writes, 1u);
  EXPECT_EQ(ring().counters().fixed_reads, 1u);
}

TEST_F(RingTest, TheKernelReallyUsesTheRegisteredBuffers) {
  const Transfer before =
      world_.loop.run(ring().write(file_, buffer(BufferClass::large, 'w'), 0, 0, kMiB));
  EXPECT_TRUE(before.bytes);
  // Behind the ring's back: only an operation that names a registered buffer can miss it.
  ASSERT_EQ(
      ::syscall(SYS_io_uring_register, ring().descriptor(), IORING_UNREGISTER_BUFFERS, nullptr, 0),
      0);
  const Transfer write =
      world_.loop.run(ring().write(file_, buffer(BufferClass::large, 'w'), 0, 0, kMiB));
  EXPECT_EQ(write.bytes.error(), errc_from(EFAULT));
  const Transfer read =
      world_.loop.run(ring().read(file_, buffer(BufferClass::page, 'r'), 0, 0, kPageBytes));
  EXPECT_EQ(read.bytes.error(), errc_from(EFAULT));
}

TEST_F(RingTest, TheKernelListsTheRegisteredBuffersAndFile) {
  std::ifstream info("/proc/self/fdinfo/" + std::to_string(ring().descriptor()));
  const std::string text((std::istreambuf_iterator<char>(info)), std::istreambuf_iterator<char>());
  if (text.find("UserBufs") == std::string::npos) GTEST_SKIP() << "no fdinfo of io_uring";
  EXPECT_NE(text.find("UserBufs:\t1"), std::string::npos) << text;
}

TEST_F(RingTest, ShortCountsAreContinued) {
  Task<Transfer> task = blocked_read(BufferClass::page);
  ASSERT_EQ(::write(pipe_[1], "abc", 3), 3);
  for (int i = 0; i < 100 && !task.done(); ++i) world_.loop.poll();
  EXPECT_FALSE(task.done());
  ASSERT_EQ(::write(pipe_[1], std::string(97, 'z').data(), 97), 97);
  const Transfer transfer = world_.loop.run([](Task<Transfer> inner) -> Task<Transfer> {
    while (!inner.done()) co_await Turn();
    co_return inner.take();
  }(std::move(task)));
  EXPECT_EQ(*transfer.bytes, 100u);
  EXPECT_EQ(std::memcmp(transfer.buffer.data(), "abczz", 5), 0);
}

TEST_F(RingTest, AReadAcrossTheEndOfTheFileGivesWhatThereIs) {
  const Transfer read = world_.loop.run(ring().read(file_, buffer(BufferClass::small, 'r'), 0,
                                                    8 * kMiB - kPageBytes, 2 * kPageBytes));
  EXPECT_EQ(*read.bytes, kPageBytes);
}

TEST_F(RingTest, MemoryOfSeveralBuffersIsWrittenInARow) {
  Gathering gathering;
  gathering.file_offset = 3 * kPageBytes;
  for (const char fill : {'a', 'b', 'c'}) {
    const SharedBuffer part(buffer(BufferClass::small, fill));
    gathering.add(part, 2 * kPageBytes, kPageBytes);
    gathering.add(part, 0, kPageBytes);
  }
  EXPECT_EQ(gathering.parts.size(), 6u);
  EXPECT_TRUE(world_.loop.run(ring().write_gathered(file_, std::move(gathering))));
  EXPECT_EQ(ring().counters().writes, 1u);
  const Transfer read = world_.loop.run(
      ring().read(file_, buffer(BufferClass::large, 0), 0, 3 * kPageBytes, 6 * kPageBytes));
  for (std::size_t i = 0; i < 6; ++i) {
    const std::byte* const page = read.buffer.data() + i * kPageBytes;
    EXPECT_EQ(page[0], std::byte("aabbcc"[i]));
    EXPECT_EQ(page[kPageBytes - 1], std::byte("aabbcc"[i]));
  }
}

TEST_F(RingTest, WhatWasNotWrittenOfSeveralBuffersIsNext) {
  const SharedBuffer first(buffer(BufferClass::page, 'a'));
  const SharedBuffer second(buffer(BufferClass::page, 'b'));
  Gathering gathering;
  gathering.add(first, 0, kPageBytes);
  gathering.add(second, 0, kPageBytes);
  const bool is_one = gathering.parts.size() == 1;
  gathering.advance(100);
  EXPECT_EQ(gathering.file_offset, 100u);
  EXPECT_EQ(gathering.bytes, 2 * kPageBytes - 100);
  EXPECT_EQ(gathering.parts.front().iov_base, first.data() + 100);
  gathering.advance(kPageBytes - 100);
  EXPECT_EQ(gathering.parts.front().iov_base, is_one ? first.data() + kPageBytes : second.data());
  gathering.advance(kPageBytes);
  EXPECT_TRUE(gathering.parts.empty());
  EXPECT_EQ(gathering.bytes, 0u);
}

TEST_F(RingTest, AnErrorComesWithTheBuffer) {
  const Transfer write = world_.loop.run(
      ring().write({pipe_[0], -1, false}, buffer(BufferClass::page, 'w'), 0, 0, kPageBytes));
  EXPECT_EQ(write.bytes.error(), Errc::bad_descriptor);
  EXPECT_TRUE(write.buffer);
}

TEST_F(RingTest, AnAbandonedOperationKeepsItsBufferUntilTheKernelIsDone) {
  const std::size_t free = world_.pool.free(BufferClass::page);
  Task<Transfer> task = blocked_read();
  EXPECT_EQ(ring().in_flight(), 1u);
  task.reset();
  world_.loop.poll();
  EXPECT_EQ(world_.pool.free(BufferClass::page), free - 1);
  ASSERT_EQ(::write(pipe_[1], "x", 1), 1);
  while (ring().in_flight() != 0) world_.loop.run_once();
  EXPECT_EQ(world_.pool.free(BufferClass::page), free);
}

TEST_F(RingTest, ItsEndWaitsForWhatIsInFlight) {
  const std::size_t free = world_.pool.free(BufferClass::large);
  {
    ReadyQueue::Scope scope(world_.loop.ready());
    auto other = std::move(Ring::create(4)).value();
    Task<Transfer> task =
        other->write({descriptor_, -1, true}, buffer(BufferClass::large, 'e'), 0, 0, kMiB);
    task.start(nullptr);
  }
  EXPECT_EQ(world_.pool.free(BufferClass::large), free);
  const Transfer read =
      world_.loop.run(ring().read(file_, buffer(BufferClass::page, 0), 0, 0, kPageBytes));
  EXPECT_EQ(read.buffer.data()[0], std::byte{'e'});
}

TEST(RingDepthTest, OperationsBeyondTheDepthWaitAndAllAreServed) {
  ScratchDirectory directory;
  RingFixture world(2);
  DataFile file = std::move(DataFile::open(directory.path(), kMiB)).value();
  const RingFile ring_file = world.ring->register_file(file.descriptor(), file.direct());
  std::vector<Task<Transfer>> tasks;
  {
    ReadyQueue::Scope scope(world.loop.ready());
    for (std::uint64_t i = 0; i < 50; ++i) {
      Buffer buffer = world.pool.try_acquire(BufferClass::small);
      tasks.push_back(
          world.ring->write(ring_file, std::move(buffer), 0, i * kPageBytes, kPageBytes));
      tasks.back().start(nullptr);
      EXPECT_LE(world.ring->in_flight(), 2u);
    }
  }
  // Those who wait for the ring can be destroyed, too.
  for (int i = 10; i < 20; ++i) tasks[static_cast<std::size_t>(i)].reset();
  for (Task<Transfer>& task : tasks) {
    while (task.valid() && !task.done()) world.loop.run_once();
    EXPECT_LE(world.ring->in_flight(), 2u);
  }
  EXPECT_EQ(world.ring->counters().fixed_writes, 40u);
}

TEST_F(RingTest, AnIdleTurnMakesNoSystemCall) {
  const std::uint64_t enters = ring().counters().enters;
  for (int i = 0; i < 1000; ++i) EXPECT_EQ(ring().poll(), 0u);
  EXPECT_EQ(ring().counters().enters, enters);
}

TEST_F(RingTest, SleepEndsWhenADescriptorIsReadable) {
  const int event = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  const int fds[] = {event};
  ASSERT_TRUE(ring().arm());
  ring().sleep(fds, std::chrono::milliseconds(1));
  EXPECT_EQ(ring().counters().polls, 1u);
  ASSERT_EQ(::eventfd_write(event, 1), 0);
  const TimePoint start = Clock::steady().now();
  ring().sleep(fds, std::chrono::seconds(20));
  EXPECT_LT(Clock::steady().now() - start, std::chrono::seconds(10));
  EXPECT_EQ(ring().counters().polls, 1u);
  EXPECT_FALSE(ring().arm());
  ring().poll();
  EXPECT_TRUE(ring().arm());
  // Still readable: armed anew, it wakes at once.
  ring().sleep(fds, Nanoseconds(-1));
  EXPECT_EQ(ring().counters().polls, 2u);
  ::close(event);
}

TEST_F(RingTest, SleepEndsWhenAnOperationCompletes) {
  Task<Transfer> task = blocked_read();
  ASSERT_EQ(::write(pipe_[1], std::string(100, 'x').data(), 100), 100);
  ring().sleep({}, std::chrono::seconds(20));
  while (!task.done()) world_.loop.run_once();
  EXPECT_EQ(*task.take().bytes, 100u);
}

TEST_F(RingTest, OpensFilesOfTheNode) {
  const std::string path = directory_.path() + "/other";
  std::ofstream(path) << "twelve bytes";
  struct stat status {};
  ASSERT_EQ(::stat(path.c_str(), &status), 0);
  const auto seen = world_.loop.run(ring().open(path, O_RDONLY));
  ASSERT_TRUE(seen);
  EXPECT_EQ(seen->inode, status.st_ino);
  EXPECT_EQ(seen->size, 12U);
  EXPECT_EQ(seen->modified_ns, status.st_mtim.tv_sec * 1'000'000'000 + status.st_mtim.tv_nsec);
  EXPECT_TRUE(seen->is_regular);
  RingFile file;
  file.descriptor = seen->descriptor;
  file.idle = true;
  const Transfer got =
      world_.loop.run(ring().read(file, buffer(BufferClass::page, 0), 0, 0, kPageBytes));
  ASSERT_TRUE(got.bytes);
  EXPECT_EQ(*got.bytes, 12U);
  EXPECT_TRUE(world_.loop.run(ring().close(seen->descriptor)));
  EXPECT_EQ(::fcntl(seen->descriptor, F_GETFD), -1);
  EXPECT_EQ(world_.loop.run(ring().open(path + "s", O_RDONLY)).error(), Errc::no_entry);
}

TEST_F(RingTest, AnAbandonedOpenLeavesNoDescriptor) {
  const auto open_now = [] {
    return std::distance(std::filesystem::directory_iterator("/proc/self/fd"), {});
  };
  const auto before = open_now();
  {
    ReadyQueue::Scope scope(world_.loop.ready());
    Task<Result<FileSeen>> task = ring().open(directory_.path() + "/file", O_RDONLY);
    task.start(nullptr);
  }
  while (ring().in_flight() != 0) world_.loop.poll();
  EXPECT_EQ(open_now(), before);
}

TEST_F(RingTest, SyncsAndPunchesHoles) {
  EXPECT_TRUE(world_.loop.run(ring().sync(file_)));
  EXPECT_TRUE(world_.loop.run(ring().fallocate(file_, 0, 0, kMiB)));
  const int punch = FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE;
  EXPECT_TRUE(world_.loop.run(ring().fallocate(file_, punch, 0, kMiB)));
  EXPECT_EQ(ring().counters().syncs, 1u);
  EXPECT_EQ(ring().counters().fallocates, 2u);
}

/// Runs `body` in a child and gives what it wrote to stderr; the child's exit code goes to `code`.
std::string in_child(const std::function<int()>& body, int& code) {
  int err[2];
  MAYFLY_ASSERT(::pipe(err) == 0);
  const pid_t child = ::fork();
  if (child == 0) {
    ::dup2(err[1], STDERR_FILENO);
    ::_exit(body());
  }
  ::close(err[1]);
  std::string text;
  char piece[512];
  for (ssize_t n = 0; (n = ::read(err[0], piece, sizeof piece)) > 0;) {
    text.append(piece, static_cast<std::size_t>(n));
  }
  ::close(err[0]);
  int status = 0;
  ::waitpid(child, &status, 0);
  code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  return text;
}

TEST(RingLimitTest, UnderALowMemoryLockLimitItRunsUnregisteredAndSaysSo) {
  int code = 0;
  const auto body = []() {
    log::start("server 0");
    ScratchDirectory directory;
    const rlimit limit{64 * kKiB, 64 * kKiB};
    DataFile file = std::move(DataFile::open(directory.path(), kMiB)).value();
    std::filesystem::remove_all(directory.path());
    ::setrlimit(RLIMIT_MEMLOCK, &limit);
    if (::geteuid() == 0 && ::setuid(65534) != 0) return 2;
    RingFixture world;
    if (world.ring->is_registered()) return 3;
    const RingFile ring_file = world.ring->register_file(file.descriptor(), file.direct());
    Transfer write = world.loop.run(
        world.ring->write(ring_file, world.pool.try_acquire(BufferClass::large), 0, 0, kMiB));
    if (!write.bytes || world.ring->counters().writes != 1) return 4;
    return 0;
  };
  const std::string said = in_child(body, code);
  EXPECT_EQ(code, 0) << said;
  EXPECT_NE(said.find("16.0 MiB of buffers could not be registered"), std::string::npos) << said;
  EXPECT_NE(said.find("ulimit -l"), std::string::npos) << said;
}

TEST(RingLimitTest, WithoutIoUringItSaysWhichSwitchForbidsIt) {
  int code = 0;
  const auto body = []() {
    sock_filter rules[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_io_uring_setup, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    const sock_fprog program{4, rules};
    if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return 2;
    if (::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0) return 3;
    const auto ring = Ring::create();
    if (ring) return 4;
    std::cerr << ring.error().sentence << std::flush;
    return 0;
  };
  const std::string said = in_child(body, code);
  EXPECT_EQ(code, 0);
  EXPECT_NE(said.find("kernel.io_uring_disabled"), std::string::npos) << said;
}

}  // namespace
}  // namespace mayfly
