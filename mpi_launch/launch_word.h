// LaunchWord: what a server tells all ranks at the start: its address, or what kept it from
// starting. The bytes never leave one `mpirun`, so they need no version.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "mpi_launch/roles.h"
#include "protocol/session_info.h"

namespace mayfly {

struct LaunchWord {
  std::uint64_t session_id = 0;  ///< server 0 only
  Secret secret{};               ///< server 0 only
  WireBytes address;
};

std::string encode_server(Bytes address, const SessionInfo& session);
std::string encode_failure(const Failure& failure);
/// The server's word, or the failure that it tells of.
Result<LaunchWord, Failure> decode_word(std::string_view bytes);

/// The wish of one rank for the roles of all.
std::string encode(const RoleOptions& options);
RoleOptions decode_roles(std::string_view bytes);

}  // namespace mayfly
