// Stream: one MayflyFS file through which large ranges go, several calls in flight.
//
// Owner: whoever opened it. Thread: one. Failure: errno of the first call that failed; 0 is
// success. The destructor closes without looking; close() says whether all is well.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace mayfly {

/// Bytes of a file and where they are in memory.
struct Range {
  std::uint64_t offset;
  std::span<std::byte> bytes;
};

class Stream {
 public:
  /// Calls in flight at once; together with --transfer's 16 MiB they fill a session's window.
  static constexpr std::size_t kInFlight = 2;

  /// -1 and errno show as !is_open().
  Stream(const std::string& path, int flags, unsigned mode = 0644);
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;
  ~Stream();

  bool is_open() const { return descriptor_ >= 0; }
  /// In calls of `transfer` bytes at the most.
  int write(std::span<const Range> ranges, std::size_t transfer);
  /// The same; EIO if the file ends before.
  int read(std::span<const Range> ranges, std::size_t transfer);
  int sync();
  int close();

 private:
  template <class Start>
  int pipeline(std::span<const Range> ranges, std::size_t transfer, const Start& start);

  int descriptor_;
};

}  // namespace mayfly
