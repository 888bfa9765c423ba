// Descriptors that libmayfly and UCX open for themselves. They are moved out of the way of the
// program's small numbers, are not handed on by exec, and the program can neither close nor replace
// them.
#pragma once

namespace mayfly::shim {

/// What a call that opens has given, moved if it was made inside of libmayfly.
int if_private(int fd);
bool is_private(int fd);
/// The number is free again, by libmayfly's own close.
void forget_private(int fd);
/// In a forked child: they are its parent's.
void close_private();

}  // namespace mayfly::shim
