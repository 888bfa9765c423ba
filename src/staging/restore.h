// restore: a complete set, brought back from where it was drained to if it is not in the session.
#pragma once

#include <string>

#include "staging/checkpoint_sets.h"

namespace mayfly {

/// Gives the set's directory in the session. `name` empty: the newest complete one of both places.
/// `from`: where sets were drained to; empty: only the session is looked at. What is copied back is
/// compared with its manifest, and appears as a whole. Failure: why there is none, in a sentence.
Result<std::string, Failure> restore_set(CheckpointSets& sets, const std::string& name,
                                         const std::string& from);

}  // namespace mayfly
