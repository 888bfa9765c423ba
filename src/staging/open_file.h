// OpenFile: a descriptor of either file system, closed at its end.
#pragma once

#include <fcntl.h>

#include <cerrno>
#include <string>
#include <utility>

#include "base/result.h"
#include "staging/file_calls.h"

namespace mayfly {

class OpenFile {
 public:
  static Result<OpenFile> open(const FileCalls& calls, const std::string& path, int flags,
                               mode_t mode = 0) {
    const int fd = calls.open(path.c_str(), flags, mode);
    if (fd < 0) return errc_from(errno);
    return OpenFile(calls, fd);
  }
  /// Past the page cache where that is possible.
  static Result<OpenFile> open_direct(const FileCalls& calls, const std::string& path, int flags,
                                      mode_t mode = 0) {
    auto file = open(calls, path, flags | O_DIRECT, mode);
    if (file || file.error() != Errc::invalid) return file;
    return open(calls, path, flags, mode);
  }
  OpenFile(OpenFile&& other) noexcept : calls_(other.calls_), fd_(std::exchange(other.fd_, -1)) {}
  OpenFile& operator=(OpenFile&&) = delete;
  ~OpenFile() {
    if (fd_ >= 0) calls_->close(fd_);
  }
  int descriptor() const { return fd_; }
  /// Tells of an error that came late.
  Status close() {
    return calls_->close(std::exchange(fd_, -1)) == 0 ? Status() : Status(errc_from(errno));
  }

 private:
  OpenFile(const FileCalls& calls, int fd) : calls_(&calls), fd_(fd) {}
  const FileCalls* calls_;
  int fd_;
};

}  // namespace mayfly
