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
using mayfly::PathAt;
using mayfly::Result;
using mayfly::Session;
using mayfly::Status;
using namespace mayfly::c_edge;

namespace {

constexpr std::int64_t kSecond = 1'000'000'000;  // ns

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
  if (times[0].tv_nsec == UTIME_NOW && times[1].tv_nsec == UTIME_NOW) change.mask |= mayfly::kToNow;
  MAYFLY_CHECKED(take(times[0], mayfly::kAtime, change.atime_ns));
  MAYFLY_CHECKED(take(times[1], mayfly::kMtime, change.mtime_ns));
  return change;
}

/// Linux does not even look for the file then.
bool leaves_both(const timespec times[2]) {
  return times != nullptr && times[0].tv_nsec == UTIME_OMIT && times[1].tv_nsec == UTIME_OMIT;
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

/// AT_SYMLINK_NOFOLLOW or AT_EMPTY_PATH, the latter for the descriptor itself.
constexpr int kAtFlags = AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH;

bool means_descriptor(const char* path, int flags) {
  return (flags & AT_EMPTY_PATH) != 0 && path != nullptr && path[0] == '\0';
}

int change_open(int fd, const ChangeBody& change) {
  return give(run_on(fd, [=](mayfly::File& file) { return file.change_attributes(change); }));
}
int change_at(int directory, const char* path, const ChangeBody& change, int flags) {
  if ((flags & ~kAtFlags) != 0) return fail(Errc::invalid);
  if (means_descriptor(path, flags)) return change_open(directory, change);
  const bool follows = (flags & AT_SYMLINK_NOFOLLOW) == 0;
  return give(run_at(directory, path, [=](Session& session, PathAt meant) {
    return session.change_attributes(std::move(meant), change, follows);
  }));
}

int give_stat(const Result<Attributes>& attributes, struct stat* status) {
  if (!attributes) return fail(attributes.error());
  if (status == nullptr) return fail(Errc::bad_address);
  *status = stat_of(*attributes);
  return 0;
}

Result<Attributes> look_at(int directory, const char* path, int flags) {
  const bool follows = (flags & AT_SYMLINK_NOFOLLOW) == 0;
  return run_at(directory, path, [=](Session& session, PathAt meant) {
    return session.stat(std::move(meant), follows);
  });
}

}  // namespace

std::int64_t mayfly::c_edge::nanoseconds_of(const timespec& time) {
  constexpr std::int64_t kFarthest = std::numeric_limits<std::int64_t>::max() / kSecond - 1;
  return std::clamp<std::int64_t>(time.tv_sec, -kFarthest, kFarthest) * kSecond + time.tv_nsec;
}

