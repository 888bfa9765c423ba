// Inode: a file's attributes, who has it open, and the rules by which its size is kept.
//
// Owner: InodeTable. Thread: the loop's. Times are passed in, nanoseconds since 1970.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "base/clock.h"
#include "base/result.h"
#include "metadata/append_places.h"
#include "metadata/extended_attributes.h"
#include "protocol/attributes.h"

namespace mayfly {

/// How a handle uses its file. `append` writes as well, but only where Inode::reserve has said.
enum class Access { read, write, append };

/// What a writer knows of the file when it closes or syncs it.
struct SizeReport {
  std::uint64_t size = 0;                 ///< one past the last byte it wrote; 0: wrote none
  std::uint32_t truncate_generation = 0;  ///< under which it wrote that byte
  std::int64_t modified_ns = 0;           ///< when it last wrote; 0: not since its last report
  std::int64_t pages = 0;                 ///< by how many it has changed what the file uses
};

/// Taken before the chunk servers are asked for the size; says what their answer is good for.
struct SettleTicket {
  std::uint32_t truncate_steps = 0;
  std::uint32_t writer_deaths = 0;
};

/// The attributes that a user may set; truncation is another matter (begin_truncate).
struct AttributeChange {
  enum Mask : std::uint32_t {
    kMode = 1u << 0,
    kUid = 1u << 1,
    kGid = 1u << 2,
    kAtime = 1u << 3,
    kMtime = 1u << 4,
  };
  std::uint32_t mask = 0;
  std::uint32_t mode = 0;  ///< permission bits; the file's type stays
  std::uint32_t uid = 0;
  std::uint32_t gid = 0;
  std::int64_t atime_ns = 0;
  std::int64_t mtime_ns = 0;
};

class Inode {
 public:
  /// Names that a file can have, as on ext4.
  static constexpr std::uint32_t kMaxLinks = 65'000;

  /// A new file; all three times and the instant that decided mtime are `attributes.mtime_ns`.
  Inode(const Attributes& attributes, FileId parent);

  /// The attributes as others see them, kUnsettled included.
  Attributes attributes() const;
  FileId id() const { return attributes_.id; }
  bool is_directory() const { return attributes_.is_directory(); }
  bool is_open() const { return readers_ > 0 || is_written(); }
  /// No name leads here any more; lives until the last close.
  bool is_orphan() const { return attributes_.nlink == 0; }

  void open(Access access) { ++count(access); }
  /// bad_descriptor: not open that way.
  Status close(Access access);
  /// As close; for one that may have written the size is unsettled from now on.
  Status forget(Access access);

  /// Takes the size if it was reached under the current truncate generation, the change of the used
  /// pages, and the time of the last write unless a later write or a later explicit change has
  /// decided mtime.
  void report(const SizeReport& report);
  /// The size that the chunk servers gave after `ticket` was taken. Void if a truncate began or
  /// ended since; settles the file unless one is pending, the last one failed, or a writer died
  /// since.
  void settle(std::uint64_t size, const SettleTicket& ticket);
  SettleTicket settle_ticket() const { return {truncate_steps_, writer_deaths_}; }

  /// Starts a truncate: voids all sizes reported before. busy: another has not ended.
  Status begin_truncate(std::int64_t now_ns);
  /// The chunk servers have cut, and freed so many pages: the size is `size`, or what was written
  /// past it since begin. invalid: none has begun.
  Status finish_truncate(std::uint64_t size, std::uint64_t pages_freed, std::int64_t now_ns);
  /// A chunk server failed to cut: the size stays, unsettled, for bytes whose reports the new
  /// generation voids may have stayed too. invalid: none has begun.
  Status abandon_truncate();

  /// Somebody has read it: relatime; `is_changed`: after a change that has not been reported yet.
  void note_read(bool is_changed, std::int64_t now_ns);
  /// A reader may believe until then that its bytes stay as they are. Not while somebody may change
  /// them.
  bool lend_bytes(TimePoint until);
  /// Until when its bytes have to stay as they are.
  TimePoint lent_until() const { return readers_ > 0 ? lent_until_ : TimePoint(); }
  /// Space is about to be taken for it, whatever its size.
  void note_reserved() { attributes_.flags |= kReserved; }

