// File: an open file of a session.
//
// Owner: whoever opened it; close() before the destructor, or the server keeps the handle until the
//   session leaves. The Session outlives it. Thread: the loop's (tasks go through Session::run).
// Order: what a pwrite that has returned wrote is seen by every later pread of any client. Writes
//   and reads under way at once are unordered where they overlap.
// Failure: errno values; a failed pwrite may have written any part of its range.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "async/gate.h"
#include "async/semaphore.h"
#include "client/segments.h"
#include "client/session.h"
#include "protocol/digest.h"

namespace mayfly {

class File {
 public:
  /// `flags` as open(2): an access mode and O_APPEND, O_CREAT, O_EXCL, O_TRUNC, O_DIRECTORY,
  /// O_NOFOLLOW, O_CLOEXEC; not_supported: O_TMPFILE. `mode`: permission bits of a new file, umask
  /// applied by the caller.
  /// `layout`: of a new file; none: what its directory hands down.
  static Task<Result<std::unique_ptr<File>>> open(Session& session, PathAt path, int flags,
                                                  std::uint32_t mode,
                                                  std::optional<Layout> layout = {});
  /// The same file once more, by its id and with the flags of an open that has succeeded: no
  /// permissions are checked. stale: it is gone.
  static Task<Result<std::unique_ptr<File>>> reopen(Session& session, FileId id, int flags);
  File(const File&) = delete;
  File& operator=(const File&) = delete;

  /// Reads up to into.size() bytes; fewer only at the end of the file. Holes are zeros.
  Task<Result<std::size_t>> pread(Segments<MutableBytes> into, std::uint64_t offset);
  /// Writes all of `bytes`; with O_APPEND, as on Linux, behind the end whatever `offset` says. What
  /// is appended in one call stands together, whoever appends at the same time.
  Task<Result<std::size_t>> pwrite(Segments<Bytes> bytes, std::uint64_t offset);
  /// The same at the handle's position, which moves on. Those of one handle take turns.
  Task<Result<std::size_t>> read(Segments<MutableBytes> into);
  Task<Result<std::size_t>> write(Segments<Bytes> bytes);
  /// lseek; gives the position. SEEK_DATA and SEEK_HOLE see holes of whole pages.
  Task<Result<std::uint64_t>> seek(std::int64_t offset, int whence);
  Task<Result<Attributes>> stat();
  Task<Status> truncate(std::uint64_t size);
  /// fallocate(2): `mode` 0 or FALLOC_FL_KEEP_SIZE takes space, FALLOC_FL_PUNCH_HOLE (with
  /// KEEP_SIZE) gives it back, FALLOC_FL_ZERO_RANGE (with KEEP_SIZE or without) leaves zeros.
  /// not_supported: any other.
  Task<Status> allocate(int mode, std::uint64_t offset, std::uint64_t length);
  Task<Status> change_attributes(ChangeBody change);
  /// Returns once all bytes written to this file so far, by anybody, are on the servers' devices.
  Task<Status> fsync();
  /// The servers copy [offset, offset + bytes) from the node's file to this one, or back (kOut), at
  /// the same place; `digests`: one for each kDigestBlockBytes, where offset is a multiple of it.
  /// cross_device, and nothing else is known: a server does not see the file, or a block has parts
  /// on several. again: the node's file is shorter than was seen.
  Task<Status> stage(NodeFileBody node_file, std::uint64_t offset, std::span<Digest> digests,
                     std::uint64_t bytes);
  /// The servers close the node's file; what they wrote to it is on their devices.
  Task<Status> settle_staged(NodeFileBody node_file);
  /// fcntl's and flock's locks: `whose` have the lock, so that those of one process, or of one
  /// handle, do not exclude each other. again: another has it, and `waits` is false; deadlock;
  /// bad_descriptor: not open for what is locked.
  enum class LockedBy : std::uint8_t { process, handle };
  Task<Status> lock(LockBody range, LockedBy whose);
  /// The lock of another that stands in the way of `range`; nothing: none.
  Task<Result<std::optional<LockBody>>> find_lock(LockBody range, LockedBy whose);
  /// Waits for what is under way, gives up the locks, reports the size and gives up the handle. The
  /// File is useless afterwards, whatever it returns: everything else gives bad_descriptor.
  Task<Status> close();

  FileId id() const { return id_; }
  int flags() const { return flags_; }
  /// Whether writes from now on go behind the end, as by fcntl(F_SETFL).
  Task<Status> set_append(bool appends);
  const Layout& layout() const { return layout_; }
  bool is_directory() const { return is_directory_; }

 private:
  File(Session& session, const Attributes& attributes, int flags);

