// The one error type: an errno value, the same number in the process and on the wire.
#pragma once

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <string>

namespace mayfly {

/// Any errno value; 0 is success. Named members are those that our own code chooses; every other
/// errno that the kernel reports is carried unchanged through `errc_from`.
enum class Errc : std::int32_t {
  ok = 0,
  not_permitted = EPERM,
  no_entry = ENOENT,
  io_error = EIO,
  no_such_address = ENXIO,  ///< a position where there is nothing
  too_big = E2BIG,          ///< a value longer than may be
  bad_descriptor = EBADF,
  again = EAGAIN,  ///< locked by another
  out_of_memory = ENOMEM,
  access_denied = EACCES,
  bad_address = EFAULT,
  busy = EBUSY,
  already = EALREADY,
  exists = EEXIST,
  cross_device = EXDEV,  ///< of another file system, or another node's
  not_a_directory = ENOTDIR,
  is_a_directory = EISDIR,
  invalid = EINVAL,
  too_many_open = EMFILE,
  file_too_big = EFBIG,
  no_space = ENOSPC,
  too_many_links = EMLINK,
  out_of_range = ERANGE,  ///< a name, or a buffer for a result, of the wrong length
  no_data = ENODATA,      ///< no such extended attribute
  name_too_long = ENAMETOOLONG,
  not_empty = ENOTEMPTY,
  deadlock = EDEADLK,
  loop = ELOOP,
  bad_message = EBADMSG,
  wrong_version = EPROTONOSUPPORT,  ///< of the protocol
  overflow = EOVERFLOW,
  not_supported = EOPNOTSUPP,
  not_connected = ENOTCONN,
  outside = EREMOTE,  ///< a symbolic link leads to another file system
  timed_out = ETIMEDOUT,
  stale = ESTALE,
  canceled = ECANCELED,
};

/// An errno, or a negative errno as io_uring gives it, as Errc.
constexpr Errc errc_from(int errno_value) {
  return static_cast<Errc>(errno_value < 0 ? -errno_value : errno_value);
}

constexpr int to_errno(Errc code) { return static_cast<int>(code); }

/// The C library's sentence for `code`.
inline std::string describe(Errc code) { return std::strerror(to_errno(code)); }

}  // namespace mayfly
