// Bodies: what follows a header as payload, apart from file data. Each has an encoder that appends
// to a vector and a decoder that survives any bytes.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

#include "async/frame_pool.h"
#include "base/result.h"
#include "layout/layout.h"
#include "protocol/attributes.h"
#include "protocol/header.h"
#include "protocol/locks.h"

namespace mayfly {

using Secret = std::array<std::uint8_t, 16>;
using WireBytes = std::vector<std::byte, FramePoolAllocator<std::byte>>;

/// Longest worker address that is believed.
inline constexpr std::size_t kMaxAddressBytes = 4096;

/// connect. Wire: secret[16], address.
struct ConnectBody {
  Secret secret{};
  Bytes address;  ///< the sender's worker; points into the message
};
WireBytes encode(const ConnectBody& body);
Result<ConnectBody> decode_connect(Bytes bytes);

/// look_up, remove_*, hold_name, release_name: parent is header.file. Wire: the name and no more,
/// for a look-up is as fast as its message is short.
WireBytes encode_name(std::string_view name);
/// Points into the message.
Result<std::string_view> decode_name(Bytes bytes);

/// open_name, make_directory: parent is header.file. Wire: fixed part, name.
struct NewNameBody {
  std::uint32_t mode = 0;
  std::uint32_t gid = 0;
  Layout layout;
  std::string_view name;  ///< points into the message
};
WireBytes encode(const NewNameBody& body);
Result<NewNameBody> decode_new_name(Bytes bytes);

/// put_file: a file's attributes, and all of its bytes, of which there are header.length; its
/// parent is header.file. Wire: the bytes, the name, a fixed part. So what a Buffer receives has
/// the file's first byte where a page begins.
struct WholeFileBody {
  std::uint32_t mode = 0;
  std::uint32_t uid = 0;
  std::uint32_t gid = 0;
  std::int64_t atime_ns = 0;
  std::int64_t mtime_ns = 0;
  Layout layout;
  std::string_view name;  ///< both point into the message
  Bytes bytes;
};
WireBytes encode(const WholeFileBody& body);
Result<WholeFileBody> decode_whole_file(Bytes wire, std::uint64_t bytes);

/// make_symbolic_link. Wire: a NewNameBody's fixed part, length of the name, name, target.
struct SymbolicLinkBody {
  NewNameBody link;
  std::string_view target;  ///< points into the message
};
WireBytes encode(const SymbolicLinkBody& body);
Result<SymbolicLinkBody> decode_symbolic_link(Bytes bytes);

/// link and put_name: the name (in header.file) shall lead to `id`. The reply to hold_name: it does
/// (and no name). Wire: id, type, name.
struct DentryBody {
  FileId id;
  DentryType type = DentryType::regular;
  std::string_view name;  ///< points into the message
};
WireBytes encode(const DentryBody& body);
Result<DentryBody> decode_dentry(Bytes bytes);

/// rename: the old name is in header.file. Wire: new parent, length of the old name, both names.
struct RenameBody {
  FileId new_parent;
  std::string_view old_name;  ///< both point into the message
  std::string_view new_name;
};
WireBytes encode(const RenameBody& body);
Result<RenameBody> decode_rename(Bytes bytes);

/// set_extended; without a value get_ and remove_extended. Wire: length of the name, name, value.
struct ExtendedBody {
  std::string_view name;  ///< both point into the message
  std::string_view value;
};
WireBytes encode(const ExtendedBody& body);
Result<ExtendedBody> decode_extended(Bytes bytes);

/// set_lock and test_lock, and what test_lock has found in the way. Wire: as it stands.
struct LockBody {
  LockOwner owner;  ///< as all servers call it
  std::uint64_t begin = 0;
  std::uint64_t last = 0;  ///< the last byte, or kLockToTheEnd
  LockType type = LockType::shared;
  LockKind kind = LockKind::range;
  std::int32_t process = 0;
  std::uint32_t waits = 0;  ///< 1: until the lock can be had
};
static_assert(sizeof(LockBody) == 48);
/// bad_message: an unknown kind or type, or a range that ends before it begins.
Result<LockBody> decode_lock(Bytes bytes);

/// note_waits: waits for locks that have changed. Wire of each: id, waiter, number of holders,
/// they.
struct WaitBody {
  std::uint64_t id = 0;
  LockOwner waiter;
  std::vector<LockOwner> holders;  ///< none: the wait has ended
};
void append(WireBytes& wire, const WaitBody& wait);
Result<std::vector<WaitBody>> decode_waits(Bytes bytes);

enum AttributeMask : std::uint32_t {
  kMode = 1,
  kUid = 2,
  kGid = 4,
  kAtime = 8,
  kMtime = 16,
  kToNow = 32,  ///< both times are the present one, which whoever may write may set
};

/// set_attributes: only what `mask` names is changed. Wire: as it stands.
struct ChangeBody {
  std::uint32_t mask = 0;  ///< AttributeMask
  std::uint32_t mode = 0;
  std::uint32_t uid = 0;
  std::uint32_t gid = 0;
  std::int64_t atime_ns = 0;
  std::int64_t mtime_ns = 0;
};
static_assert(sizeof(ChangeBody) == 32);
Result<ChangeBody> decode_change(Bytes bytes);

/// The reply to data_end, whose value is where the data ends: what else a server of chunks knows of
/// a file. Wire: as it stands.
struct ExtentBody {
  std::uint64_t pages = 0;       ///< that it uses there
  std::int64_t modified_ns = 0;  ///< when it was last written there, since 1970; 0: never
};
static_assert(sizeof(ExtentBody) == 16);
Result<ExtentBody> decode_extent(Bytes bytes);

/// stage_data, settle_staged: a file of the node's file systems as the client sees it, by which the
/// server knows whether it sees the same. Wire: fixed part, path.
struct NodeFileBody {
  enum Flags : std::uint32_t {
    kOut = 1,     ///< bytes go out to the file, else they come in from it
    kDirect = 2,  ///< past the page cache
    kIdle = 4,    ///< when nobody else wants the device
    kOnce = 8,    ///< stage_data: settle it at once
  };
  std::uint64_t inode = 0;
  std::uint64_t size = 0;  ///< of a file that is read, as the next
  std::int64_t modified_ns = 0;
  std::uint32_t flags = 0;
  std::string_view path;  ///< absolute; points into the message

