// Several clients do random operations on a few files of 1 to 4 servers while messages are late and
// overtake each other; every result, size and byte is compared with a model in memory. For half of
// the seeds the files do not fit: what fails for want of space leaves each of its bytes as it was,
// or written, and all other bytes alone.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/falloc.h>

#include <algorithm>
#include <array>
#include <map>
#include <random>

#include "support/sim_cluster.h"

namespace mayfly {
namespace {

constexpr std::uint64_t kLargestFile = 3 * kMiB;
constexpr std::uint32_t kSeeds = 16;
/// Of all servers together, where files do not fit.
constexpr std::uint64_t kSmallCapacity = 2 * kMiB;

class RandomOperationsTest : public ::testing::TestWithParam<std::uint32_t> {
 protected:
  struct Handle {
    Session* client;
    std::string path;
    std::unique_ptr<File> file;
    bool appends;
    std::uint64_t position = 0;
  };

  RandomOperationsTest() : random_(seed()), cluster_(options()) {
    cluster_.network().set_max_delay(3);
    for (int i = 0; i < 3; ++i) clients_.push_back(&cluster_.add_client());
  }

  static std::uint64_t seed() { return 1000 + GetParam(); }
  static SimOptions options() {
    SimOptions options;
    options.servers = 1 + GetParam() % 4;
    options.seed = seed();
    options.one_sided = GetParam() % 2 == 0;
    if (is_small()) options.capacity_bytes = kSmallCapacity / options.servers;
    return options;
  }
  static bool is_small() { return GetParam() >= kSeeds / 2; }
  std::uint64_t pick(std::uint64_t below) { return random_() % below; }
  Session& any_client() { return *clients_[pick(clients_.size())]; }
  std::string any_path() { return "/f" + std::to_string(pick(4)); }

