#include "protocol/session_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <utility>

namespace mayfly {
namespace {

/// Far more than the addresses of 65,535 servers take.
constexpr off_t kLargest = 256 * static_cast<off_t>(kMiB);

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  int get() const { return fd_; }
  bool is_open() const { return fd_ >= 0; }

 private:
  int fd_;
};

Failure refused(const std::string& path, Errc code, const std::string& why) {
  return {code, fmt::format("The session file {} {}.", path, why)};
}

Failure failed(const std::string& path, const char* what) {
  const Errc code = errc_from(errno);
  return refused(path, code, fmt::format("cannot be {} ({})", what, describe(code)));
}

bool write_all(int fd, Bytes bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(fd, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    bytes = bytes.subspan(static_cast<std::size_t>(written));
  }
  return true;
}

bool read_all(int fd, MutableBytes bytes) {
  while (!bytes.empty()) {
    const ssize_t got = ::read(fd, bytes.data(), bytes.size());
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return false;
    bytes = bytes.subspan(static_cast<std::size_t>(got));
  }
  return true;
}

/// So that the name outlives a crash of the node.
bool sync_directory_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  const std::string directory = slash == path.npos ? "." : path.substr(0, slash + 1);
  const Descriptor descriptor(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  return descriptor.is_open() && ::fsync(descriptor.get()) == 0;
}

Result<void, Failure> check_owner(const std::string& path, const struct stat& status) {
  if (!S_ISREG(status.st_mode)) return refused(path, Errc::invalid, "is not a file");
  if (status.st_uid != ::geteuid()) {
    return refused(path, Errc::access_denied, "belongs to somebody else");
  }
  if ((status.st_mode & 077) != 0) {
    return refused(path, Errc::access_denied, "is open to others (its mode is not 0600)");
  }
  return {};
}

}  // namespace

Result<void, Failure> write_session_file(const std::string& path, const SessionInfo& info) {
  std::string temporary = path + ".XXXXXX";
  // With mode 0600.
  const Descriptor file(::mkostemp(temporary.data(), O_CLOEXEC));
  if (!file.is_open()) return failed(path, "made");
  const bool is_whole = write_all(file.get(), encode(info)) && ::fsync(file.get()) == 0 &&
                        ::rename(temporary.c_str(), path.c_str()) == 0;
  if (!is_whole) {
    const Failure failure = failed(path, "written");
    ::unlink(temporary.c_str());
    return failure;
  }
  if (!sync_directory_of(path)) return failed(path, "written");
  return {};
}

Result<WireBytes, Failure> read_session_file(const std::string& path) {
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  if (!file.is_open() && errno == ENOENT) {
    return refused(path, Errc::no_entry, "is not there: is the job running, and this its file");
  }
  if (!file.is_open()) return failed(path, "opened");
  struct stat status {};
  if (::fstat(file.get(), &status) != 0) return failed(path, "read");
  if (auto checked = check_owner(path, status); !checked) return checked.error();
  const Failure foreign = refused(path, Errc::bad_message, "does not describe a session");
  if (status.st_size <= 0 || status.st_size > kLargest) return foreign;
  WireBytes bytes(static_cast<std::size_t>(status.st_size));
  if (!read_all(file.get(), bytes)) return failed(path, "read");
  const auto session = decode_session(bytes);
  if (!session && session.error() == Errc::wrong_version) {
    return refused(path, Errc::wrong_version,
                   "is of another version of MayflyFS: use servers, commands and libraries of one");
  }
  if (!session) return foreign;
  return bytes;
}

}  // namespace mayfly
