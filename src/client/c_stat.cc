#include <algorithm>

#include "client/c_edge.h"

namespace mayfly::c_edge {
namespace {

constexpr std::int64_t kSecond = 1'000'000'000;  // ns

/// The same moment; tv_nsec counts forward, also before 1970.
timespec time_of(std::int64_t nanoseconds) {
  std::int64_t seconds = nanoseconds / kSecond;
  std::int64_t rest = nanoseconds % kSecond;
  if (rest < 0) {
    --seconds;
    rest += kSecond;
  }
  return {static_cast<time_t>(seconds), static_cast<long>(rest)};
}

}  // namespace

ino_t inode_number(FileId id) { return id.serial * 65536 + id.home(); }

struct stat stat_of(const Attributes& attributes) {
  struct stat status {};
  status.st_ino = inode_number(attributes.id);
  status.st_mode = attributes.mode;
  status.st_nlink = attributes.nlink;
  status.st_uid = attributes.uid;
  status.st_gid = attributes.gid;
  status.st_size = static_cast<off_t>(attributes.size);
  status.st_blksize = static_cast<blksize_t>(
      attributes.is_directory() ? kPageBytes : attributes.layout.chunk_bytes);
  status.st_blocks = static_cast<blkcnt_t>(attributes.blocks_512);
  status.st_atim = time_of(attributes.atime_ns);
  status.st_mtim = time_of(attributes.mtime_ns);
  status.st_ctim = time_of(attributes.ctime_ns);
  return status;
}

}  // namespace mayfly::c_edge
