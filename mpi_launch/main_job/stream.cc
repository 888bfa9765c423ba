#include "mpi_launch/main_job/stream.h"

#include <algorithm>
#include <cerrno>
#include <deque>
#include <utility>
#include <vector>

#include "mayfly/mayfly.h"

namespace mayfly {
namespace {

std::vector<Range> cut(std::span<const Range> ranges, std::size_t most) {
  std::vector<Range> pieces;
  for (const Range& range : ranges) {
    for (std::size_t at = 0; at < range.bytes.size(); at += most) {
      const std::size_t count = std::min(most, range.bytes.size() - at);
      pieces.push_back({range.offset + at, range.bytes.subspan(at, count)});
    }
  }
  return pieces;
}

}  // namespace

Stream::Stream(const std::string& path, int flags, unsigned mode)
    : descriptor_(mayfly_open(path.c_str(), flags, mode)) {}

Stream::~Stream() {
  if (descriptor_ >= 0) mayfly_close(descriptor_);
}

/// `start(piece)` begins one transfer. All that were begun are waited for, whatever happens: until
/// then they use the caller's memory.
template <class Start>
int Stream::pipeline(std::span<const Range> ranges, std::size_t transfer, const Start& start) {
  struct Call {
    mayfly_operation* operation;
    std::size_t bytes;
  };
  const std::vector<Range> pieces = cut(ranges, transfer);
  std::deque<Call> calls;
  int error = 0;
  std::size_t begun = 0;
  while ((error == 0 && begun < pieces.size()) || !calls.empty()) {
    if (error == 0 && begun < pieces.size() && calls.size() < kInFlight) {
      const Range& piece = pieces[begun++];
      mayfly_operation* operation = start(piece);
      if (operation == nullptr) {
        error = errno;
      } else {
        calls.push_back({operation, piece.bytes.size()});
      }
      continue;
    }
    const ssize_t moved = mayfly_wait(calls.front().operation);
    if (moved < 0 && error == 0) error = errno;
    const bool is_short = moved >= 0 && static_cast<std::size_t>(moved) != calls.front().bytes;
    if (is_short && error == 0) error = EIO;
    calls.pop_front();
  }
  return error;
}

int Stream::write(std::span<const Range> ranges, std::size_t transfer) {
  return pipeline(ranges, transfer, [this](const Range& piece) {
    return mayfly_start_pwrite(descriptor_, piece.bytes.data(), piece.bytes.size(),
                               static_cast<off_t>(piece.offset));
  });
}

int Stream::read(std::span<const Range> ranges, std::size_t transfer) {
  return pipeline(ranges, transfer, [this](const Range& piece) {
    return mayfly_start_pread(descriptor_, piece.bytes.data(), piece.bytes.size(),
                              static_cast<off_t>(piece.offset));
  });
}

int Stream::sync() { return mayfly_fsync(descriptor_) == 0 ? 0 : errno; }

int Stream::close() { return mayfly_close(std::exchange(descriptor_, -1)) == 0 ? 0 : errno; }

}  // namespace mayfly
