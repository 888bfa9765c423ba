#include "staging/whole_io.h"

#include <fcntl.h>

#include <cerrno>
#include <climits>
#include <utility>

#include "staging/open_file.h"
#include "staging/temporary_name.h"

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

Status write_file(const FileCalls& calls, const std::string& path, const std::string& text) {
  const std::string temporary = temporary_of(path);
  const auto write = [&]() -> Status {
    MAYFLY_TRY(file, OpenFile::open(calls, temporary, O_WRONLY | O_CREAT | O_TRUNC, 0666));
    MAYFLY_CHECKED(write_all(calls, file.descriptor(), std::as_bytes(std::span(text)), 0));
    if (calls.is_lasting && calls.fsync(file.descriptor()) != 0) return errc_from(errno);
    MAYFLY_CHECKED(file.close());
    const bool is_named = calls.rename(temporary.c_str(), path.c_str()) == 0;
    return is_named ? Status() : Status(errc_from(errno));
  };
  const Status written = write();
  if (!written) calls.unlink(temporary.c_str());
  return written;
}

Result<bool> is_there(const FileCalls& calls, const std::string& path) {
  struct stat status {};
  if (calls.lstat(path.c_str(), &status) == 0) return true;
  return errno == ENOENT ? Result<bool>(false) : Result<bool>(errc_from(errno));
}

Status remove_tree(const FileCalls& calls, const std::string& path) {
  struct stat there {};
  if (calls.lstat(path.c_str(), &there) != 0) {
    return errno == ENOENT ? Status() : Status(errc_from(errno));
  }
  const bool is_directory = S_ISDIR(there.st_mode);
  if (is_directory) {
    MAYFLY_TRY(names, calls.list(path));
    for (const std::string& name : names) {
      MAYFLY_CHECKED(remove_tree(calls, join_path(path, name)));
    }
  }
  const int removed = is_directory ? calls.rmdir(path.c_str()) : calls.unlink(path.c_str());
  return removed == 0 || errno == ENOENT ? Status() : Status(errc_from(errno));
}

Status make_directories(const FileCalls& calls, const std::string& path) {
  if (calls.mkdir(path.c_str(), 0777) == 0 || errno == EEXIST) return Status();
  const std::string parent = parent_of(path);
  if (errno != ENOENT || parent == path) return errc_from(errno);
  MAYFLY_CHECKED(make_directories(calls, parent));
  return calls.mkdir(path.c_str(), 0777) == 0 || errno == EEXIST ? Status()
                                                                 : Status(errc_from(errno));
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
