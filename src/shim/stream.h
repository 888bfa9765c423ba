#pragma once

#include <cstdio>

namespace mayfly::shim {

/// A stream on a descriptor of ours, which becomes the stream's; nullptr and errno.
std::FILE* stream_on(int fd, const char* mode);

}  // namespace mayfly::shim
