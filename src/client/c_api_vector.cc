// The C edge of readv and its kin.
#include <limits.h>
#include <sys/uio.h>

#include <cstdint>
#include <span>
#include <vector>

#include "client/c_edge.h"
#include "mayfly/mayfly.h"

using mayfly::Bytes;
using mayfly::Errc;
using mayfly::File;
using mayfly::MutableBytes;
using mayfly::Result;
using mayfly::Segments;
using mayfly::Status;
using namespace mayfly::c_edge;

namespace {

/// What readv(2) refuses without looking at the file.
Status check_places(const struct iovec* places, int count) {
  if (count < 0 || count > IOV_MAX) return Errc::invalid;
  if (places == nullptr && count != 0) return Errc::bad_address;
  std::uint64_t sum = 0;
  for (const iovec& place : std::span(places, static_cast<std::size_t>(count))) {
    if (place.iov_base == nullptr && place.iov_len != 0) return Errc::bad_address;
    if (place.iov_len > SSIZE_MAX - sum) return Errc::invalid;
    sum += place.iov_len;
  }
  return {};
}

/// Runs `make(file, segments)` with the places as Segments<Span>.
template <class Span, class Make>
ssize_t run_vector(int fd, const struct iovec* places, int count, Make make) {
  if (const Status usable = check_places(places, count); !usable) return give(usable);
  std::vector<Span> parts;
  for (const iovec& place : std::span(places, static_cast<std::size_t>(count))) {
    parts.emplace_back(static_cast<std::byte*>(place.iov_base), place.iov_len);
  }
  const auto segments = Segments<Span>::of(parts);
  return give_count(run_on(fd, [&](File& file) { return make(file, segments); }));
}

}  // namespace

extern "C" {

ssize_t mayfly_readv(int fd, const struct iovec* places, int count) noexcept {
  return run_vector<MutableBytes>(
      fd, places, count, [](File& file, Segments<MutableBytes> into) { return file.read(into); });
}

ssize_t mayfly_writev(int fd, const struct iovec* places, int count) noexcept {
  return run_vector<Bytes>(fd, places, count,
                           [](File& file, Segments<Bytes> bytes) { return file.write(bytes); });
}

ssize_t mayfly_preadv(int fd, const struct iovec* places, int count, off_t offset) noexcept {
  if (offset < 0) return fail(Errc::invalid);
  return run_vector<MutableBytes>(fd, places, count,
                                  [offset](File& file, Segments<MutableBytes> into) {
                                    return file.pread(into, static_cast<std::uint64_t>(offset));
                                  });
}

ssize_t mayfly_pwritev(int fd, const struct iovec* places, int count, off_t offset) noexcept {
  if (offset < 0) return fail(Errc::invalid);
  return run_vector<Bytes>(fd, places, count, [offset](File& file, Segments<Bytes> bytes) {
    return file.pwrite(bytes, static_cast<std::uint64_t>(offset));
  });
}

}  // extern "C"
