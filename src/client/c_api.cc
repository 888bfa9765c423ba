// The C edge: errno, no exceptions, descriptors. Nothing else is decided here.
#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <limits>

#include "client/directory.h"
#include "client/file.h"
#include "client/membership.h"
#include "mayfly/mayfly.h"

using mayfly::Attributes;
using mayfly::Errc;
using mayfly::Membership;
using mayfly::Result;
using mayfly::Status;

struct mayfly_operation {
  mayfly_operation(std::shared_ptr<Membership> owner, std::shared_ptr<mayfly::File> target,
                   mayfly::Task<Result<std::size_t>> task)
      : membership(std::move(owner)), file(std::move(target)), operation(std::move(task)) {}
  std::shared_ptr<Membership> membership;
  std::shared_ptr<mayfly::File> file;
  mayfly::Driver::Operation<Result<std::size_t>> operation;
};

struct mayfly_dir {
  std::shared_ptr<Membership> membership;
  std::unique_ptr<mayfly::Directory> directory;
  int dots_given = 0;
  dirent entry{};
};

namespace {

int fail(Errc code) {
  errno = mayfly::to_errno(code);
  return -1;
}

std::nullptr_t refuse(Errc code) {
  fail(code);
  return nullptr;
}

int give(const Status& status) { return status ? 0 : fail(status.error()); }

mayfly::MutableBytes bytes_of(void* buffer, std::size_t bytes) {
  return {static_cast<std::byte*>(buffer), bytes};
}
mayfly::Bytes bytes_of(const void* buffer, std::size_t bytes) {
  return {static_cast<const std::byte*>(buffer), bytes};
}

constexpr std::int64_t kSecond = 1'000'000'000;  // ns

/// The same moment; tv_nsec counts forward, also before 1970.
timespec time_of(std::int64_t nanoseconds) {
  std::int64_t seconds = nanoseconds / kSecond;
  std::int64_t rest = nanoseconds % kSecond;
  if (rest < 0) {
    --seconds;
    rest += kSecond;
  }
  return {static_cast<time_t>(seconds), static_cast<long>(rest)};
}

/// What 64 bits of nanoseconds cannot hold becomes the nearest that they can, as the kernel does
/// with times that a file system cannot keep.
std::int64_t nanoseconds_of(const timespec& time) {
  constexpr std::int64_t kFarthest = std::numeric_limits<std::int64_t>::max() / kSecond - 1;
  return std::clamp<std::int64_t>(time.tv_sec, -kFarthest, kFarthest) * kSecond + time.tv_nsec;
}

/// The times that utimensat(2) would set.
Status take_times(const timespec times[2], mayfly::ChangeBody& change) {
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME, &now);
  const auto take = [&](const timespec& asked, std::uint32_t bit, std::int64_t& field) -> Status {
    if (asked.tv_nsec == UTIME_OMIT) return {};
    const timespec& time = asked.tv_nsec == UTIME_NOW ? now : asked;
    if (time.tv_nsec < 0 || time.tv_nsec >= kSecond) return Errc::invalid;
    change.mask |= bit;
    field = nanoseconds_of(time);
    return {};
  };
  MAYFLY_CHECKED(take(times[0], mayfly::kAtime, change.atime_ns));
  return take(times[1], mayfly::kMtime, change.mtime_ns);
}

struct stat stat_of(const Attributes& attributes) {
  struct stat status {};
  status.st_ino = attributes.id.serial * 65536 + attributes.id.home();
  status.st_mode = attributes.mode;
  status.st_nlink = attributes.nlink;
  status.st_uid = attributes.uid;
  status.st_gid = attributes.gid;
  status.st_size = static_cast<off_t>(attributes.size);
  status.st_blksize = static_cast<blksize_t>(attributes.layout.chunk_bytes);
  status.st_blocks = static_cast<blkcnt_t>((attributes.size + 511) / 512);
  status.st_atim = time_of(attributes.atime_ns);
  status.st_mtim = time_of(attributes.mtime_ns);
  status.st_ctim = time_of(attributes.ctime_ns);
  return status;
}

/// Runs `make(session)`, a task.
template <class Make>
auto run(Make make) -> decltype(make(std::declval<mayfly::Session&>()).take()) {
  auto membership = Membership::current();
  if (!membership) return membership.error();
  mayfly::Session& session = (*membership)->session();
  return session.run(make(session));
}

/// The same for a task that needs what the caller's pointer points to.
template <class Make>
auto run_with(const void* pointer, Make make) -> decltype(run(make)) {
  if (pointer == nullptr) return Errc::bad_address;
  return run(make);
}

/// Runs `make(file)` on an open file.
template <class Make>
auto run_on(int fd, Make make) -> decltype(make(std::declval<mayfly::File&>()).take()) {
  auto membership = Membership::current();
  if (!membership) return membership.error();
  auto file = (*membership)->find(fd);
  if (!file) return file.error();
  return (*membership)->session().run(make(**file));
}

