#include "staging/rank_count.h"

#include <fcntl.h>

#include <cerrno>
#include <span>

#include "staging/open_file.h"
#include "staging/whole_io.h"

namespace mayfly {

Result<bool> arrive(const FileCalls& calls, const std::string& path, unsigned ranks) {
  MAYFLY_TRY(file, OpenFile::open(calls, path, O_WRONLY | O_CREAT | O_APPEND, 0666));
  MAYFLY_CHECKED(write_all(calls, file.descriptor(), std::as_bytes(std::span(".", 1)), 0));
  struct stat status {};
  if (calls.fstat(file.descriptor(), &status) != 0) return errc_from(errno);
  MAYFLY_CHECKED(file.close());
  const auto arrived = static_cast<std::uint64_t>(status.st_size);
  if (arrived > ranks) return Errc::invalid;
  if (arrived < ranks) return false;
  // Several may see that all are there: a file is removed by one, however late the others are.
  if (calls.unlink(path.c_str()) == 0) return true;
  return errno == ENOENT ? Result<bool>(false) : Result<bool>(errc_from(errno));
}

}  // namespace mayfly
