// The C edge of directory streams.
#include <dirent.h>

#include <cstring>

#include "client/c_edge.h"
#include "client/directory.h"
#include "mayfly/mayfly.h"

using mayfly::Errc;
using mayfly::Membership;
using namespace mayfly::c_edge;

struct mayfly_dir {
  std::shared_ptr<Membership> membership;
  std::unique_ptr<mayfly::Directory> directory;
  dirent entry{};
};

namespace {

mayfly_dir* stream_of(std::shared_ptr<Membership> membership,
                      std::unique_ptr<mayfly::Directory> directory) {
  auto* stream = new mayfly_dir();
  stream->membership = std::move(membership);
  stream->directory = std::move(directory);
  return stream;
}

/// As readdir, and with `status` the entry's attributes in it.
dirent* next_of(mayfly_dir* stream, struct stat* status) {
  const int errno_before = errno;
  mayfly::Session& session = stream->membership->session();
  auto item = session.run(stream->directory->next(status != nullptr));
  if (!item) return refuse(item.error());
  errno = errno_before;
  if (!item->has_value()) return nullptr;
  const mayfly::Directory::Item& found = **item;
  dirent& entry = stream->entry;
  std::memcpy(entry.d_name, found.name.c_str(), found.name.size() + 1);
  entry.d_ino = inode_number(found.id);
  entry.d_off = static_cast<off_t>(found.position);
  entry.d_reclen = sizeof entry;
  entry.d_type = static_cast<unsigned char>(found.type);
  if (status == nullptr) return &entry;
  *status = stat_of(found.attributes);
  if (found.attributes.id.valid()) return &entry;
  // "." and "..", whose attributes are no part of the listing.
  const auto attributes = session.run(session.get_attributes(found.id));
  if (!attributes) return refuse(attributes.error());
  *status = stat_of(*attributes);
  return &entry;
}

}  // namespace

extern "C" {

mayfly_dir* mayfly_opendir(const char* path) noexcept {
  auto membership = Membership::current();
  if (!membership) return refuse(membership.error());
  if (path == nullptr) return refuse(Errc::bad_address);
  mayfly::Session& session = (*membership)->session();
  auto directory = session.run(mayfly::Directory::open(session, path));
  if (!directory) return refuse(directory.error());
  return stream_of(*membership, std::move(*directory));
}

mayfly_dir* mayfly_fdopendir(int fd) noexcept {
  auto membership = Membership::current();
  if (!membership) return refuse(membership.error());
  auto file = (*membership)->find(fd);
  if (!file) return refuse(file.error());
  if (!(*file)->is_directory()) return refuse(Errc::not_a_directory);
  mayfly::Session& session = (*membership)->session();
  auto directory = std::make_unique<mayfly::Directory>(session, (*file)->id());
  // The stream needs the directory's id alone; the descriptor is its, and so gone.
  const auto taken = (*membership)->remove(fd);
  if (!taken) return refuse(taken.error());
  return stream_of(*membership, std::move(directory));
}

struct dirent* mayfly_readdir(mayfly_dir* directory) noexcept {
  return next_of(directory, nullptr);
}

struct dirent* mayfly_readdir_plus(mayfly_dir* directory, struct stat* status) noexcept {
  if (status == nullptr) return refuse(Errc::bad_address);
  return next_of(directory, status);
}

long mayfly_telldir(mayfly_dir* directory) noexcept {
  return static_cast<long>(directory->directory->position());
}

void mayfly_seekdir(mayfly_dir* directory, long position) noexcept {
  directory->directory->seek(static_cast<std::uint64_t>(position));
}

void mayfly_rewinddir(mayfly_dir* directory) noexcept { directory->directory->seek(0); }

int mayfly_closedir(mayfly_dir* directory) noexcept {
  delete directory;
  return 0;
}

}  // extern "C"
