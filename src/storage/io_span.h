// IoSpan: bytes of a Buffer, bytes of a file, and how many of them have been moved so far.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/result.h"
#include "base/units.h"
#include "storage/page_range.h"

namespace mayfly {

enum class Direction : std::uint8_t { read, write };

struct IoSpan {
  std::size_t buffer_offset = 0;
  std::uint64_t file_offset = 0;
  std::size_t length = 0;
  std::size_t moved = 0;

  bool done() const { return moved >= length; }
  /// Takes the kernel's result of moving what was left: more is moved, the file's end has cut
  /// `length` (reads), or an error. Direct I/O can only go on at a page, so a short count is
  /// rounded down to one unless nothing would be gained.
  Status advance(std::int32_t result, Direction direction, bool direct) {
    if (result == -EINTR || result == -EAGAIN) return Status();
    if (result < 0) return errc_from(result);
    if (result == 0 && direction == Direction::write) return Errc::io_error;
    if (result == 0) {
      length = moved;
      return Status();
    }
    std::size_t reached = moved + static_cast<std::size_t>(result);
    if (direct && reached < length) {
      const std::uint64_t aligned = round_down(file_offset + reached, kPageBytes);
      if (aligned > file_offset + moved) reached = aligned - file_offset;
    }
    moved = reached;
    return Status();
  }
};

using IoSpans = PooledVector<IoSpan>;

}  // namespace mayfly
