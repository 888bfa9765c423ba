// The C edge of names: what makes, moves and removes them.
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <span>

#include "async/task_group.h"
#include "client/c_edge.h"
#include "mayfly/mayfly.h"

using mayfly::Errc;
using mayfly::Membership;
using mayfly::PathAt;
using mayfly::Session;
using mayfly::Status;
using mayfly::Task;
using mayfly::TaskGroup;
using namespace mayfly::c_edge;

namespace {

/// The status of the task `make(session, from, to)`.
template <class Make>
Status run_at_both(int old_directory, const char* old_path, int new_directory, const char* new_path,
                   Make make) {
  auto membership = Membership::current();
  if (!membership) return membership.error();
  auto from = path_at(**membership, old_directory, old_path);
  if (!from) return from.error();
  auto to = path_at(**membership, new_directory, new_path);
  if (!to) return to.error();
  Session& session = (*membership)->session();
  return session.run(make(session, std::move(*from), std::move(*to)));
}

Task<Status> remove_file(Session& session, const char* path, int* error) {
  const Status removed = co_await session.remove_file(PathAt(path));
  if (error != nullptr) *error = removed ? 0 : to_errno(removed.error());
  co_return removed;
}

Task<Status> remove_files(Session& session, std::span<const char* const> paths, int* errors) {
  TaskGroup group;
  for (std::size_t i = 0; i < paths.size(); ++i) {
    group.add(remove_file(session, paths[i], errors == nullptr ? nullptr : errors + i));
  }
  co_return co_await group.join();
}

}  // namespace

extern "C" {

int mayfly_name_beside(const char* path, const char* begin, char* name, size_t bytes) noexcept {
  if (path == nullptr || begin == nullptr || name == nullptr) return fail(Errc::bad_address);
  const auto membership = Membership::current();
  if (!membership) return fail(membership.error());
  Session& session = (*membership)->session();
  const std::string found = session.run(session.name_beside(path, begin));
  if (found.size() >= bytes) return fail(Errc::out_of_range);
  std::memcpy(name, found.c_str(), found.size() + 1);
  return 0;
}

int mayfly_mkdir(const char* path, mode_t mode) noexcept {
  return mayfly_mkdirat(AT_FDCWD, path, mode);
}
int mayfly_mkdirat(int directory, const char* path, mode_t mode) noexcept {
  return give(run_at(directory, path, [=](Session& session, PathAt meant) {
    return session.make_directory(std::move(meant), permissions(mode));
  }));
}

int mayfly_unlink(const char* path) noexcept { return mayfly_unlinkat(AT_FDCWD, path, 0); }
int mayfly_rmdir(const char* path) noexcept {
  return mayfly_unlinkat(AT_FDCWD, path, AT_REMOVEDIR);
}
int mayfly_unlinkat(int directory, const char* path, int flags) noexcept {
  if ((flags & ~AT_REMOVEDIR) != 0) return fail(Errc::invalid);
  return give(run_at(directory, path, [=](Session& session, PathAt meant) {
    return flags != 0 ? session.remove_directory(std::move(meant))
                      : session.remove_file(std::move(meant));
  }));
}

int mayfly_unlink_all(const char* const* paths, int* errors, size_t count) noexcept {
  if (paths == nullptr && count != 0) return fail(Errc::bad_address);
  const std::span all(paths, count);
  if (std::find(all.begin(), all.end(), nullptr) != all.end()) return fail(Errc::bad_address);
  for (size_t i = 0; errors != nullptr && i < count; ++i) errors[i] = ENOTCONN;
  return give(run([=](Session& session) { return remove_files(session, all, errors); }));
}

int mayfly_rename(const char* old_path, const char* new_path) noexcept {
  return mayfly_renameat2(AT_FDCWD, old_path, AT_FDCWD, new_path, 0);
}
int mayfly_renameat2(int old_directory, const char* old_path, int new_directory,
                     const char* new_path, unsigned flags) noexcept {
  return give(run_at_both(old_directory, old_path, new_directory, new_path,
                          [=](Session& session, PathAt from, PathAt to) {
                            return session.rename(std::move(from), std::move(to), flags);
                          }));
}

int mayfly_link(const char* old_path, const char* new_path) noexcept {
  return mayfly_linkat(AT_FDCWD, old_path, AT_FDCWD, new_path, 0);
}
int mayfly_linkat(int old_directory, const char* old_path, int new_directory, const char* new_path,
                  int flags) noexcept {
  if ((flags & ~AT_SYMLINK_FOLLOW) != 0) return fail(Errc::invalid);
  return give(run_at_both(old_directory, old_path, new_directory, new_path,
                          [=](Session& session, PathAt from, PathAt to) {
                            return session.link(std::move(from), std::move(to), flags != 0);
                          }));
}

int mayfly_symlink(const char* target, const char* path) noexcept {
  return mayfly_symlinkat(target, AT_FDCWD, path);
}
int mayfly_symlinkat(const char* target, int directory, const char* path) noexcept {
  if (target == nullptr) return fail(Errc::bad_address);
  return give(run_at(directory, path, [=](Session& session, PathAt meant) {
    return session.make_symbolic_link(target, std::move(meant));
  }));
}

ssize_t mayfly_readlink(const char* path, char* buffer, size_t bytes) noexcept {
  return mayfly_readlinkat(AT_FDCWD, path, buffer, bytes);
}
ssize_t mayfly_readlinkat(int directory, const char* path, char* buffer, size_t bytes) noexcept {
  if (bytes == 0) return fail(Errc::invalid);
  const auto target = run_at(directory, path, [](Session& session, PathAt meant) {
    return session.read_link(std::move(meant));
  });
  if (!target) return fail(target.error());
  if (buffer == nullptr) return fail(Errc::bad_address);
  const std::size_t length = std::min(bytes, target->size());
  std::memcpy(buffer, target->data(), length);
  return static_cast<ssize_t>(length);
}

}  // extern "C"
