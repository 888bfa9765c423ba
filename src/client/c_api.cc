// The C edge: errno, no exceptions, descriptors. Nothing else is decided here.
#include <fcntl.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <numeric>

#include "client/c_edge.h"
#include "mayfly/mayfly.h"
#include "protocol/session_file.h"

using mayfly::Errc;
using mayfly::File;
using mayfly::Membership;
using mayfly::Result;
using mayfly::Status;
using namespace mayfly::c_edge;

struct mayfly_operation {
  mayfly_operation(std::shared_ptr<Membership> owner, std::shared_ptr<mayfly::File> target,
                   mayfly::Task<Result<std::size_t>> task)
      : membership(std::move(owner)), file(std::move(target)), operation(std::move(task)) {}
  std::shared_ptr<Membership> membership;
  std::shared_ptr<mayfly::File> file;
  mayfly::Driver::Operation<Result<std::size_t>> operation;
};

namespace {

mayfly::MutableBytes bytes_of(void* buffer, std::size_t bytes) {
  return {static_cast<std::byte*>(buffer), bytes};
}
mayfly::Bytes bytes_of(const void* buffer, std::size_t bytes) {
  return {static_cast<const std::byte*>(buffer), bytes};
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

}  // namespace

namespace {

mode_t umask_at_first() {
  unsigned value = 022;
  std::FILE* status = std::fopen("/proc/self/status", "re");
  char line[256];
  while (status != nullptr && std::fgets(line, sizeof line, status) != nullptr) {
    if (std::sscanf(line, "Umask: %o", &value) == 1) break;
  }
  if (status != nullptr) std::fclose(status);
  return static_cast<mode_t>(value);
}

std::atomic<mode_t>& known_umask() {
  static std::atomic<mode_t> mask = umask_at_first();
  return mask;
}

}  // namespace

mode_t mayfly::c_edge::process_umask() { return known_umask().load(std::memory_order_relaxed); }

int mayfly::c_edge::add_open(Membership& membership, std::unique_ptr<File>& file) {
  mayfly::File& opened = *file;
  const auto fd = membership.add(file);
  if (fd) return *fd;
  // The process's table is full: the server's handle must not stay behind.
  const Status closed = membership.session().run(opened.close());
  return fail(closed ? fd.error() : closed.error());
}

int mayfly::c_edge::open_at(int directory, const char* path, int flags, mode_t mode,
                            std::optional<Layout> layout) {
  auto membership = Membership::current();
  if (!membership) return fail(membership.error());
  auto meant = path_at(**membership, directory, path);
  if (!meant) return fail(meant.error());
  // Linux made files for it once, and refuses it by now.
  if ((flags & O_CREAT) != 0 && (flags & O_DIRECTORY) != 0) return fail(Errc::invalid);
  mayfly::Session& session = (*membership)->session();
  auto file =
      session.run(mayfly::File::open(session, std::move(*meant), flags, permissions(mode), layout));
  if (!file) return fail(file.error());
  return add_open(**membership, *file);
}

extern "C" {

const char* mayfly_version(void) noexcept { return MAYFLY_VERSION; }

int mayfly_join(const void* session, size_t bytes) noexcept {
  if (session == nullptr) return fail(Errc::bad_address);
  return give(Membership::join(bytes_of(session, bytes)));
}

int mayfly_join_session(const char* path) noexcept {
  if (Membership::current()) return fail(Errc::already);
  if (path == nullptr) path = std::getenv("MAYFLY_SESSION");
  if (path == nullptr) return fail(Errc::no_entry);
  const auto session = mayfly::read_session_file(path);
  if (!session) return fail(session.error().code);
  return mayfly_join(session->data(), session->size());
}

int mayfly_leave(void) noexcept { return give(Membership::leave()); }

int mayfly_shut_down(void) noexcept {
  return give(run([](mayfly::Session& session) { return session.shut_down_servers(); }));
}

unsigned long long mayfly_requests(void) noexcept {
  const auto membership = Membership::current();
  if (!membership) return 0;
  const mayfly::RequestCounts sent = (*membership)->session().sent();
  return std::accumulate(sent.begin(), sent.end(), 0ULL);
}

void mayfly_umask(mode_t mask) noexcept {
  known_umask().store(mask & 0777, std::memory_order_relaxed);
}

int mayfly_set_mount_point(const char* path) noexcept {
  if (path == nullptr) return fail(Errc::bad_address);
  const auto membership = Membership::current();
  if (!membership) return fail(membership.error());
  const std::string_view given(path);
  if (!given.starts_with('/') || given.ends_with('/')) return fail(Errc::invalid);
  (*membership)->session().set_mount_point(std::string(given));
  return 0;
}

int mayfly_open(const char* path, int flags, mode_t mode) noexcept {
  return mayfly_openat(AT_FDCWD, path, flags, mode);
}

int mayfly_openat(int directory, const char* path, int flags, mode_t mode) noexcept {
  return open_at(directory, path, flags, mode, std::nullopt);
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

int mayfly_fdatasync(int fd) noexcept { return mayfly_fsync(fd); }

int mayfly_sync(void) noexcept {
  return give(run([](mayfly::Session& session) { return session.sync(); }));
}

int mayfly_fallocate(int fd, int mode, off_t offset, off_t bytes) noexcept {
  if (offset < 0 || bytes <= 0) return fail(Errc::invalid);
  return give(run_on(fd, [=](mayfly::File& file) {
    return file.allocate(mode, static_cast<std::uint64_t>(offset),
                         static_cast<std::uint64_t>(bytes));
  }));
}

int mayfly_fsync(int fd) noexcept {
  return give(run_on(fd, [](mayfly::File& file) { return file.fsync(); }));
}

}  // extern "C"
