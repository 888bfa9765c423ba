// Place: where a path of a call leads, to the mount or elsewhere.
//
// Paths on the way to the mount are taken by their letters; the file system itself follows what is
// below. Relative paths count from the working directory, which may be ours (working_directory.h),
// or from a descriptor of ours. Thread: any.
#pragma once

#include <cerrno>
#include <string>
#include <string_view>

#include "shim/descriptor.h"
#include "shim/library.h"

namespace mayfly::shim {

class Place {
 public:
  /// `directory`: AT_FDCWD or a descriptor; `path` may be null, which is elsewhere.
  Place(int directory, const char* path);

  bool is_ours() const { return is_ours_; }
  /// Elsewhere: what to call instead of the path: the path, unless it leads through the mount.
  const char* outside() const { return path_.empty() ? given_ : path_.c_str(); }
  /// Ours: with the prefix, if it is known without asking a server.
  std::string whole() const;
  /// The same without ".", ".." and slashes at the end, by its letters.
  std::string plain() const;

  /// library.function(directory, path, arguments...); -1 and errno.
  template <class Function, class... Arguments>
  auto call(Function Library::*function, Arguments... arguments) const {
    using Value = decltype((std::declval<Library>().*function)(0, "", arguments...));
    const Library* const joined = library();
    const int from = joined == nullptr ? -1 : directory();
    if (joined == nullptr || from == kNoDirectory) return static_cast<Value>(-1);
    const Inside inside;
    return (joined->*function)(from, within(), arguments...);
  }

  /// The same; if a symbolic link leads to another file system, real(AT_FDCWD, there,
  /// arguments...).
  template <class Function, class Real, class... Arguments>
  auto call_either(Function Library::*function, Real* real, Arguments... arguments) const {
    const auto result = call(function, arguments...);
    if (result != -1) return result;
    const std::string there = way_out();
    return there.empty() ? result : real(kWorkingDirectory, there.c_str(), arguments...);
  }

  /// After a call that has failed: the path elsewhere to which this one leads, if that was why
  /// (EREMOTE). Empty, and errno: it was not, or the path is not known.
  std::string way_out() const;

  /// The pair that an ...at function of libmayfly takes. directory(): kNoDirectory and errno.
  static constexpr int kNoDirectory = -1;
  static constexpr int kWorkingDirectory = -100;  ///< AT_FDCWD
  int directory() const;
  const char* within() const { return path_.empty() ? given_ : path_.c_str(); }

 private:
  void look_at_absolute(const char* path);
  void look_from(std::string_view directory);
  void look_from_outside(int directory);

  const char* given_;
  bool is_ours_ = false;
  Held held_;         ///< the directory that a relative path counts from
  std::string path_;  ///< absolute: within the mount, or elsewhere; empty: the path as given
};

}  // namespace mayfly::shim
