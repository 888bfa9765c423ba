#include "protocol/session_info.h"

#include <sys/random.h>

#include <array>
#include <cstring>

#include "protocol/header.h"

namespace mayfly {
namespace {

constexpr std::array<char, 7> kMark = {'M', 'a', 'y', 'f', 'l', 'y', '\n'};

void put_bytes(WireBytes& wire, const void* data, std::size_t bytes) {
  const auto* begin = static_cast<const std::byte*>(data);
  wire.insert(wire.end(), begin, begin + bytes);
}

void put_block(WireBytes& wire, const void* data, std::size_t bytes) {
  const auto length = static_cast<std::uint32_t>(bytes);
  put_bytes(wire, &length, sizeof length);
  put_bytes(wire, data, bytes);
}

template <class T>
bool get(Bytes& bytes, T& value) {
  if (bytes.size() < sizeof value) return false;
  std::memcpy(&value, bytes.data(), sizeof value);
  bytes = bytes.subspan(sizeof value);
  return true;
}

bool get_block(Bytes& bytes, Bytes& block) {
  std::uint32_t length = 0;
  if (!get(bytes, length) || length > kMaxAddressBytes || length > bytes.size()) return false;
  block = bytes.first(length);
  bytes = bytes.subspan(length);
  return true;
}

}  // namespace

WireBytes encode(const SessionInfo& info) {
  WireBytes wire;
  put_bytes(wire, kMark.data(), kMark.size());
  put_bytes(wire, &kProtocolVersion, sizeof kProtocolVersion);
  put_bytes(wire, &info.id, sizeof info.id);
  put_bytes(wire, info.secret.data(), info.secret.size());
  for (const ServerInfo& server : info.servers) {
    put_block(wire, server.node.data(), server.node.size());
    put_block(wire, server.address.data(), server.address.size());
  }
  return wire;
}

Result<SessionInfo> decode_session(Bytes bytes) {
  std::array<char, kMark.size()> mark{};
  std::uint8_t version = 0;
  if (!get(bytes, mark) || mark != kMark || !get(bytes, version)) return Errc::bad_message;
  if (version != kProtocolVersion) return Errc::wrong_version;
  SessionInfo info;
  if (!get(bytes, info.id) || !get(bytes, info.secret)) return Errc::bad_message;
  while (!bytes.empty()) {
    Bytes node;
    Bytes address;
    if (!get_block(bytes, node) || !get_block(bytes, address)) return Errc::bad_message;
    ServerInfo server;
    server.node.assign(reinterpret_cast<const char*>(node.data()), node.size());
    server.address.assign(address.begin(), address.end());
    info.servers.push_back(std::move(server));
  }
  if (info.servers.empty() || info.servers.size() > 0xffff) return Errc::bad_message;
  return info;
}

SessionInfo new_session() {
  SessionInfo info;
  // getrandom of so few bytes neither fails nor is short once the kernel has booted.
  MAYFLY_ASSERT(::getrandom(&info.id, sizeof info.id, 0) == sizeof info.id);
  MAYFLY_ASSERT(::getrandom(info.secret.data(), info.secret.size(), 0) ==
                static_cast<ssize_t>(info.secret.size()));
  return info;
}

bool same_secret(const Secret& left, const Secret& right) {
  unsigned difference = 0;
  for (std::size_t i = 0; i < left.size(); ++i) difference |= left[i] ^ right[i];
  return difference == 0;
}

}  // namespace mayfly
