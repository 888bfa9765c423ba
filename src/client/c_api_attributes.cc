// The C edge of attributes: stat and what changes it.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <limits>

#include "client/c_edge.h"
#include "client/credentials.h"
#include "mayfly/mayfly.h"

using mayfly::Attributes;
using mayfly::ChangeBody;
using mayfly::Credentials;
using mayfly::Errc;
using mayfly::Result;
using mayfly::Status;
using namespace mayfly::c_edge;

namespace {

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

/// What utimensat(2) would set; null: both times to now.
Result<ChangeBody> change_of_times(const timespec asked_times[2]) {
  const timespec now_twice[2] = {{0, UTIME_NOW}, {0, UTIME_NOW}};
  const timespec* times = asked_times != nullptr ? asked_times : now_twice;
  ChangeBody change;
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
  MAYFLY_CHECKED(take(times[1], mayfly::kMtime, change.mtime_ns));
  return change;
}

ChangeBody change_of_mode(mode_t mode) {
  ChangeBody change;
  change.mask = mayfly::kMode;
  change.mode = mode & 07777;
  return change;
}

/// -1 leaves an owner or a group as it is.
ChangeBody change_of_owner(uid_t owner, gid_t group) {
  ChangeBody change;
  if (owner != static_cast<uid_t>(-1)) change.mask |= mayfly::kUid;
  if (group != static_cast<gid_t>(-1)) change.mask |= mayfly::kGid;
  change.uid = owner;
  change.gid = group;
  return change;
}

int change_path(const char* path, const ChangeBody& change) {
  return give(run_with(
      path, [=](mayfly::Session& session) { return session.change_attributes(path, change); }));
}
int change_open(int fd, const ChangeBody& change) {
  return give(run_on(fd, [=](mayfly::File& file) { return file.change_attributes(change); }));
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

int give_stat(const Result<Attributes>& attributes, struct stat* status) {
  if (!attributes) return fail(attributes.error());
  if (status == nullptr) return fail(Errc::bad_address);
  *status = stat_of(*attributes);
  return 0;
}

}  // namespace

extern "C" {

int mayfly_stat(const char* path, struct stat* status) noexcept {
  return give_stat(run_with(path, [=](mayfly::Session& session) { return session.stat(path); }),
                   status);
}

int mayfly_fstat(int fd, struct stat* status) noexcept {
  return give_stat(run_on(fd, [](mayfly::File& file) { return file.stat(); }), status);
}

int mayfly_truncate(const char* path, off_t size) noexcept {
  if (size < 0) return fail(Errc::invalid);
  return give(run_with(path, [=](mayfly::Session& session) {
    return session.truncate(path, static_cast<std::uint64_t>(size));
  }));
}

int mayfly_ftruncate(int fd, off_t size) noexcept {
  if (size < 0) return fail(Errc::invalid);
  return give(run_on(
      fd, [=](mayfly::File& file) { return file.truncate(static_cast<std::uint64_t>(size)); }));
}

int mayfly_chmod(const char* path, mode_t mode) noexcept {
  return change_path(path, change_of_mode(mode));
}
int mayfly_fchmod(int fd, mode_t mode) noexcept { return change_open(fd, change_of_mode(mode)); }

int mayfly_chown(const char* path, uid_t owner, gid_t group) noexcept {
  return change_path(path, change_of_owner(owner, group));
}
int mayfly_fchown(int fd, uid_t owner, gid_t group) noexcept {
  return change_open(fd, change_of_owner(owner, group));
}

int mayfly_utimens(const char* path, const struct timespec times[2]) noexcept {
  const auto change = change_of_times(times);
  return change ? change_path(path, *change) : fail(change.error());
}
int mayfly_futimens(int fd, const struct timespec times[2]) noexcept {
  const auto change = change_of_times(times);
  return change ? change_open(fd, *change) : fail(change.error());
}

int mayfly_access(const char* path, int mode) noexcept {
  if ((mode & ~(R_OK | W_OK | X_OK)) != 0) return fail(Errc::invalid);
  const auto attributes =
      run_with(path, [=](mayfly::Session& session) { return session.stat(path); });
  if (!attributes) return fail(attributes.error());
  // access(2) is for set-user-id programs: it asks for the real user.
  return Credentials::real().may_access(*attributes, mode) ? 0 : fail(Errc::access_denied);
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

}  // extern "C"
