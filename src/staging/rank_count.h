// arrive: counts the ranks of a collective by way of a file, so that they need no MPI.
#pragma once

#include <string>

#include "base/result.h"
#include "staging/file_calls.h"

namespace mayfly {

/// Counts the caller in at the file `path`. True for exactly one: all `ranks` have arrived, and it
/// goes on for them; the file is gone by then. invalid: more than that have. Thread: any.
Result<bool> arrive(const FileCalls& calls, const std::string& path, unsigned ranks);

}  // namespace mayfly
