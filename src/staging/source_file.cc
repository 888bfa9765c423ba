#include "staging/source_file.h"

#include <fcntl.h>

#include <cerrno>

#include "staging/times.h"

namespace mayfly {

Result<SourceFile> SourceFile::open(const FileCalls& calls, const std::string& path,
                                    const struct stat& seen, bool is_direct) {
  // A pipe that has taken the file's place since would keep an open waiting.
  constexpr int kFlags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK;
  MAYFLY_TRY(file, is_direct ? OpenFile::open_direct(calls, path, kFlags)
                             : OpenFile::open(calls, path, kFlags));
  struct stat status {};
  if (calls.fstat(file.descriptor(), &status) != 0) return errc_from(errno);
  if (!S_ISREG(status.st_mode) || status.st_ino != seen.st_ino) return Errc::again;
  return SourceFile(calls, std::move(file), status);
}

Status SourceFile::check_unchanged() const {
  struct stat now {};
  if (calls_->fstat(descriptor(), &now) != 0) return errc_from(errno);
  const bool is_same = now.st_size == status_.st_size &&
                       is_same_time(now.st_mtim, status_.st_mtim) &&
                       is_same_time(now.st_ctim, status_.st_ctim);
  return is_same ? Status() : Status(Errc::again);
}

ManifestEntry SourceFile::entry(std::string path) const {
  ManifestEntry entry = entry_of(std::move(path), ManifestEntry::Type::file, status_);
  entry.size = size();
  entry.blocks.resize(digest_blocks(entry.size));
  return entry;
}

}  // namespace mayfly
