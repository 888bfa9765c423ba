// Manifest: what was copied, and what it must be: JSON lines, one per entry of the tree.
//
// docs/staging.md describes the lines. Paths are relative to the directory that was copied into.
// A manifest grows while entries are copied and may end in half a line after a crash; of several
// lines for one path the last counts. One that is finished ends in a line that says so.
#pragma once

#include <sys/stat.h>

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/result.h"
#include "protocol/digest.h"
#include "staging/file_calls.h"

namespace mayfly {

/// Of a mode, what chmod(2) sets.
inline constexpr mode_t kPermissions = 07777;

struct ManifestEntry {
  enum class Type : std::uint8_t { file, directory, symbolic_link, hard_link, removed };
  std::string path;
  Type type = Type::file;
  std::uint64_t size = 0;
  mode_t mode = 0;  ///< permission bits
  timespec modified{};
  Digest digest;               ///< files
  std::vector<Digest> blocks;  ///< files of more than one block
  std::string target;          ///< links; a hard link's is the path of its file
};

/// What is known of it without looking at its content.
ManifestEntry entry_of(std::string path, ManifestEntry::Type type, const struct stat& seen);
/// One line, without its end.
std::string encode(const ManifestEntry& entry);
/// bad_message: no entry.
Result<ManifestEntry> decode_manifest_entry(const std::string& line);

class Manifest {
 public:
  using Entries = std::map<std::string, ManifestEntry>;
  struct Content {
    Entries entries;
    bool is_finished = false;
  };
  /// Empty if there is none. bad_message: it is none of ours.
  static Result<Content> read(const FileCalls& calls, const std::string& path);

  /// Goes on with the manifest at `path`, or begins it. busy: another process does, and goes on for
  /// some seconds. Where files cannot be locked, nobody knows.
  static Result<std::unique_ptr<Manifest>> open(const FileCalls& calls, const std::string& path);
  Manifest(const Manifest&) = delete;
  Manifest& operator=(const Manifest&) = delete;
  ~Manifest();

  /// Any thread. What is added is in the file some entries later.
  Status add(const ManifestEntry& entry);
  /// Adds all lines of another one, which is complete. no_entry: there is none.
  Status add_all(const std::string& path);
  /// Whether nobody else copies with this manifest, and there was one before.
  bool is_taken_over() const { return is_locked_ && is_old_; }
  /// Whether nobody else copies with this manifest.
  bool is_locked() const { return is_locked_; }
  Status flush();
  /// Adds the line that says that all is there, and has all lines on the device.
  Status finish();

 private:
  Manifest(const FileCalls& calls, int fd, std::uint64_t size)
      : calls_(calls), fd_(fd), size_(size) {}
  Status flush_locked();

  const FileCalls& calls_;
  int fd_;
  std::uint64_t size_;
  bool is_locked_ = false;
  bool is_old_ = false;
  std::mutex mutex_;
  std::string waiting_;
};

}  // namespace mayfly
