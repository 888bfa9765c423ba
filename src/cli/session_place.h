// Paths as users write them for a session's files.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "base/result.h"

namespace mayfly {

/// Where in the session `path` is: programs see the file system below a prefix (/mayfly), so a path
/// may begin with it, or count from the session's root.
std::string place_in_session(const std::string& path);

/// The reverse: how programs see `place`.
std::string shown_in_session(const std::string& place);

/// Of SRC... DST: where each SRC goes, which is into DST if that is a directory. The process has
/// joined the session. Fails if several are to go where there is no directory.
class PlaceToGo {
 public:
  static Result<PlaceToGo, Failure> of(const std::vector<std::string>& paths);
  /// `from`: a place in the session.
  std::string name_of(const std::string& from) const;

 private:
  PlaceToGo(std::string to, bool is_into) : to_(std::move(to)), is_into_(is_into) {}
  std::string to_;
  bool is_into_;
};

}  // namespace mayfly