template <class Make>
mayfly_operation* start_on(int fd, Make make) {
  auto membership = Membership::current();
  if (!membership) return refuse(membership.error());
  auto file = (*membership)->find(fd);
  if (!file) return refuse(file.error());
  auto* operation = new mayfly_operation(*membership, *file, make(**file));
  (*membership)->session().driver().start(operation->operation);
  return operation;
}

/// What of a transfer needs no server to be refused.
Status check_transfer(const void* buffer, std::size_t bytes, off_t offset) {
  if (offset < 0) return Errc::invalid;
  if (buffer == nullptr && bytes != 0) return Errc::bad_address;
  return {};
}

ssize_t give_count(const Result<std::size_t>& count) {
  return count ? static_cast<ssize_t>(*count) : fail(count.error());
}

int give_stat(const Result<Attributes>& attributes, struct stat* status) {
  if (!attributes) return fail(attributes.error());
  if (status == nullptr) return fail(Errc::bad_address);
  *status = stat_of(*attributes);
  return 0;
}

/// The umask as it was at the first creation. umask(2) cannot be read without setting it, which
/// would for a moment change what other threads create elsewhere; /proc can, but not for every
/// file.
mode_t process_umask() {
  static const mode_t mask = [] {
    unsigned value = 022;
    std::FILE* status = std::fopen("/proc/self/status", "re");
    char line[256];
    while (status != nullptr && std::fgets(line, sizeof line, status) != nullptr) {
      if (std::sscanf(line, "Umask: %o", &value) == 1) break;
    }
    if (status != nullptr) std::fclose(status);
    return static_cast<mode_t>(value);
  }();
  return mask;
}

std::uint32_t permissions(mode_t mode) { return mode & ~process_umask() & 07777; }

}  // namespace

