// arrive: counts the ranks of a collective by way of a file, so that they need no MPI.
#pragma once

#include <string>

#include "base/result.h"
#include "staging/file_calls.h"

namespace mayfly {

/// Counts the caller in at the file `path`. True for exactly one: all `ranks` have arrived, and it
/// goes on for them. invalid: more than that have. Thread: any.
Result<bool> arrive(const FileCalls& calls, const std::string& path, unsigned ranks);
/// Forgets who has arrived.
void forget_arrivals(const FileCalls& calls, const std::string& path);

}  // namespace mayfly