  /// Whether the end of the file is known here: not while a handle may write anywhere, or has died.
  bool end_is_known() const { return writers_ == 0 && !size_unsettled_; }
  /// Where the next record of `length` bytes is appended: behind the size and behind every record
  /// since the last truncate. Where the end is not known, settle first. stale: a truncate began or
  /// ended since `ticket`; file_too_big.
  Result<std::uint64_t> reserve(std::uint64_t length, const SettleTicket& ticket);
  /// Nothing was written at that place, which was given under `truncate_generation`.
  void give_back(std::uint64_t offset, std::uint64_t length, std::uint32_t truncate_generation);

  void change(const AttributeChange& change, std::int64_t now_ns);
  void set_layout(const Layout& layout, std::int64_t now_ns);
  /// An entry of this directory came or went; unless mtime was decided later.
  void touch(std::int64_t now_ns);
  /// So many of this directory's entries on `server` are directories.
  void count_subdirectories(std::uint32_t server, std::uint32_t count);
  /// `server` has news of this directory: its times and nlink are not settled until they are taken.
  void note_news(std::uint32_t server) { directory_->news.insert(server); }
  /// The servers that have any; from here on none has, but until end_settling the directory is not
  /// settled.
  std::set<std::uint32_t> begin_settling() {
    ++directory_->settling;
    return std::exchange(directory_->news, {});
  }
  void end_settling() { --directory_->settling; }
  /// One more name. too_many_links: kMaxLinks.
  Status link(std::int64_t now_ns);
  /// One name less, of several.
  void unlink(std::int64_t now_ns);
  /// The last name is gone.
  void orphan(std::int64_t now_ns);
  /// Its name was changed; a directory is in `parent` from now on.
  void rename(FileId parent, std::int64_t now_ns);

  /// The directory that a directory is in; its own id for the root.
  FileId parent() const { return directory_ ? directory_->parent : FileId(); }
  /// Its extended attributes; null if it never had any.
  const ExtendedAttributes* extended() const { return extended_.get(); }
  /// To change them.
  ExtendedAttributes& extended(std::int64_t now_ns);

  /// Where a symbolic link leads; empty for everything else.
  std::string_view target() const { return target_ ? std::string_view(*target_) : ""; }
  void set_target(std::string_view target);

 private:
  std::uint32_t& count(Access access);
  bool is_written() const { return writers_ + appenders_ > 0; }

  /// What directories alone have.
  struct Directory {
    FileId parent;
    std::map<std::uint32_t, std::uint32_t> subdirectories;  ///< by server; none is not there
    std::set<std::uint32_t> news;                           ///< servers that have any
    std::uint32_t settling = 0;                             ///< answers are under way
  };

  Attributes attributes_;
  std::unique_ptr<Directory> directory_;
  std::unique_ptr<std::string> target_;  ///< of a symbolic link
  std::unique_ptr<ExtendedAttributes> extended_;
  /// Largest size reported since the pending truncate began: the cut has not met those bytes.
  std::uint64_t grown_since_truncate_ = 0;
  std::unique_ptr<AppendPlaces> places_;  ///< since the last truncate; null: none
  std::uint32_t readers_ = 0;
  std::uint32_t writers_ = 0;
  std::uint32_t appenders_ = 0;
  std::uint32_t writer_deaths_ = 0;
  std::uint32_t truncate_steps_ = 0;  ///< begins and ends of truncates
  TimePoint lent_until_{};
  bool size_unsettled_ = false;
  /// Of the pages that it uses some were never reported, nor will be: for good the chunk servers
  /// must be asked.
  bool pages_unsettled_ = false;
  /// Used by what has been reported; below zero where a cut came before the report of its write.
  /// Modulo 2^64: what a client reports can be anything.
  std::uint64_t pages_ = 0;
  bool truncating_ = false;
  /// A cut failed on some server, and none has succeeded since: reports under the new generation
  /// may miss what was written on a server that still has the old one, so nothing settles the size.
  bool cut_failed_ = false;
};

}  // namespace mayfly
