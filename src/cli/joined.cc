#include "cli/joined.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstdio>
#include <utility>

#include "mayfly/mayfly.h"
#include "protocol/session_file.h"

namespace mayfly {

Result<Joined, Failure> Joined::join(const std::string& path) {
  auto session = read_session_file(path);
  if (!session) return session.error();
  if (mayfly_join(session->data(), session->size()) != 0) {
    const Errc code = errc_from(errno);
    return Failure{code,
                   fmt::format("The session of {} cannot be joined ({}).", path, describe(code))};
  }
  return Joined();
}

Joined::Joined(Joined&& other) noexcept : is_joined_(std::exchange(other.is_joined_, false)) {}

Joined::~Joined() {
  if (is_joined_) mayfly_leave();
}

int complain(const std::string& sentence) {
  std::fprintf(stderr, "mayfly: %s\n", sentence.c_str());
  return 1;
}

std::string cannot(const std::string& path, const char* what) {
  return fmt::format("{} cannot be {} ({}).", path, what, describe(errc_from(errno)));
}

}  // namespace mayfly
