// ReferenceDirectory: a directory of the local file system, where the same calls show what Linux
// says to them. Removed with everything in it at the end.
#pragma once

#include <stdlib.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#include <filesystem>
#include <string>

#include "base/assert.h"

namespace mayfly {

class ReferenceDirectory {
 public:
  ReferenceDirectory() {
    std::string name = std::filesystem::temp_directory_path() / "mayfly-reference-XXXXXX";
    MAYFLY_ASSERT(::mkdtemp(name.data()) != nullptr);
    MAYFLY_ASSERT(::chmod(name.c_str(), 0755) == 0);
    root_ = name;
  }
  ReferenceDirectory(const ReferenceDirectory&) = delete;
  ReferenceDirectory& operator=(const ReferenceDirectory&) = delete;
  ~ReferenceDirectory() {
    std::error_code ignored;
    std::filesystem::remove_all(root_, ignored);
  }

  /// Where a path of the file system under test ("/a") stands here.
  std::string of(const std::string& path) const { return root_ + path; }
  const std::string& root() const { return root_; }

  /// Whether what lies in the temporary directory can have any.
  static bool has_extended_attributes() {
    const ReferenceDirectory directory;
    return ::setxattr(directory.root().c_str(), "user.probe", "", 0, 0) == 0;
  }

 private:
  std::string root_;
};

}  // namespace mayfly
