#include "shim/directory_stream.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>
#include <type_traits>

#include "shim/descriptor.h"

namespace mayfly::shim {

static_assert(std::is_standard_layout_v<DirectoryStream>, "the mark comes first");

DirectoryStream* DirectoryStream::open(int handle, int fd) {
  const Library* const joined = library();
  if (joined == nullptr) return nullptr;
  std::unique_ptr<DirectoryStream> stream(new DirectoryStream);
  if (call(joined->get_ticket, handle, &stream->ticket_) != 0) return nullptr;
  stream->stream_ = call(joined->fdopendir, handle);
  if (stream->stream_ == nullptr) return nullptr;
  stream->fd_ = fd;
  stream->generation_ = process_generation();
  return stream.release();
}

DirectoryStream* DirectoryStream::from(DIR* stream) {
  int mark = 0;
  if (stream != nullptr) std::memcpy(&mark, stream, sizeof mark);
  return mark == kMark ? reinterpret_cast<DirectoryStream*>(stream) : nullptr;
}

int DirectoryStream::reopen() {
  const Library* const joined = library();
  const int handle = joined == nullptr ? -1 : call(joined->open_ticket, &ticket_);
  if (handle < 0) return -1;
  mayfly_dir* const fresh = call(joined->fdopendir, handle);
  if (fresh == nullptr) {
    const int error = errno;
    call(joined->close, handle);
    errno = error;
    return -1;
  }
  stream_ = fresh;
  generation_ = process_generation();
  call(joined->seekdir, stream_, position_);
  return 0;
}

dirent* DirectoryStream::read() {
  if (!is_usable()) return nullptr;
  dirent* const entry = call(library()->readdir, stream_);
  if (entry != nullptr) position_ = entry->d_off;
  return entry;
}

long DirectoryStream::tell() { return is_usable() ? call(library()->telldir, stream_) : -1; }

void DirectoryStream::seek(long position) {
  position_ = position;
  if (is_usable()) call(library()->seekdir, stream_, position);
}

int DirectoryStream::descriptor() {
  if (fd_ >= 0 || !is_usable()) return fd_;
  const int handle = call(library()->open_ticket, &ticket_);
  fd_ = handle < 0 ? -1 : add(handle, O_RDONLY | O_DIRECTORY | O_CLOEXEC, "");
  return fd_;
}

int DirectoryStream::close() {
  const std::unique_ptr<DirectoryStream> mine(this);
  const Library* const joined = library_if_joined();
  const bool is_open = joined != nullptr && generation_ == process_generation();
  const int closed = is_open ? call(joined->closedir, stream_) : 0;
  const int error = errno;
  if (fd_ >= 0) ::close(fd_);
  errno = error;
  return closed;
}

}  // namespace mayfly::shim
