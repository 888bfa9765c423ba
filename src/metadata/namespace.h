// Namespace: one server's shard of the directory tree, in memory.
//
// A dentry (parent id, name) lives on server_of_name(parent, name); an inode is made on the server
// of its first dentry, whose index is in the id, and stays there whatever names it gets later.
// Every operation here is all-or-nothing and concerns this shard only: what spans shards (rename,
// link, rmdir, readdir, truncate) is coordinated by the server, from the primitives below.
//
// Owner: the server. Thread: the loop's. No I/O, no clock: times are passed in, nanoseconds since
// 1970. Failure: an Errc, and nothing has changed. The parent's existence and type are checked
// only where its inode is here; the client has resolved it, and tombstones catch what went since.
//
// Errors of all operations that take a name: name_too_long (over 255 bytes), invalid (empty, ".",
// "..", or with '/' or NUL), stale (the parent is entombed or gone: drop the cached path and
// resolve anew), not_a_directory (the parent is here and none), and for all but the holder's own
// busy (the name is held: try again when it is released). Of all that take a file's id: no_entry
// if its inode is not here.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "metadata/dentry_table.h"
#include "metadata/directory_fences.h"
#include "metadata/directory_news.h"
#include "metadata/held_names.h"
#include "metadata/inode.h"
#include "metadata/inode_table.h"
#include "protocol/attributes.h"

namespace mayfly {

/// With what a new file or directory begins.
struct Creation {
  std::uint32_t mode = 0;  ///< permission bits, umask applied; the type is the operation's
  std::uint32_t uid = 0;
  std::uint32_t gid = 0;
  Layout layout =
      {};  ///< of a file with its first server chosen; of a directory what it hands down
  std::int64_t now_ns = 0;
};

/// What a name leads to. The attributes are there if the inode is on this server.
struct Entry {
  FileId id;
  DentryType type = DentryType::regular;
  std::optional<Attributes> attributes;
  std::string_view target;  ///< of a symbolic link that is here; valid while it lives
};

/// A file whose bytes are there before anybody can find it.
struct NewFile {
  FileId id;  ///< Namespace::new_id
  Creation creation;
  std::int64_t atime_ns = 0;
  std::int64_t mtime_ns = 0;
  std::uint64_t size = 0;   ///< bytes
  std::uint64_t pages = 0;  ///< that its bytes use
};

struct Created {
  Entry entry;
  bool created = false;  ///< false: the file was there before
};

/// What is left of a file after a name or a descriptor of it went.
struct Release {
  Attributes attributes;      ///< id and layout say whose chunks are meant
  bool drop_data = false;     ///< neither name nor descriptor is left: the chunks must go
  bool is_elsewhere = false;  ///< only the id is known: its home must be told to drop_link
};

/// Where a record is appended. Once the file has been cut again the place is void.
struct AppendPlace {
  std::uint64_t offset = 0;
  std::uint32_t truncate_generation = 0;
};

struct NamedEntry {
  std::string name;
  Entry entry;
  std::uint64_t cookie = 0;  ///< a page can begin behind it
};

struct DirectoryPage {
  std::vector<NamedEntry> entries;
  std::uint64_t next_cookie = 0;  ///< where the next page begins
  bool at_end = false;            ///< nothing follows on this server
};

/// What a server's entries say of a directory.
struct DirectoryChange {
  std::int64_t changed_ns = 0;
  std::uint32_t subdirectories = 0;
};

struct NamespaceCounts {
  std::uint64_t inodes = 0;  ///< orphans included
  std::uint64_t dentries = 0;
  std::uint64_t tombstones = 0;
  std::uint64_t orphans = 0;
};

class Namespace {
 public:
  /// The shard of server `server` of `servers`; ids carry the low 48 bits of `session_salt`.
  Namespace(std::uint32_t server, std::uint32_t servers, std::uint64_t session_salt);

  /// Makes the root directory. Once, on server 0, before anything else.
  void make_root(const Creation& creation);

  // ---- names --------------------------------------------------------------------------------

