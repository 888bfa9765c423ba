// What a client tells of itself.
#pragma once

#include <string>

#include "client/session.h"

namespace mayfly {

/// One JSON object: requests by opcode, and if the session measures how long they took.
std::string statistics_of(const Session& session);

/// Appends that as a line to the file `path`. Failure: what is wrong with it, in a sentence.
Result<void, Failure> append_statistics(const Session& session, const std::string& path);

}  // namespace mayfly
