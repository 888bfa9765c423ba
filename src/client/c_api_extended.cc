// The C edge of extended attributes.
#include <fcntl.h>

#include <cstring>

#include "client/c_edge.h"
#include "client/extended_attributes.h"
#include "mayfly/mayfly.h"

using mayfly::Attributes;
using mayfly::Errc;
using mayfly::File;
using mayfly::PathAt;
using mayfly::Result;
using mayfly::Session;
using mayfly::Status;
using mayfly::Task;
using namespace mayfly::c_edge;

namespace {

/// The file that a call means: by path, with or without following a last symbolic link, or open.
struct Meant {
  const char* path = nullptr;
  bool follows = true;
  int fd = -1;
};

Result<Attributes> find(const Meant& file) {
  if (file.fd >= 0) return run_on(file.fd, [](File& open) { return open.stat(); });
  return run_at(AT_FDCWD, file.path, [&](Session& session, PathAt path) {
    return session.find(std::move(path), file.follows);
  });
}

/// As the size of a value or list, without room for it: how much that would be.
ssize_t give_text(const Result<std::string>& text, void* buffer, size_t bytes) {
  if (!text) return fail(text.error());
  if (bytes == 0) return static_cast<ssize_t>(text->size());
  if (text->size() > bytes) return fail(Errc::out_of_range);
  if (buffer == nullptr) return fail(Errc::bad_address);
  std::memcpy(buffer, text->data(), text->size());
  return static_cast<ssize_t>(text->size());
}

int set(const Meant& meant, const char* name, const void* value, size_t bytes, int flags) {
  if (name == nullptr || (value == nullptr && bytes != 0)) return fail(Errc::bad_address);
  const auto file = find(meant);
  if (!file) return fail(file.error());
  return give(run([=](Session& session) {
    std::string copy(static_cast<const char*>(value), bytes);
    return set_extended(session, *file, name, std::move(copy), flags);
  }));
}

ssize_t get(const Meant& meant, const char* name, void* buffer, size_t bytes) {
  if (name == nullptr) return fail(Errc::bad_address);
  const auto file = find(meant);
  if (!file) return fail(file.error());
  const auto value = run([=](Session& session) { return get_extended(session, *file, name); });
  return give_text(value, buffer, bytes);
}

ssize_t list(const Meant& meant, char* buffer, size_t bytes) {
  const auto file = find(meant);
  if (!file) return fail(file.error());
  const auto names = run([=](Session& session) { return list_extended(session, *file); });
  return give_text(names, buffer, bytes);
}

int remove(const Meant& meant, const char* name) {
  if (name == nullptr) return fail(Errc::bad_address);
  const auto file = find(meant);
  if (!file) return fail(file.error());
  return give(run([=](Session& session) { return remove_extended(session, *file, name); }));
}

Meant at(const char* path) { return {path, true, -1}; }
Meant at_link(const char* path) { return {path, false, -1}; }
/// A descriptor that is none is looked for all the same, and not found.
Meant open_as(int fd) { return {nullptr, true, fd < 0 ? 1 << 30 : fd}; }

}  // namespace

extern "C" {

int mayfly_setxattr(const char* path, const char* name, const void* value, size_t bytes,
                    int flags) noexcept {
  return set(at(path), name, value, bytes, flags);
}
int mayfly_lsetxattr(const char* path, const char* name, const void* value, size_t bytes,
                     int flags) noexcept {
  return set(at_link(path), name, value, bytes, flags);
}
int mayfly_fsetxattr(int fd, const char* name, const void* value, size_t bytes,
                     int flags) noexcept {
  return set(open_as(fd), name, value, bytes, flags);
}

ssize_t mayfly_getxattr(const char* path, const char* name, void* value, size_t bytes) noexcept {
  return get(at(path), name, value, bytes);
}
ssize_t mayfly_lgetxattr(const char* path, const char* name, void* value, size_t bytes) noexcept {
  return get(at_link(path), name, value, bytes);
}
ssize_t mayfly_fgetxattr(int fd, const char* name, void* value, size_t bytes) noexcept {
  return get(open_as(fd), name, value, bytes);
}

ssize_t mayfly_listxattr(const char* path, char* names, size_t bytes) noexcept {
  return list(at(path), names, bytes);
}
ssize_t mayfly_llistxattr(const char* path, char* names, size_t bytes) noexcept {
  return list(at_link(path), names, bytes);
}
ssize_t mayfly_flistxattr(int fd, char* names, size_t bytes) noexcept {
  return list(open_as(fd), names, bytes);
}

int mayfly_removexattr(const char* path, const char* name) noexcept {
  return remove(at(path), name);
}
int mayfly_lremovexattr(const char* path, const char* name) noexcept {
  return remove(at_link(path), name);
}
int mayfly_fremovexattr(int fd, const char* name) noexcept { return remove(open_as(fd), name); }

}  // extern "C"
