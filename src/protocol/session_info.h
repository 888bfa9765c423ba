// SessionInfo: what every member of a session knows from its start on: its id, its secret, its
// servers.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "protocol/bodies.h"

namespace mayfly {

struct ServerInfo {
  std::string node;   ///< host name, for people
  WireBytes address;  ///< of the server's worker
};

/// Fixed for the life of a session. The index of a server in `servers` is its name.
struct SessionInfo {
  std::uint64_t id = 0;  ///< random; salts file ids
  Secret secret{};
  std::vector<ServerInfo> servers;

  std::uint32_t server_count() const { return static_cast<std::uint32_t>(servers.size()); }
};

/// Begins with a mark and the version of the protocol.
WireBytes encode(const SessionInfo& info);
/// wrong_version for what another version's encode() has made, bad_message for anything else that
/// this one does not make.
Result<SessionInfo> decode_session(Bytes bytes);

/// A new random id and secret from the kernel.
SessionInfo new_session();

/// Compares in constant time.
bool same_secret(const Secret& left, const Secret& right);

}  // namespace mayfly