  /// no_entry: no such name.
  Result<Entry> lookup(FileId parent, std::string_view name) const;
  /// The regular file of that name, made if it is not there. exists: it is, and `exclusive`.
  /// is_a_directory: a directory has the name (and not `exclusive`). busy: the parent is frozen,
  /// try again when it is thawed or entombed. invalid: the layout, or a name of another server.
  Result<Created> create_file(FileId parent, std::string_view name, const Creation& creation,
                              bool exclusive);
  /// For a file that is yet to be put.
  FileId new_id() { return inodes_.next_id(); }
  /// Gives the file a name, in place of what has it: that one's release, if there was one. As
  /// create_file; is_a_directory.
  Result<std::optional<Release>> put_file(FileId parent, std::string_view name,
                                          const NewFile& file);
  /// As create_file, exclusive.
  Result<Attributes> make_directory(FileId parent, std::string_view name, const Creation& creation);
  /// As create_file, exclusive: a symbolic link to `target`, 1 to kMaxTargetBytes bytes (invalid).
  Result<Attributes> make_symbolic_link(FileId parent, std::string_view name,
                                        std::string_view target, const Creation& creation);
  /// One more name for a file, whose home has done add_link. exists; else as create_file.
  Status link_name(FileId parent, std::string_view name, FileId id, DentryType type,
                   std::int64_t now_ns);
  /// unlink. An inode that is open stays as an orphan until its last close. no_entry;
  /// is_a_directory.
  Result<Release> remove_file(FileId parent, std::string_view name, std::int64_t now_ns);
  /// Up to `max_entries` entries of `directory` on this server, after `cookie` (0: from the
  /// start), in the order in which they were made. An entry that is there from the first page to
  /// the last is given exactly once, whatever comes and goes meanwhile. stale: entombed.
  Result<DirectoryPage> read_directory(FileId directory, std::uint64_t cookie,
                                       std::size_t max_entries) const;

  // ---- rename -------------------------------------------------------------------------------
  // The coordinator, the server of the old name, has both names held, in one order of all names so
  // that no two wait for each other; then the new one put and the old one dropped; then both
  // released. Whoever asks for either meanwhile waits (busy), so nobody sees half of it.

  /// Holds a name, which need not exist, and gives what it leads to. An empty name of the root
  /// stands for the tree: whoever renames a directory holds it first.
  Result<std::optional<Entry>> hold(FileId parent, std::string_view name);
  void release(FileId parent, std::string_view name);
  /// Leads the held name to `id`, whatever it led to before. busy: the parent is frozen.
  Status put(FileId parent, std::string_view name, FileId id, DentryType type, std::int64_t now_ns);
  /// Removes the held name, which exists. The inode's home must be told if that was its last.
  void drop(FileId parent, std::string_view name, std::int64_t now_ns);

  // ---- rmdir --------------------------------------------------------------------------------
  // The coordinator, the server of the dentry, does: hold; freeze_children on all servers; if all
  // counted 0, drop here, drop_link at the home, and then entomb on all; else thaw on those that
  // froze; release. In this order whoever is sent away with `stale` no longer finds the name.

  /// Dentries here below `directory`; if 0 it is frozen here: creations in it give busy. busy:
  /// another has frozen it (or it is the root); stale: entombed.
  Result<std::uint64_t> freeze_children(FileId directory);
  /// Undoes freeze_children. Only for whoever froze; nothing happens if it is not frozen.
  void thaw(FileId directory);
  /// Leaves a tombstone: creations and lookups in `directory` give stale for ever. Needs neither
  /// inode nor dentry here. not_empty: there are dentries below it (it was not frozen);
  /// busy: the root.
  Status entomb(FileId directory);

  // ---- inodes -------------------------------------------------------------------------------

  /// Unsettled ones say so in their flags.
  Result<Attributes> get_attributes(FileId id) const;
  /// The same, and a symbolic link's target.
  Result<Entry> get_entry(FileId id) const;
  /// One more name, which another server is about to make. no_entry: orphans stay orphans;
  /// not_permitted: a directory; too_many_links.
  Status add_link(FileId id, std::int64_t now_ns);
  /// One name less. no_entry: it has none.
  Result<Release> drop_link(FileId id, std::int64_t now_ns);
  /// A rename of it was done; it is in `parent` now.
  Status renamed(FileId id, FileId parent, std::int64_t now_ns);
  /// Of a directory; not_a_directory.
  Result<FileId> parent_of(FileId id) const;
  Result<Attributes> set_attributes(FileId id, const AttributeChange& change, std::int64_t now_ns);

  /// See ExtendedAttributes.
  Status set_extended(FileId id, std::string_view name, std::string_view value,
                      ExtendedAttributes::Condition condition, std::int64_t now_ns);
  Result<std::string_view> get_extended(FileId id, std::string_view name) const;
  Result<std::string> list_extended(FileId id) const;
  Status remove_extended(FileId id, std::string_view name, std::int64_t now_ns);

  /// Counts one more descriptor. Orphans can be opened too: a fork inherits descriptors.
  /// is_a_directory: for writing.
  Result<Attributes> open(FileId id, Access access);
  /// Counts one descriptor less; a writer that has written since its last report gives `report`.
  /// bad_descriptor: not open that way.
  Result<Release> close(FileId id, Access access, const std::optional<SizeReport>& report = {});
  /// close for a client that died. A writer leaves the size unsettled.
  Result<Release> forget(FileId id, Access access);