extern "C" {

const char* mayfly_version(void) noexcept { return MAYFLY_VERSION; }

int mayfly_join(const void* session, size_t bytes) noexcept {
  if (session == nullptr) return fail(Errc::bad_address);
  return give(Membership::join(bytes_of(session, bytes)));
}

int mayfly_leave(void) noexcept { return give(Membership::leave()); }

int mayfly_shut_down(void) noexcept {
  return give(run([](mayfly::Session& session) { return session.shut_down_servers(); }));
}

int mayfly_open(const char* path, int flags, mode_t mode) noexcept {
  auto membership = Membership::current();
  if (!membership) return fail(membership.error());
  if (path == nullptr) return fail(Errc::bad_address);
  // Linux made files for it once, and refuses it by now.
  if ((flags & O_CREAT) != 0 && (flags & O_DIRECTORY) != 0) return fail(Errc::invalid);
  mayfly::Session& session = (*membership)->session();
  auto file = session.run(mayfly::File::open(session, path, flags, permissions(mode)));
  if (!file) return fail(file.error());
  mayfly::File& opened = **file;
  const auto fd = (*membership)->add(*file);
  if (fd) return *fd;
  // The process's table is full: the server's handle must not stay behind.
  const Status closed = session.run(opened.close());
  return fail(closed ? fd.error() : closed.error());
}

int mayfly_close(int fd) noexcept {
  auto membership = Membership::current();
  if (!membership) return fail(membership.error());
  auto file = (*membership)->remove(fd);
  if (!file) return fail(file.error());
  return give((*membership)->session().run((*file)->close()));
}

ssize_t mayfly_pread(int fd, void* buffer, size_t bytes, off_t offset) noexcept {
  if (const Status usable = check_transfer(buffer, bytes, offset); !usable) return give(usable);
  return give_count(run_on(fd, [=](mayfly::File& file) {
    return file.pread(bytes_of(buffer, bytes), static_cast<std::uint64_t>(offset));
  }));
}

ssize_t mayfly_pwrite(int fd, const void* buffer, size_t bytes, off_t offset) noexcept {
  if (const Status usable = check_transfer(buffer, bytes, offset); !usable) return give(usable);
  return give_count(run_on(fd, [=](mayfly::File& file) {
    return file.pwrite(bytes_of(buffer, bytes), static_cast<std::uint64_t>(offset));
  }));
}

ssize_t mayfly_read(int fd, void* buffer, size_t bytes) noexcept {
  if (const Status usable = check_transfer(buffer, bytes, 0); !usable) return give(usable);
  return give_count(
      run_on(fd, [=](mayfly::File& file) { return file.read(bytes_of(buffer, bytes)); }));
}

ssize_t mayfly_write(int fd, const void* buffer, size_t bytes) noexcept {
  if (const Status usable = check_transfer(buffer, bytes, 0); !usable) return give(usable);
  return give_count(
      run_on(fd, [=](mayfly::File& file) { return file.write(bytes_of(buffer, bytes)); }));
}

off_t mayfly_lseek(int fd, off_t offset, int whence) noexcept {
  const auto position = run_on(fd, [=](mayfly::File& file) { return file.seek(offset, whence); });
  return position ? static_cast<off_t>(*position) : fail(position.error());
}

mayfly_operation* mayfly_start_pread(int fd, void* buffer, size_t bytes, off_t offset) noexcept {
  if (const Status usable = check_transfer(buffer, bytes, offset); !usable)
    return refuse(usable.error());
  return start_on(fd, [=](mayfly::File& file) {
    return file.pread(bytes_of(buffer, bytes), static_cast<std::uint64_t>(offset));
  });
}

mayfly_operation* mayfly_start_pwrite(int fd, const void* buffer, size_t bytes,
                                      off_t offset) noexcept {
  if (const Status usable = check_transfer(buffer, bytes, offset); !usable)
    return refuse(usable.error());
  return start_on(fd, [=](mayfly::File& file) {
    return file.pwrite(bytes_of(buffer, bytes), static_cast<std::uint64_t>(offset));
  });
}

ssize_t mayfly_wait(mayfly_operation* operation) noexcept {
  if (operation == nullptr) return fail(Errc::invalid);
  const std::unique_ptr<mayfly_operation> owned(operation);
  return give_count(owned->membership->session().driver().wait(owned->operation));
}

int mayfly_fstat(int fd, struct stat* status) noexcept {
  return give_stat(run_on(fd, [](mayfly::File& file) { return file.stat(); }), status);
}

int mayfly_ftruncate(int fd, off_t size) noexcept {
  if (size < 0) return fail(Errc::invalid);
  return give(run_on(
      fd, [=](mayfly::File& file) { return file.truncate(static_cast<std::uint64_t>(size)); }));
}

int mayfly_fsync(int fd) noexcept {
  return give(run_on(fd, [](mayfly::File& file) { return file.fsync(); }));
}

int mayfly_stat(const char* path, struct stat* status) noexcept {
  return give_stat(run_with(path, [=](mayfly::Session& session) { return session.stat(path); }),
                   status);
}

int mayfly_mkdir(const char* path, mode_t mode) noexcept {
  return give(run_with(path, [=](mayfly::Session& session) {
    return session.make_directory(path, permissions(mode));
  }));
}

int mayfly_rmdir(const char* path) noexcept {
  return give(
      run_with(path, [=](mayfly::Session& session) { return session.remove_directory(path); }));
}

int mayfly_unlink(const char* path) noexcept {
  return give(run_with(path, [=](mayfly::Session& session) { return session.remove_file(path); }));
}

int mayfly_chmod(const char* path, mode_t mode) noexcept {
  mayfly::ChangeBody change;
  change.mask = mayfly::kMode;
  change.mode = mode & 07777;
  return give(run_with(
      path, [=](mayfly::Session& session) { return session.change_attributes(path, change); }));
}

int mayfly_utimens(const char* path, const struct timespec times[2]) noexcept {
  const timespec now_twice[2] = {{0, UTIME_NOW}, {0, UTIME_NOW}};
  mayfly::ChangeBody change;
  const Status taken = take_times(times != nullptr ? times : now_twice, change);
  if (!taken) return give(taken);
  return give(run_with(
      path, [=](mayfly::Session& session) { return session.change_attributes(path, change); }));
}

int mayfly_statfs(struct statvfs* status) noexcept {
  const auto usage = run_with(status, [](mayfly::Session& session) { return session.usage(); });
  if (!usage) return fail(usage.error());
  *status = {};
  status->f_bsize = status->f_frsize = mayfly::kPageBytes;
  status->f_blocks = usage->capacity_bytes / mayfly::kPageBytes;
  status->f_bfree = status->f_bavail =
      (usage->capacity_bytes - usage->used_bytes) / mayfly::kPageBytes;
  status->f_namemax = mayfly::kMaxNameBytes;
  return 0;
}

mayfly_dir* mayfly_opendir(const char* path) noexcept {
  auto membership = Membership::current();
  if (!membership) return refuse(membership.error());
  if (path == nullptr) return refuse(Errc::bad_address);
  mayfly::Session& session = (*membership)->session();
  auto directory = session.run(mayfly::Directory::open(session, path));
  if (!directory) return refuse(directory.error());
  auto* result = new mayfly_dir();
  result->membership = *membership;
  result->directory = std::move(*directory);
  return result;
}

struct dirent* mayfly_readdir(mayfly_dir* directory) noexcept {
  dirent& entry = directory->entry;
  if (directory->dots_given < 2) {
    std::strcpy(entry.d_name, directory->dots_given++ == 0 ? "." : "..");
    const mayfly::FileId id = directory->directory->id();
    entry.d_ino = id.serial * 65536 + id.home();
    entry.d_type = DT_DIR;
    return &entry;
  }
  const int errno_before = errno;
  auto item = directory->membership->session().run(directory->directory->next());
  if (!item) return refuse(item.error());
  errno = errno_before;
  if (!item->has_value()) return nullptr;
  const mayfly::Directory::Item& found = **item;
  std::memcpy(entry.d_name, found.name.c_str(), found.name.size() + 1);
  entry.d_ino = found.id.serial * 65536 + found.id.home();
  entry.d_type = static_cast<unsigned char>(found.type);
  return &entry;
}

void mayfly_rewinddir(mayfly_dir* directory) noexcept {
  directory->dots_given = 0;
  directory->directory->rewind();
}

int mayfly_closedir(mayfly_dir* directory) noexcept {
  delete directory;
  return 0;
}

}  // extern "C"
