// The session file: a session's description where its owner's other processes find it, on any node
// that sees the directory. Who can read it can join, so it is its owner's alone.
#pragma once

#include <string>

#include "protocol/session_info.h"

namespace mayfly {

/// Writes it whole, mode 0600, in place of whatever has that name: a reader sees all or nothing.
Result<void, Failure> write_session_file(const std::string& path, const SessionInfo& info);

/// What decode_session reads. Refuses a file that others could have written or may read.
Result<WireBytes, Failure> read_session_file(const std::string& path);

}  // namespace mayfly