  void open() {
    if (handles_.size() >= 6) return close();
    Session& client = any_client();
    const std::string path = any_path();
    const int flags = O_RDWR | (pick(2) != 0 ? O_CREAT : 0) | (pick(8) == 0 ? O_TRUNC : 0) |
                      (pick(4) == 0 ? O_APPEND : 0);
    auto file = cluster_.run(client, File::open(client, path, flags, 0644));
    const bool expected = model_.contains(path) || (flags & O_CREAT) != 0;
    ASSERT_EQ(file.has_value(), expected);
    if (!file) return;
    auto& bytes = model_[path];
    if (bytes == nullptr) bytes = std::make_shared<std::vector<std::byte>>();
    if ((flags & O_TRUNC) != 0) bytes->clear();
    contents_[file->get()] = bytes;
    handles_.push_back({&client, path, std::move(*file), (flags & O_APPEND) != 0});
  }
  void close() {
    if (handles_.empty()) return;
    const auto victim = handles_.begin() + static_cast<std::ptrdiff_t>(pick(handles_.size()));
    ASSERT_TRUE(cluster_.run(*victim->client, victim->file->close()));
    contents_.erase(victim->file.get());
    handles_.erase(victim);
  }
  void write() {
    if (handles_.empty()) return;
    Handle& handle = handles_[pick(handles_.size())];
    std::uint64_t offset = pick(kLargestFile - 1);
    const std::uint64_t longest = pick(4) == 0 ? kMiB + 9000 : 9000;
    std::vector<std::byte> bytes(1 + pick(std::min(longest, kLargestFile - offset)));
    for (std::byte& byte : bytes) byte = static_cast<std::byte>(random_());
    auto& model = *contents_[handle.file.get()];
    const bool at_position = pick(3) == 0;
    if (handle.appends) {
      if (model.size() + bytes.size() > 2 * kLargestFile) return;
      offset = model.size();
    } else if (at_position) {
      offset = handle.position;
    }
    auto written = at_position ? cluster_.run(*handle.client, handle.file->write(bytes))
                               : cluster_.run(*handle.client, handle.file->pwrite(bytes, offset));
    if (!written) return accept_failure(handle, written.error(), offset, bytes, true);
    ASSERT_EQ(*written, bytes.size());
    if (at_position) handle.position = offset + bytes.size();
    model.resize(std::max<std::size_t>(model.size(), offset + bytes.size()));
    std::copy(bytes.begin(), bytes.end(), model.begin() + static_cast<std::ptrdiff_t>(offset));
  }
  /// The servers have no room: `bytes` at `offset` may have been written in part.
  void accept_failure(Handle& handle, Errc why, std::uint64_t offset,
                      const std::vector<std::byte>& bytes, bool may_grow) {
    ASSERT_EQ(why, Errc::no_space);
    ASSERT_TRUE(is_small());
    ++failures_;
    auto& model = *contents_[handle.file.get()];
    const std::size_t end = offset + bytes.size();
    std::vector<std::byte> now(std::max(model.size(), end) + 1);
    const auto size = cluster_.run(*handle.client, handle.file->pread(now, 0));
    ASSERT_TRUE(size);
    ASSERT_GE(*size, model.size());
    ASSERT_LE(*size, may_grow ? std::max(model.size(), end) : model.size());
    model.resize(*size);
    for (std::size_t i = 0; i < *size; ++i) {
      const bool is_written = i >= offset && i < end && now[i] == bytes[i - offset];
      ASSERT_TRUE(is_written || now[i] == model[i]) << "byte " << i;
    }
    now.resize(*size);
    model = now;
  }
  void read() {
    if (handles_.empty()) return;
    Handle& handle = handles_[pick(handles_.size())];
    const auto& model = *contents_[handle.file.get()];
    const std::uint64_t offset = pick(kLargestFile);
    std::vector<std::byte> bytes(1 + pick(2 * kMiB), std::byte{0xee});
    auto got = cluster_.run(*handle.client, handle.file->pread(bytes, offset));
    ASSERT_TRUE(got);
    const std::size_t expected =
        offset >= model.size() ? 0 : std::min<std::size_t>(bytes.size(), model.size() - offset);
    ASSERT_EQ(*got, expected);
    ASSERT_TRUE(std::equal(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(expected),
                           model.begin() + static_cast<std::ptrdiff_t>(
                                               std::min(offset, std::uint64_t{model.size()}))));
  }
  void seek() {
    if (handles_.empty()) return;
    Handle& handle = handles_[pick(handles_.size())];
    const std::uint64_t size = contents_[handle.file.get()]->size();
    const int whence = std::array{SEEK_SET, SEEK_CUR, SEEK_END}[pick(3)];
    const std::uint64_t base = whence == SEEK_SET ? 0 : whence == SEEK_CUR ? handle.position : size;
    const auto offset = static_cast<std::int64_t>(pick(kLargestFile)) -
                        static_cast<std::int64_t>(std::min(base, kLargestFile));
    const std::int64_t target = static_cast<std::int64_t>(base) + offset;
    auto position = cluster_.run(*handle.client, handle.file->seek(offset, whence));
    ASSERT_EQ(position ? Errc::ok : position.error(), target < 0 ? Errc::invalid : Errc::ok);
    if (target < 0) return;
    ASSERT_EQ(*position, static_cast<std::uint64_t>(target));
    handle.position = *position;
  }
  /// What SEEK_HOLE and SEEK_DATA say between them must read as zeros, for data may not be missed.
  void seek_data() {
    if (handles_.empty()) return;
    Handle& handle = handles_[pick(handles_.size())];
    const auto& model = *contents_[handle.file.get()];
    const std::uint64_t from = pick(kLargestFile);
    auto hole =
        cluster_.run(*handle.client, handle.file->seek(static_cast<std::int64_t>(from), SEEK_HOLE));
    ASSERT_EQ(hole ? Errc::ok : hole.error(),
              from < model.size() ? Errc::ok : Errc::no_such_address);
    if (!hole) return;
    ASSERT_GE(*hole, from);
    ASSERT_LE(*hole, model.size());
    handle.position = *hole;
    std::uint64_t end = model.size();
    auto data = cluster_.run(*handle.client,
                             handle.file->seek(static_cast<std::int64_t>(*hole), SEEK_DATA));
    if (data) handle.position = end = *data;
    ASSERT_TRUE(std::all_of(model.begin() + static_cast<std::ptrdiff_t>(*hole),
                            model.begin() + static_cast<std::ptrdiff_t>(end),
                            [](std::byte byte) { return byte == std::byte{0}; }));
  }
  void truncate() {
    if (handles_.empty()) return;
    Handle& handle = handles_[pick(handles_.size())];
    const std::uint64_t size = pick(kLargestFile);
    ASSERT_TRUE(cluster_.run(*handle.client, handle.file->truncate(size)));
    contents_[handle.file.get()]->resize(size);
  }
  void allocate() {
    if (handles_.empty()) return;
    Handle& handle = handles_[pick(handles_.size())];
    auto& model = *contents_[handle.file.get()];
    const int mode =
        std::array{0, FALLOC_FL_KEEP_SIZE, FALLOC_FL_KEEP_SIZE | FALLOC_FL_PUNCH_HOLE,
                   FALLOC_FL_ZERO_RANGE, FALLOC_FL_ZERO_RANGE | FALLOC_FL_KEEP_SIZE}[pick(5)];
    const std::uint64_t offset = pick(kLargestFile);
    const std::uint64_t length = 1 + pick(pick(2) == 0 ? 10'000 : kLargestFile);
    const Status done = cluster_.run(*handle.client, handle.file->allocate(mode, offset, length));
    const bool zeros = (mode & (FALLOC_FL_PUNCH_HOLE | FALLOC_FL_ZERO_RANGE)) != 0;
    if (!done) {
      ASSERT_EQ(mode & FALLOC_FL_PUNCH_HOLE, 0);
      const std::vector<std::byte> cleared(zeros ? length : 0);
      return accept_failure(handle, done.error(), offset, cleared, false);
    }
    if ((mode & FALLOC_FL_KEEP_SIZE) == 0 && model.size() < offset + length) {
      model.resize(offset + length);
    }
    if (!zeros) return;
    const std::uint64_t begin = std::min<std::uint64_t>(offset, model.size());
    const std::uint64_t end = std::min<std::uint64_t>(offset + length, model.size());
    std::fill(model.begin() + static_cast<std::ptrdiff_t>(begin),
              model.begin() + static_cast<std::ptrdiff_t>(end), std::byte{0});
  }
  void stat() {
    Session& client = any_client();
    const std::string path = any_path();
    auto attributes = cluster_.run(client, client.stat(path));
    ASSERT_EQ(attributes.has_value(), model_.contains(path));
    if (attributes) {
      ASSERT_EQ(attributes->size, model_[path]->size());
    }
  }
  void remove() {
    Session& client = any_client();
    const std::string path = any_path();
    const Status removed = cluster_.run(client, client.remove_file(path));
    ASSERT_EQ(to_errc(removed), model_.erase(path) != 0 ? Errc::ok : Errc::no_entry);
  }
  /// Whole files: of whoever has the old one open, that lives on.
  void put() {
    Session& client = any_client();
    const std::string path = any_path();
    std::vector<std::byte> bytes(pick(64 * 1024));
    for (std::byte& byte : bytes) byte = static_cast<std::byte>(random_());
    WholeFile file;
    file.mode = 0644;
    file.bytes = bytes;
    const Status put = cluster_.run(client, client.put_file(PathAt(path), file));
    if (put) {
      model_[path] = std::make_shared<std::vector<std::byte>>(bytes);
    } else {
      ASSERT_EQ(put.error(), Errc::no_space);
      ASSERT_TRUE(is_small());
    }
  }
  void any_operation() {
    const std::uint64_t choice = pick(100);
    if (choice < 12) return open();
    if (choice < 20) return close();
    if (choice < 48) return write();
    if (choice < 52) return allocate();
    if (choice < 78) return read();
    if (choice < 84) return truncate();
    if (choice < 87) return seek();
    if (choice < 90) return seek_data();
    if (choice < 95) return stat();
    if (choice < 98) return put();
    remove();
  }

  std::mt19937_64 random_;
  SimCluster cluster_;
  std::vector<Session*> clients_;
  std::vector<Handle> handles_;
  std::map<std::string, std::shared_ptr<std::vector<std::byte>>> model_;
  std::map<File*, std::shared_ptr<std::vector<std::byte>>> contents_;
  int failures_ = 0;  ///< for want of space
};

TEST_P(RandomOperationsTest, EveryResultAndByteIsThatOfTheModel) {
  for (int step = 0; step < 1500; ++step) {
    SCOPED_TRACE("seed " + std::to_string(seed()) + ", step " + std::to_string(step));
    any_operation();
    if (HasFatalFailure()) return;
  }
  while (!handles_.empty() && !HasFatalFailure()) close();
  for (int i = 0; i < 4; ++i) {
    Session& client = any_client();
    const Status removed = cluster_.run(client, client.remove_file("/f" + std::to_string(i)));
    EXPECT_EQ(removed.has_value(), model_.contains("/f" + std::to_string(i)));
  }
  EXPECT_EQ(failures_ > 20, is_small()) << failures_;
  cluster_.settle();
  EXPECT_EQ(cluster_.used_bytes(), 0U);
  for (std::uint32_t i = 0; i < cluster_.info().server_count(); ++i) {
    EXPECT_TRUE(cluster_.server(i).names().check_consistency());
    EXPECT_EQ(cluster_.pool(i).free(BufferClass::large),
              cluster_.pool(i).total(BufferClass::large));
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, RandomOperationsTest, ::testing::Range(0U, kSeeds));

}  // namespace
}  // namespace mayfly
