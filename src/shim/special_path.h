// Paths that name a descriptor: /dev/fd/3, /dev/stdin, /proc/self/fd/3.
#pragma once

#include <sys/types.h>

namespace mayfly::shim {

/// The descriptor of ours that an absolute path names; -1: none.
int descriptor_of_path(const char* path);
/// The file that `fd` has open once more, with a position of its own, as Linux opens such paths.
int open_again(int fd, int flags);

}  // namespace mayfly::shim