extern "C" {

int mayfly_stat(const char* path, struct stat* status) noexcept {
  return mayfly_fstatat(AT_FDCWD, path, status, 0);
}
int mayfly_lstat(const char* path, struct stat* status) noexcept {
  return mayfly_fstatat(AT_FDCWD, path, status, AT_SYMLINK_NOFOLLOW);
}
int mayfly_fstatat(int directory, const char* path, struct stat* status, int flags) noexcept {
  if ((flags & ~(kAtFlags | AT_NO_AUTOMOUNT)) != 0) return fail(Errc::invalid);
  if (means_descriptor(path, flags)) return mayfly_fstat(directory, status);
  return give_stat(look_at(directory, path, flags), status);
}

int mayfly_fstat(int fd, struct stat* status) noexcept {
  return give_stat(run_on(fd, [](mayfly::File& file) { return file.stat(); }), status);
}

int mayfly_truncate(const char* path, off_t size) noexcept {
  if (size < 0) return fail(Errc::invalid);
  return give(run_at(AT_FDCWD, path, [=](Session& session, PathAt meant) {
    return session.truncate(std::move(meant), static_cast<std::uint64_t>(size));
  }));
}

int mayfly_ftruncate(int fd, off_t size) noexcept {
  if (size < 0) return fail(Errc::invalid);
  return give(run_on(
      fd, [=](mayfly::File& file) { return file.truncate(static_cast<std::uint64_t>(size)); }));
}

int mayfly_chmod(const char* path, mode_t mode) noexcept {
  return mayfly_fchmodat(AT_FDCWD, path, mode, 0);
}
int mayfly_fchmod(int fd, mode_t mode) noexcept { return change_open(fd, change_of_mode(mode)); }
int mayfly_fchmodat(int directory, const char* path, mode_t mode, int flags) noexcept {
  // A symbolic link's own mode means nothing, and cannot be changed.
  if (flags == AT_SYMLINK_NOFOLLOW) return fail(Errc::not_supported);
  return change_at(directory, path, change_of_mode(mode), flags);
}

int mayfly_chown(const char* path, uid_t owner, gid_t group) noexcept {
  return mayfly_fchownat(AT_FDCWD, path, owner, group, 0);
}
int mayfly_lchown(const char* path, uid_t owner, gid_t group) noexcept {
  return mayfly_fchownat(AT_FDCWD, path, owner, group, AT_SYMLINK_NOFOLLOW);
}
int mayfly_fchown(int fd, uid_t owner, gid_t group) noexcept {
  return change_open(fd, change_of_owner(owner, group));
}
int mayfly_fchownat(int directory, const char* path, uid_t owner, gid_t group, int flags) noexcept {
  return change_at(directory, path, change_of_owner(owner, group), flags);
}

int mayfly_utimens(const char* path, const struct timespec times[2]) noexcept {
  return mayfly_utimensat(AT_FDCWD, path, times, 0);
}
int mayfly_utimensat(int directory, const char* path, const struct timespec times[2],
                     int flags) noexcept {
  if (leaves_both(times)) return 0;
  const auto change = change_of_times(times);
  if (change) return change_at(directory, path, *change, flags);
  // What is wrong with the times counts only if the file is there.
  const Status there = means_descriptor(path, flags)
                           ? check_open(directory)
                           : to_status(to_errc(look_at(directory, path, flags)));
  return fail(there ? change.error() : there.error());
}
int mayfly_fset_attributes(int fd, const struct stat* status, int owner_too) noexcept {
  if (status == nullptr) return fail(Errc::bad_address);
  const timespec times[2] = {status->st_atim, status->st_mtim};
  auto change = change_of_times(times);
  if (!change) return fail(change.error());
  change->mask |= mayfly::kMode;
  change->mode = status->st_mode & 07777;
  if (owner_too != 0) {
    change->mask |= mayfly::kUid | mayfly::kGid;
    change->uid = status->st_uid;
    change->gid = status->st_gid;
  }
  return change_open(fd, *change);
}

int mayfly_futimens(int fd, const struct timespec times[2]) noexcept {
  if (const Status open = check_open(fd); !open) return fail(open.error());
  if (leaves_both(times)) return 0;
  const auto change = change_of_times(times);
  return change ? change_open(fd, *change) : fail(change.error());
}

int mayfly_access(const char* path, int mode) noexcept {
  return mayfly_faccessat(AT_FDCWD, path, mode, 0);
}
int mayfly_faccessat(int directory, const char* path, int mode, int flags) noexcept {
  if ((mode & ~(R_OK | W_OK | X_OK)) != 0) return fail(Errc::invalid);
  if ((flags & ~(AT_EACCESS | AT_SYMLINK_NOFOLLOW)) != 0) return fail(Errc::invalid);
  const auto attributes = look_at(directory, path, flags);
  if (!attributes) return fail(attributes.error());
  // access(2) is for set-user-id programs: it asks for the real user.
  const Credentials user =
      (flags & AT_EACCESS) != 0 ? Credentials::effective() : Credentials::real();
  return user.may_access(*attributes, mode) ? 0 : fail(Errc::access_denied);
}

}  // extern "C"
