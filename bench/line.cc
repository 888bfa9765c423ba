#include "bench/line.h"

#include <sys/socket.h>
#include <unistd.h>

#include <cstdint>

#include "bench/program.h"

namespace mayfly {

void Line::tell(Bytes bytes) {
  const std::uint64_t size = bytes.size();
  if (::write(fd_, &size, sizeof size) != sizeof size ||
      ::write(fd_, bytes.data(), size) != static_cast<ssize_t>(size)) {
    give_up("the peer is gone");
  }
}

std::vector<std::byte> Line::hear() {
  std::uint64_t size = 0;
  if (::recv(fd_, &size, sizeof size, MSG_WAITALL) != sizeof size) give_up("the peer is gone");
  std::vector<std::byte> bytes(size);
  if (::recv(fd_, bytes.data(), size, MSG_WAITALL) != static_cast<ssize_t>(size)) {
    give_up("the peer is gone");
  }
  return bytes;
}

}  // namespace mayfly