  bool has(Flags flag) const { return (flags & flag) != 0; }
};
WireBytes encode(const NodeFileBody& body);
Result<NodeFileBody> decode_node_file(Bytes bytes);

/// close and report_size with a size: when the last write began, by the sender's clock, in
/// nanoseconds since 1970. Wire: as it stands.
Result<std::int64_t> decode_time(Bytes bytes);

/// set_layout. Wire: as it stands.
Result<Layout> decode_layout(Bytes bytes);

/// An entry of a directory page. `attributes.id` is invalid if the inode is on another server.
struct DirectoryEntry {
  std::uint64_t cookie = 0;  ///< continue after this one
  FileId id;
  std::uint32_t type = 0;  ///< S_IFMT bits
  std::string_view name;
  Attributes attributes;
};
void append(WireBytes& page, const DirectoryEntry& entry);
/// The entries of a page, in order; names point into `bytes`.
Result<std::vector<DirectoryEntry>> decode_entries(Bytes bytes);

/// The attributes that a reply's body holds, and behind those of a symbolic link its target.
struct InodeBody {
  Attributes attributes;
  std::string_view target;  ///< points into the message
};
WireBytes encode(const InodeBody& body);
Result<InodeBody> decode_inode(Bytes bytes);
/// The attributes alone.
Result<Attributes> decode_attributes(Bytes bytes);

}  // namespace mayfly
