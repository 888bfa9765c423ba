// Programs that lie in the mount: the kernel cannot start them there, but from a copy in memory.
#pragma once

namespace mayfly::shim {

/// A descriptor of the kernel's, not closed by exec (a script's interpreter reads it); -1 and
/// errno: EACCES for what may not be executed.
int copy_program(const char* path);
int copy_program_of(int fd);

}  // namespace mayfly::shim