  /// fsync: see Inode::report. Reports under an older truncate generation do not count.
  Result<Attributes> report_size(FileId id, const SizeReport& report);
  /// What a directory hands down from now on. not_a_directory; invalid.
  Status set_layout(FileId id, const Layout& layout, std::int64_t now_ns);
  /// As Inode has it; false, and the past, if it is not there.
  bool lend_bytes(FileId id, TimePoint until);
  TimePoint lent_until(FileId id) const;
  /// Inode::note_read, if it is still there.
  void note_read(FileId id, bool is_changed, std::int64_t now_ns);
  /// Before space is reserved for it. is_a_directory.
  Status note_reserved(FileId id);
  /// Taken before the chunk servers are asked; `settle` brings their largest answer. The
  /// attributes that settle returns say whether the size is settled now (no writer is left, none
  /// died and no truncate began or ended since the ticket).
  Result<SettleTicket> settle_ticket(FileId id) const;
  Result<Attributes> settle(FileId id, std::uint64_t size, const SettleTicket& ticket);

  /// See Inode. is_a_directory.
  Result<bool> end_is_known(FileId id) const;
  Result<AppendPlace> reserve(FileId id, std::uint64_t length, const SettleTicket& ticket);
  Status give_back(FileId id, const AppendPlace& place, std::uint64_t length);

  /// A truncate: begin gives the new generation, which goes to every server that can hold chunks
  /// with the cut; finish sets the size and takes off the pages that were freed, abandon leaves
  /// both (a cut failed). One of the two must follow. busy: another truncate of this file is under
  /// way. is_a_directory.
  Result<std::uint32_t> begin_truncate(FileId id, std::int64_t now_ns);
  Result<Attributes> finish_truncate(FileId id, std::uint64_t size, std::uint64_t pages_freed,
                                     std::int64_t now_ns);
  Status abandon_truncate(FileId id);

  // ---- a directory's times and links ---------------------------------------------------------
  // They follow its entries, which are on all servers, while its inode is on one. Whoever changes
  // an entry announces once to the directory's home that there are news, before the change is
  // answered; the home takes them when somebody looks, and from then on the next change is news
  // again. So creating many files costs no message, and looking sees every change.

  /// Here, where entries of `directory` changed: its home must be told before that is answered.
  bool must_announce(FileId directory) const { return news_.unannounced(directory) != 0; }
  std::uint64_t unannounced(FileId directory) const { return news_.unannounced(directory); }
  void announced(FileId directory, std::uint64_t news) { news_.announced(directory, news); }
  /// Here too: what has changed. Nothing: nothing since the last time.
  std::optional<DirectoryChange> take_news(FileId directory);
  /// At the home: `server` has announced. no_entry, not_a_directory.
  Status note_news(FileId directory, std::uint32_t server);
  /// At the home: the servers to take news from. They are not asked twice, so what they say must
  /// come to change_directory, or the servers to note_news again; then end_settling.
  Result<std::vector<std::uint32_t>> begin_settling(FileId directory);
  void end_settling(FileId directory);
  Status change_directory(FileId directory, std::uint32_t server, const DirectoryChange& change);

  // ---- the shard ----------------------------------------------------------------------------

  /// The epoch of the namespace: 1 at the start. A request with an older one is refused.
  std::uint64_t epoch() const { return epoch_; }
  void raise_epoch(std::uint64_t epoch) { epoch_ = std::max(epoch_, epoch); }

  NamespaceCounts counts() const;
  /// For tests, O(everything): what must hold within one shard. Orphans are open, nothing lives
  /// below a frozen or entombed directory, the tables agree. What must hold between the shards:
  /// metadata/session_check.h.
  Result<void, Failure> check_consistency() const;
  const DentryTable& dentries() const { return dentries_; }
  const InodeTable& inodes() const { return inodes_; }

 private:
  Result<Inode*> inode_of(FileId id);
  Result<const Inode*> inode_of(FileId id) const;
  Status check_parent(FileId parent) const;
  Status check_usable(FileId parent, std::string_view name) const;
  Status check_new_name(FileId parent, std::string_view name) const;
  Status check_addition(FileId parent, std::string_view name) const;
  Status check_creation(FileId parent, std::string_view name, DentryType type,
                        const Creation& creation) const;
  Result<const Dentry*> find(FileId parent, std::string_view name) const;
  Inode& add(FileId id, FileId parent, std::string_view name, DentryType type,
             const Creation& creation);
  void touch(FileId directory, DentryType changed, std::int64_t now_ns);
  Release release(Inode& inode);
  Entry entry_of(const Dentry& dentry) const;

  std::uint32_t server_;
  std::uint32_t servers_;
  std::uint64_t epoch_ = 1;
  InodeTable inodes_;
  DentryTable dentries_;
  DirectoryFences fences_;
  HeldNames held_;
  DirectoryNews news_;
};

}  // namespace mayfly
