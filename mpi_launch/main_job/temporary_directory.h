// TemporaryDirectory: a directory of this process that goes with it, also when it is killed: a
// child in a session of its own waits for the end of a pipe, which is the end of this process, and
// removes the directory then.
#pragma once

#include <sys/types.h>

#include <string>

#include "base/result.h"

namespace mayfly {

class TemporaryDirectory {
 public:
  /// In $TMPDIR, or in /tmp.
  static Result<TemporaryDirectory, Failure> make();
  TemporaryDirectory(TemporaryDirectory&& other) noexcept;
  TemporaryDirectory& operator=(TemporaryDirectory&&) = delete;
  /// Returns once the directory is gone.
  ~TemporaryDirectory();

  const std::string& path() const { return path_; }

 private:
  TemporaryDirectory(std::string path, pid_t sweeper, int pipe_end);

  std::string path_;
  pid_t sweeper_;
  int pipe_end_;
};

}  // namespace mayfly
