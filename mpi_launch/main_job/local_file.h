// LocalFile: a file of the node, outside MayflyFS. Owner: whoever opened it. Failure: an errno, 0
// is success.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace mayfly {

class LocalFile {
 public:
  /// -1 and errno show as !is_open(). New files have mode 0600.
  LocalFile(const std::string& path, int flags);
  LocalFile(const LocalFile&) = delete;
  LocalFile& operator=(const LocalFile&) = delete;
  ~LocalFile();

  bool is_open() const { return descriptor_ >= 0; }
  /// All of `bytes`; EIO if the file ends before.
  int read(std::span<std::byte> bytes, std::uint64_t offset) const;
  int write(std::span<const std::byte> bytes, std::uint64_t offset) const;

 private:
  int descriptor_;
};

}  // namespace mayfly
