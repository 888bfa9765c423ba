// Joined: a subcommand's membership in the session that the user names.
#pragma once

#include <string>

#include "base/result.h"

namespace mayfly {

/// Owner: a subcommand; one at a time in a process. Leaves at its end.
class Joined {
 public:
  static Result<Joined, Failure> join(const std::string& path);
  Joined(Joined&& other) noexcept;
  Joined& operator=(Joined&&) = delete;
  ~Joined();

 private:
  Joined() = default;
  bool is_joined_ = true;
};

/// Says what failed on stderr. Gives the exit code for it.
int complain(const std::string& sentence);
/// "PATH cannot be WHAT (why)", by errno.
std::string cannot(const std::string& path, const char* what);

}  // namespace mayfly
