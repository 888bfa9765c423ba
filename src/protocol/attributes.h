// Attributes: what the inode's server knows of a file, as it stands on the wire.
#pragma once

#include <sys/stat.h>

#include <bit>
#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "base/file_id.h"
#include "base/units.h"
#include "layout/layout.h"

namespace mayfly {

/// The root directory. Its serial is that of no other file: every server counts from 2.
inline constexpr FileId kRootId{.home_and_salt = 0, .serial = 1};

/// Bytes of a name at the most (NAME_MAX).
inline constexpr std::uint32_t kMaxNameBytes = 255;
/// Bytes of a path, its end included (PATH_MAX), and so of a symbolic link's target without one.
inline constexpr std::uint32_t kMaxPathBytes = 4096;
inline constexpr std::uint32_t kMaxTargetBytes = kMaxPathBytes - 1;

/// What a dentry names. The values are those of DT_DIR, DT_REG and DT_LNK of <dirent.h>.
enum class DentryType : std::uint8_t {
  directory = 4,
  regular = 8,
  symbolic_link = 10,
};

/// Bit of Attributes::flags. Of a file: it is open for writing, or a writer died; `size` is a lower
/// bound, and the servers that hold its chunks must be asked for the true one, for its blocks and
/// for the last write. Of a directory: its home must ask others for its times and nlink, which
/// get_attributes makes it do.
inline constexpr std::uint32_t kUnsettled = 1u << 0;

/// Another: space has been reserved for it, which may be all that there is of it.
inline constexpr std::uint32_t kReserved = 1u << 1;

/// Little-endian plain integers without padding: trivially copyable to and from a message.
struct Attributes {
  FileId id;
  Layout layout;
  std::uint64_t size = 0;        ///< bytes; see kUnsettled
  std::uint64_t blocks_512 = 0;  ///< of the pages that it uses; see kUnsettled
  std::int64_t atime_ns = 0;     ///< since 1970, as are the other two; see reading_shows
  std::int64_t mtime_ns = 0;
  std::int64_t ctime_ns = 0;
  std::int64_t mtime_decided_ns = 0;  ///< when mtime got its value; a write since then is newer
  std::uint32_t mode = 0;             ///< S_IFMT and permission bits
  std::uint32_t uid = 0;
  std::uint32_t gid = 0;
  std::uint32_t nlink = 0;  ///< of a directory 2 and its subdirectories; 0 for an orphan
  std::uint32_t flags = 0;  ///< kUnsettled, kReserved
  /// Raised by each truncate; sizes reported under an older one are void.
  std::uint32_t truncate_generation = 0;

  bool is_directory() const { return S_ISDIR(mode); }
  bool is_symbolic_link() const { return S_ISLNK(mode); }
  friend bool operator==(const Attributes&, const Attributes&) = default;
};

constexpr std::uint64_t blocks_of(std::uint64_t pages) { return pages * (kPageBytes / 512); }

/// relatime, as Linux has it: whether atime becomes `now_ns` when the file is read. It is not newer
/// than the last change, or older than a day.
constexpr bool reading_shows(const Attributes& file, std::int64_t now_ns) {
  constexpr std::int64_t kDay = std::int64_t{86'400} * 1'000'000'000;
  return file.atime_ns <= file.mtime_ns || file.atime_ns <= file.ctime_ns ||
         now_ns - file.atime_ns >= kDay;
}

static_assert(std::endian::native == std::endian::little);
static_assert(std::is_trivially_copyable_v<Attributes>);
static_assert(std::has_unique_object_representations_v<Attributes>);
static_assert(sizeof(Attributes) == 96);
static_assert(offsetof(Attributes, layout) == 16);
static_assert(offsetof(Attributes, size) == 24);
static_assert(offsetof(Attributes, mode) == 72);
static_assert(offsetof(Attributes, truncate_generation) == 92);

}  // namespace mayfly
