// What the kernel has for an open file of ours: an empty, sealed memfd, open for writing only, that
// nothing can be read from or written to.
//
// Thread: any. Failure: -1 and errno.
#pragma once

#include "mayfly/mayfly.h"

namespace mayfly::shim {

/// The smallest number that is free, for a memfd that all open files of the process have in common.
/// `flags`: O_CLOEXEC.
int make_number(int flags);

/// A memfd for one file, by whose name (ticket_name.h) other processes know it. `flags`: O_APPEND,
/// O_NONBLOCK, O_CLOEXEC.
int make_memfd(const mayfly_ticket& ticket, int flags);

}  // namespace mayfly::shim
