// DevicePeak: what a drive can do, measured as the store uses it: 1 MiB, direct, eight in flight.
#pragma once

#include <cstdint>
#include <string>

#include "async/event_loop.h"
#include "memory/buffer_pool.h"
#include "storage/ring.h"

namespace mayfly {

struct DevicePeak {
  std::uint64_t read_bytes_per_second = 0;  ///< 0: not measured
  std::uint64_t write_bytes_per_second = 0;
};

/// Writes and reads a nameless file in `directory` for a quarter of a second each. What cannot
/// be measured (no room) is 0, for nothing depends on it. The loop is not turning yet.
DevicePeak measure_device(const std::string& directory, EventLoop& loop, Ring& ring,
                          BufferPool& pool);

}  // namespace mayfly
