// stdin, stdout and stderr when their descriptors come to stand for files of ours, and when they
// cease to: the C library's own streams would go past us.
#pragma once

#include <cstdio>

namespace mayfly::shim {

/// `fd` has become ours, or has ceased to be: if it is 0, 1 or 2 the stream is exchanged. What the
/// old one has still to write is the new one's.
void follow_descriptor(int fd);

/// A stream on `fd` is being closed by the C library.
void forget_stream(int fd);

/// The stream that stands for `stream` now: programs and libstdc++ keep the pointers that they saw
/// first.
std::FILE* current_stream(std::FILE* stream);

}  // namespace mayfly::shim
