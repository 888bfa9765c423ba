#include "transport/wake_socket.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <utility>

namespace mayfly {
namespace {

/// A name in the kernel's own name space begins with a zero.
constexpr std::size_t kPathBegin = offsetof(sockaddr_un, sun_path) + 1;

}  // namespace

Result<WakeSocket> WakeSocket::open() {
  WakeSocket socket(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (socket.descriptor_ < 0 || !socket.learn_name()) return errc_from(errno);
  return socket;
}

/// To bind no more than the family has the kernel choose a name that nobody has.
bool WakeSocket::learn_name() {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  auto* const general = reinterpret_cast<sockaddr*>(&address);
  if (::bind(descriptor_, general, sizeof address.sun_family) != 0) return false;
  socklen_t length = sizeof address;
  if (::getsockname(descriptor_, general, &length) != 0) return false;
  if (length <= kPathBegin || length - kPathBegin > name_.size()) {
    errno = ENAMETOOLONG;
    return false;
  }
  std::copy_n(address.sun_path + 1, length - kPathBegin, name_.begin());
  return true;
}

WakeSocket::WakeSocket(WakeSocket&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)), name_(other.name_) {}

WakeSocket::~WakeSocket() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

bool WakeSocket::wake(const Name& name) const {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const auto end = std::find(name.begin(), name.end(), '\0');
  std::copy(name.begin(), end, address.sun_path + 1);
  const auto length = static_cast<socklen_t>(kPathBegin + (end - name.begin()));
  const ssize_t sent = ::sendto(descriptor_, nullptr, 0, MSG_NOSIGNAL | MSG_DONTWAIT,
                                reinterpret_cast<const sockaddr*>(&address), length);
  // A full queue wakes as well.
  return sent == 0 || errno == EAGAIN || errno == ENOBUFS;
}

void WakeSocket::drain() const {
  // Nearly always one call: a second that finds nothing would cost as much.
  std::array<mmsghdr, 32> messages{};
  while (::recvmmsg(descriptor_, messages.data(), messages.size(), MSG_DONTWAIT, nullptr) ==
         static_cast<int>(messages.size())) {
    continue;
  }
}

}  // namespace mayfly
