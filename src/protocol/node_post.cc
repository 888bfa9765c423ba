#include "protocol/node_post.h"

#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <utility>

namespace mayfly {
namespace {

struct Address {
  sockaddr_un name{};
  socklen_t length = 0;
};

/// In the kernel's name space, of which nothing is left in a directory.
Address address_of(const std::string& name) {
  Address address;
  address.name.sun_family = AF_UNIX;
  const std::size_t room = sizeof address.name.sun_path - 1;
  const std::size_t length = name.copy(address.name.sun_path + 1, room);
  address.length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + length);
  return address;
}

int open_socket() { return ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0); }

}  // namespace

Result<NodePost, Failure> NodePost::listen(const std::string& name) {
  NodePost post(open_socket());
  const Address address = address_of(name);
  const int yes = 1;
  const bool listens =
      post.descriptor_ >= 0 &&
      ::setsockopt(post.descriptor_, SOL_SOCKET, SO_PASSCRED, &yes, sizeof yes) == 0 &&
      ::bind(post.descriptor_, reinterpret_cast<const sockaddr*>(&address.name), address.length) ==
          0;
  if (listens) return post;
  const Errc code = errc_from(errno);
  return Failure{
      code, fmt::format("The socket {} of this node cannot be opened ({}).", name, describe(code))};
}

Status NodePost::say(const std::string& name, char kind) {
  const NodePost post(open_socket());
  const Address address = address_of(name);
  const ssize_t sent = ::sendto(post.descriptor_, &kind, 1, MSG_NOSIGNAL,
                                reinterpret_cast<const sockaddr*>(&address.name), address.length);
  return sent == 1 ? Status() : Status(errc_from(errno));
}

NodePost::NodePost(NodePost&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}

NodePost::~NodePost() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

std::optional<NodeWord> NodePost::next() const {
  for (;;) {
    NodeWord word;
    iovec place{&word.kind, 1};
    alignas(cmsghdr) char control[CMSG_SPACE(sizeof(ucred))];
    msghdr message{};
    message.msg_iov = &place;
    message.msg_iovlen = 1;
    message.msg_control = control;
    message.msg_controllen = sizeof control;
    const ssize_t got = ::recvmsg(descriptor_, &message, MSG_CMSG_CLOEXEC);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return std::nullopt;
    const cmsghdr* const header = CMSG_FIRSTHDR(&message);
    if (got != 1 || header == nullptr || header->cmsg_type != SCM_CREDENTIALS) continue;
    ucred sender{};
    std::memcpy(&sender, CMSG_DATA(header), sizeof sender);
    if (sender.uid != ::geteuid()) continue;
    word.from = sender.pid;
    return word;
  }
}

}  // namespace mayfly
