// PrivateFolder: the scratch folder of a user who named none, /tmp/mayfly-<uid>.
//
// Made if it is missing, mode 0700, and removed by the last user if it is empty. One that a crashed
// run left is used again. Everybody can write to /tmp, so a folder of another owner, of another
// mode or behind a symbolic link is refused. Owner: whoever runs in it. Thread: any. Several
// processes may hold it: each has a shared lock on it, so that none removes what another one has
// just opened.
#pragma once

#include <string>

#include "base/result.h"

namespace mayfly {

class PrivateFolder {
 public:
  static Result<PrivateFolder, Failure> open(const std::string& path);
  PrivateFolder(PrivateFolder&& other) noexcept;
  PrivateFolder& operator=(PrivateFolder&&) = delete;
  ~PrivateFolder();

  const std::string& path() const { return path_; }

 private:
  PrivateFolder(std::string path, int descriptor);

  std::string path_;
  int descriptor_;
};

}  // namespace mayfly