  Status check_user(const Attributes& attributes) const;
  Task<Result<std::size_t>> read_at(Segments<MutableBytes> into, std::uint64_t offset);
  Task<Status> read_pieces(Segments<MutableBytes> into, std::uint64_t offset,
                           std::uint64_t& short_at);
  Task<Status> read_one(Piece piece, Segments<MutableBytes> into, std::uint64_t& short_at);
  /// Of a record that is being appended.
  struct Appending {
    std::uint32_t generation;   ///< under which it was given its place
    std::uint64_t reached = 0;  ///< where in the record the last byte is that was written
  };
  Task<Result<std::size_t>> write_range(Segments<Bytes> bytes, std::uint64_t offset,
                                        Appending* appending = nullptr);
  Task<Status> write_one(Piece piece, Segments<Bytes> bytes, std::uint64_t offset,
                         Appending* appending);
  /// Gives where the record begins.
  Task<Result<std::uint64_t>> append(Segments<Bytes> bytes);
  Task<void> give_back(std::uint64_t place, std::uint64_t length, std::uint32_t generation);
  /// Where the first data and the first hole at or behind `offset` begin.
  struct Landmarks {
    std::uint64_t data = kNowhere;
    std::uint64_t hole = kNowhere;
  };
  Task<Result<std::uint64_t>> seek_landmark(std::int64_t offset, int whence);
  Task<Status> ask_landmarks(std::uint32_t column, std::uint64_t offset, Landmarks& landmarks);
  Task<Status> stage_piece(Piece piece, NodeFileBody node_file, std::uint64_t offset,
                           Digest& digest);
  Task<Status> settle_at(std::uint32_t server, NodeFileBody node_file);
  Task<Status> sync_server(std::uint32_t server);
  Task<Status> change_space(RequestHeader header, std::uint32_t column);
  Task<Status> change_space_everywhere(RequestHeader header);
  Task<Status> note_growth(std::uint64_t end);
  /// Of a write, or of space taken or given up.
  struct Moment {
    TimePoint at;
    std::int64_t wall_ns;
  };
  Moment now() const { return {session_.loop().now(), wall_clock_ns()}; }
  void note_change(const Moment& began, std::int64_t pages, bool is_reported = false);
  /// Whether the server of the piece is to note the size: with the first write of a handle, which
  /// is the only one where files are small, so that close has nothing to wait for.
  bool may_note_size(const Piece& piece, std::uint64_t bytes);
  /// A write up to `end` has been done.
  void note_write(const Moment& began, WriteEffect effect, std::uint64_t end);
  /// Beside a read that shows in atime, which is seldom.
  Task<Status> note_reading();
  /// What of the kept bytes is wanted, while they can be believed: nobody can have written since.
  std::optional<std::size_t> read_first(const Segments<MutableBytes>& into, std::uint64_t offset);
  /// A request to the inode's server that brings along what this handle has written.
  RequestHeader report(Opcode opcode) const;
  LockBody signed_by(LockBody range, LockedBy whose) const;
  Task<Status> give_up_locks();
  /// The connection that holds the handle was lost: the server has given the handle up. A directory
  /// needs it only to outlive its removal.
  bool is_given_up() const;
  bool is_orphaned() const { return !is_directory_ && is_given_up(); }
  bool may_read() const;
  bool may_write() const;
  bool appends() const;

  Session& session_;
  FileId id_;
  Layout layout_;
  int opened_flags_;
  int flags_;                     ///< as opened_flags_, but for O_APPEND
  bool is_appender_too_ = false;  ///< opened once more at the home, to append
  bool is_directory_;
  std::uint64_t connection_;  ///< to the inode's server, that counts this handle
  /// What close and fsync report: the largest end written under the newest truncate generation
  /// seen.
  std::uint64_t written_end_ = 0;
  std::uint32_t generation_ = 0;
  Moment written_{};        ///< when the last write began
  std::int64_t pages_ = 0;  ///< by which what the file uses has changed since the last report
  bool dirty_ = false;
  bool has_noted_ = false;  ///< a write was to report for itself
  /// A write has failed, and its server may yet carry it out: nobody knows the size any more.
  bool unsure_ = false;
  /// The answer to the open, if it brought all of the file's bytes, behind its attributes. They are
  /// the file's until first_until_.
  std::optional<Body> first_;
  TimePoint first_until_{};
  std::uint64_t position_ = 0;
  Semaphore positioning_{1};
  bool has_locks_ = false;  ///< of its own
  bool reading_shows_;      ///< in atime, as far as is known here
  Gate uses_;  ///< a write that ended after close had reported the size would be lost to it
};

}  // namespace mayfly
