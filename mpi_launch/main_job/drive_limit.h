// The drive's own limit: sequential direct I/O on a file without a name in the same scratch
// directory, with blocks of a chunk's size and many in flight, before MayflyFS touches the drive.
//
// By fio if it is on PATH, and by a loop of our own on the same Ring as the server's, whose buffers
// are on huge pages. The better of both is the limit: fio's small pages cost up to half of it.
#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"

namespace mayfly {

struct DriveRates {
  double write = 0;  ///< MiB/s
  double read = 0;
  std::string method;
};

/// Blocks for as long as it takes. `bytes` is what each pass moves.
Result<DriveRates, Failure> measure_drive(const std::string& directory, std::uint64_t bytes);

}  // namespace mayfly
