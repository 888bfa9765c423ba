#include "staging/whole_io.h"

#include <fcntl.h>

#include <cerrno>
#include <climits>
#include <utility>

#include "staging/open_file.h"

namespace mayfly {
namespace {

constexpr std::size_t kReadBytes = 1 << 20;

}  // namespace

Result<std::size_t> read_fully(const FileCalls& calls, int fd, MutableBytes into,
                               std::uint64_t offset) {
  std::size_t done = 0;
  while (done < into.size()) {
    const ssize_t got =
        calls.pread(fd, into.data() + done, into.size() - done, static_cast<off_t>(offset + done));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return errc_from(errno);
    if (got == 0) break;
    done += static_cast<std::size_t>(got);
  }
  return done;
}

Status write_all(const FileCalls& calls, int fd, Bytes bytes, std::uint64_t offset) {
  std::size_t done = 0;
  while (done < bytes.size()) {
    const ssize_t put = calls.pwrite(fd, bytes.data() + done, bytes.size() - done,
                                     static_cast<off_t>(offset + done));
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) return errc_from(errno);
    done += static_cast<std::size_t>(put);
  }
  return Status();
}

Result<std::string> read_whole(const FileCalls& calls, const std::string& path) {
  MAYFLY_TRY(file, OpenFile::open(calls, path, O_RDONLY));
  std::string text;
  for (;;) {
    const std::size_t before = text.size();
    text.resize(before + kReadBytes);
    const auto into = std::as_writable_bytes(std::span(text)).subspan(before);
    MAYFLY_TRY(got, read_fully(calls, file.descriptor(), into, before));
    text.resize(before + got);
    if (got < kReadBytes) return text;
  }
}

Result<std::string> target_of(const FileCalls& calls, const std::string& path) {
  std::string target(PATH_MAX, '\0');
  const ssize_t size = calls.readlink(path.c_str(), target.data(), target.size());
  if (size < 0) return errc_from(errno);
  target.resize(static_cast<std::size_t>(size));
  return target;
}

Status sync_directory(const FileCalls& calls, const std::string& path) {
  if (!calls.is_lasting) return Status();
  MAYFLY_TRY(directory, OpenFile::open(calls, path, O_RDONLY | O_DIRECTORY));
  const bool is_synced = calls.fsync(directory.descriptor()) == 0;
  // Some file systems have no fsync of directories, and say so.
  return is_synced || errno == EINVAL ? Status() : Status(errc_from(errno));
}

std::string parent_of(const std::string& path) {
  const std::size_t slash = path.find_last_of('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

std::string last_name(const std::string& path) { return path.substr(path.find_last_of('/') + 1); }

std::string without_slashes(std::string path) {
  while (path.size() > 1 && path.back() == '/') path.pop_back();
  return path;
}

std::string join_path(const std::string& directory, const std::string& name) {
  if (name.empty()) return directory;
  if (directory.empty()) return name;
  return directory.back() == '/' ? directory + name : directory + "/" + name;
}

}  // namespace mayfly
