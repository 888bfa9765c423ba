#include "mpi_launch/publication.h"

#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <utility>

#include "protocol/session_file.h"

namespace mayfly {

Result<Publication, Failure> Publication::write(const std::string& path,
                                                const SessionInfo& session) {
  MAYFLY_CHECKED(write_session_file(path, session));
  return Publication(path, encode(session));
}

Publication::Publication(std::string path, WireBytes bytes)
    : path_(std::move(path)), bytes_(std::move(bytes)) {}

Publication::Publication(Publication&& other) noexcept
    : path_(std::move(other.path_)), bytes_(std::exchange(other.bytes_, {})) {}

Publication::~Publication() {
  if (bytes_.empty() || !is_ours()) return;
  if (::unlink(path_.c_str()) != 0 && errno != ENOENT) {
    std::perror("mayfly: the session file could not be removed");
  }
}

bool Publication::is_ours() const {
  const auto found = read_session_file(path_);
  return found && *found == bytes_;
}

}  // namespace mayfly
