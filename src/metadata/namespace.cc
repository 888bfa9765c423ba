#include "metadata/namespace.h"

#include <dirent.h>

#include "base/assert.h"

namespace mayfly {
namespace {

Status check_name(std::string_view name) {
  if (name.size() > kMaxNameBytes) return Errc::name_too_long;
  if (name.empty() || name == "." || name == "..") return Errc::invalid;
  if (name.find('/') != name.npos || name.find('\0') != name.npos) return Errc::invalid;
  return {};
}

Attributes attributes_of(FileId id, DentryType type, const Creation& creation) {
  const bool directory = type == DentryType::directory;
  Attributes attributes;
  attributes.id = id;
  attributes.layout = creation.layout;
  attributes.atime_ns = attributes.mtime_ns = attributes.ctime_ns = creation.now_ns;
  attributes.mode =
      (creation.mode & 07777) | static_cast<std::uint32_t>(DTTOIF(static_cast<int>(type)));
  attributes.uid = creation.uid;
  attributes.gid = creation.gid;
  attributes.nlink = directory ? 2 : 1;
  return attributes;
}

}  // namespace

Namespace::Namespace(std::uint32_t server, std::uint32_t servers, std::uint64_t session_salt)
    : server_(server), servers_(servers), inodes_(server, session_salt) {
  MAYFLY_ASSERT(server < servers && servers <= kLocalServer);
}

void Namespace::make_root(const Creation& creation) {
  MAYFLY_ASSERT(server_ == kRootId.home());
  inodes_.add(attributes_of(kRootId, DentryType::directory, creation), kRootId);
}

Result<Entry> Namespace::lookup(FileId parent, std::string_view name) const {
  MAYFLY_TRY(dentry, find(parent, name));
  return entry_of(*dentry);
}

Result<Created> Namespace::create_file(FileId parent, std::string_view name,
                                       const Creation& creation, bool exclusive) {
  MAYFLY_CHECKED(check_usable(parent, name));
  if (const Dentry* dentry = dentries_.find(parent, name)) {
    if (exclusive) return Errc::exists;
    if (dentry->type == DentryType::directory) return Errc::is_a_directory;
    return Created{entry_of(*dentry), false};
  }
  MAYFLY_CHECKED(check_creation(parent, name, DentryType::regular, creation));
  const Attributes attributes =
      add(new_id(), parent, name, DentryType::regular, creation).attributes();
  return Created{{attributes.id, DentryType::regular, attributes, {}}, true};
}

Result<std::optional<Release>> Namespace::put_file(FileId parent, std::string_view name,
                                                   const NewFile& file) {
  const Creation& creation = file.creation;
  MAYFLY_CHECKED(check_usable(parent, name));
  MAYFLY_CHECKED(check_creation(parent, name, DentryType::regular, creation));
  std::optional<Release> replaced;
  if (dentries_.find(parent, name) != nullptr) {
    MAYFLY_TRY(release, remove_file(parent, name, creation.now_ns));
    replaced = release;
  }
  Inode& inode = add(file.id, parent, name, DentryType::regular, creation);
  SizeReport bytes;
  bytes.size = file.size;
  bytes.pages = static_cast<std::int64_t>(file.pages);
  inode.report(bytes);
  AttributeChange times;
  times.mask = AttributeChange::kAtime | AttributeChange::kMtime;
  times.atime_ns = file.atime_ns;
  times.mtime_ns = file.mtime_ns;
  inode.change(times, creation.now_ns);
  return replaced;
}

Result<Attributes> Namespace::make_directory(FileId parent, std::string_view name,
                                             const Creation& creation) {
  MAYFLY_CHECKED(check_new_name(parent, name));
  MAYFLY_CHECKED(check_creation(parent, name, DentryType::directory, creation));
  return add(new_id(), parent, name, DentryType::directory, creation).attributes();
}

Result<Attributes> Namespace::make_symbolic_link(FileId parent, std::string_view name,
                                                 std::string_view target,
                                                 const Creation& creation) {
  MAYFLY_CHECKED(check_new_name(parent, name));
  if (target.empty() || target.size() > kMaxTargetBytes) return Errc::invalid;
  MAYFLY_CHECKED(check_creation(parent, name, DentryType::symbolic_link, creation));
  Inode& link = add(new_id(), parent, name, DentryType::symbolic_link, creation);
  link.set_target(target);
  return link.attributes();
}

Result<Release> Namespace::remove_file(FileId parent, std::string_view name, std::int64_t now_ns) {
  MAYFLY_TRY(dentry, find(parent, name));
  if (dentry->type == DentryType::directory) return Errc::is_a_directory;
  const FileId id = dentry->id;
  dentries_.remove(*dentry);
  touch(parent, DentryType::regular, now_ns);
  Inode* const inode = inodes_.find(id);
  if (inode == nullptr) {
    Release elsewhere;
    elsewhere.attributes.id = id;
    elsewhere.is_elsewhere = true;
    return elsewhere;
  }
  // After a rename whose other server was lost a file can have more names than it counts.
  if (!inode->is_orphan()) inodes_.unlink(*inode, now_ns);
  return release(*inode);
}

Result<DirectoryPage> Namespace::read_directory(FileId directory, std::uint64_t cookie,
                                                std::size_t max_entries) const {
  MAYFLY_CHECKED(check_parent(directory));
  DirectoryPage page;
  page.next_cookie = cookie;
  page.at_end = true;
  const DirectoryOrder* children = dentries_.children(directory);
  if (children == nullptr) return page;
  page.entries.reserve(std::min<std::size_t>(max_entries, children->size()));
  children->walk(cookie, [&](const Dentry& dentry) {
    page.at_end = page.entries.size() < max_entries;
    if (!page.at_end) return false;
    page.entries.push_back({dentry.name, entry_of(dentry), dentry.cookie});
    page.next_cookie = dentry.cookie;
    return true;
  });
  return page;
}

Result<std::uint64_t> Namespace::freeze_children(FileId directory) {
  MAYFLY_CHECKED(check_parent(directory));
  if (directory == kRootId || fences_.is_frozen(directory)) return Errc::busy;
  const std::uint64_t children = dentries_.size_of(directory);
  if (children == 0) fences_.freeze(directory);
  return children;
}

void Namespace::thaw(FileId directory) { fences_.thaw(directory); }

Status Namespace::entomb(FileId directory) {
  if (directory == kRootId) return Errc::busy;
  if (dentries_.size_of(directory) > 0) return Errc::not_empty;
  fences_.entomb(directory);
  news_.take(directory);
  return {};
}

Result<Attributes> Namespace::get_attributes(FileId id) const {
  MAYFLY_TRY(inode, inode_of(id));
  return inode->attributes();
}

Result<Attributes> Namespace::set_attributes(FileId id, const AttributeChange& change,
                                             std::int64_t now_ns) {
  MAYFLY_TRY(inode, inode_of(id));
  inode->change(change, now_ns);
  return inode->attributes();
}

Result<Attributes> Namespace::open(FileId id, Access access) {
  MAYFLY_TRY(inode, inode_of(id));
  if (inode->is_directory() && access != Access::read) return Errc::is_a_directory;
  inode->open(access);
  return inode->attributes();
}

Result<Release> Namespace::close(FileId id, Access access,
                                 const std::optional<SizeReport>& report) {
  MAYFLY_TRY(inode, inode_of(id));
  MAYFLY_CHECKED(inode->close(access));
  if (access != Access::read && report) inode->report(*report);
  return release(*inode);
}

Result<Release> Namespace::forget(FileId id, Access access) {
  MAYFLY_TRY(inode, inode_of(id));
  MAYFLY_CHECKED(inode->forget(access));
  return release(*inode);
}

Result<Attributes> Namespace::report_size(FileId id, const SizeReport& report) {
  MAYFLY_TRY(inode, inode_of(id));
  if (inode->is_directory()) return Errc::is_a_directory;
  inode->report(report);
  return inode->attributes();
}

Status Namespace::set_layout(FileId id, const Layout& layout, std::int64_t now_ns) {
  MAYFLY_TRY(inode, inode_of(id));
  if (!inode->is_directory()) return Errc::not_a_directory;
  if (!is_valid_default(layout, servers_)) return Errc::invalid;
  inode->set_layout(layout, now_ns);
  return {};
}

bool Namespace::lend_bytes(FileId id, TimePoint until) {
  Inode* const inode = inodes_.find(id);
  return inode != nullptr && inode->lend_bytes(until);
}

TimePoint Namespace::lent_until(FileId id) const {
  const Inode* const inode = inodes_.find(id);
  return inode == nullptr ? TimePoint() : inode->lent_until();
}

void Namespace::note_read(FileId id, bool is_changed, std::int64_t now_ns) {
  if (Inode* const inode = inodes_.find(id)) inode->note_read(is_changed, now_ns);
}

Status Namespace::note_reserved(FileId id) {
  MAYFLY_TRY(inode, inode_of(id));
  if (inode->is_directory()) return Errc::is_a_directory;
  inode->note_reserved();
  return {};
}

Result<SettleTicket> Namespace::settle_ticket(FileId id) const {
  MAYFLY_TRY(inode, inode_of(id));
  return inode->settle_ticket();
}

Result<Attributes> Namespace::settle(FileId id, std::uint64_t size, const SettleTicket& ticket) {
  MAYFLY_TRY(inode, inode_of(id));
  if (inode->is_directory()) return Errc::is_a_directory;
  inode->settle(size, ticket);
  return inode->attributes();
}

Result<bool> Namespace::end_is_known(FileId id) const {
  MAYFLY_TRY(inode, inode_of(id));
  if (inode->is_directory()) return Errc::is_a_directory;
  return inode->end_is_known();
}

Result<AppendPlace> Namespace::reserve(FileId id, std::uint64_t length,
                                       const SettleTicket& ticket) {
  MAYFLY_TRY(inode, inode_of(id));
  if (inode->is_directory()) return Errc::is_a_directory;
  MAYFLY_TRY(offset, inode->reserve(length, ticket));
  return AppendPlace{offset, inode->attributes().truncate_generation};
}

Status Namespace::give_back(FileId id, const AppendPlace& place, std::uint64_t length) {
  MAYFLY_TRY(inode, inode_of(id));
  inode->give_back(place.offset, length, place.truncate_generation);
  return {};
}

Result<std::uint32_t> Namespace::begin_truncate(FileId id, std::int64_t now_ns) {
  MAYFLY_TRY(inode, inode_of(id));
  if (inode->is_directory()) return Errc::is_a_directory;
  MAYFLY_CHECKED(inode->begin_truncate(now_ns));
  return inode->attributes().truncate_generation;
}

Result<Attributes> Namespace::finish_truncate(FileId id, std::uint64_t size,
                                              std::uint64_t pages_freed, std::int64_t now_ns) {
  MAYFLY_TRY(inode, inode_of(id));
  MAYFLY_CHECKED(inode->finish_truncate(size, pages_freed, now_ns));
  return inode->attributes();
}

Status Namespace::abandon_truncate(FileId id) {
  MAYFLY_TRY(inode, inode_of(id));
  return inode->abandon_truncate();
}

NamespaceCounts Namespace::counts() const {
  return {inodes_.size(), dentries_.size(), fences_.tombstones(), inodes_.orphans()};
}

Result<Inode*> Namespace::inode_of(FileId id) {
  Inode* inode = inodes_.find(id);
  if (inode == nullptr) return Errc::no_entry;
  return inode;
}

Result<const Inode*> Namespace::inode_of(FileId id) const {
  const Inode* inode = inodes_.find(id);
  if (inode == nullptr) return Errc::no_entry;
  return inode;
}

Status Namespace::check_parent(FileId parent) const {
  if (fences_.is_entombed(parent)) return Errc::stale;
  if (parent.home() != server_) return {};
  const Inode* inode = inodes_.find(parent);
  // Between the drop of its dentry and its tombstone a directory is an orphan or not there at all.
  if (inode == nullptr || inode->is_orphan()) return Errc::stale;
  return inode->is_directory() ? Status() : Errc::not_a_directory;
}

Status Namespace::check_creation(FileId parent, std::string_view name, DentryType type,
                                 const Creation& creation) const {
  MAYFLY_CHECKED(check_addition(parent, name));
  const bool is_default = type == DentryType::directory;
  const bool is_usable = is_default ? is_valid_default(creation.layout, servers_)
                                    : is_valid(creation.layout, servers_);
  return is_usable ? Status() : Errc::invalid;
}

Status Namespace::check_usable(FileId parent, std::string_view name) const {
  MAYFLY_CHECKED(check_name(name));
  return held_.contains(parent, name) ? Status(Errc::busy) : Status();
}

Status Namespace::check_new_name(FileId parent, std::string_view name) const {
  MAYFLY_CHECKED(check_usable(parent, name));
  return dentries_.find(parent, name) == nullptr ? Status() : Errc::exists;
}

Status Namespace::check_addition(FileId parent, std::string_view name) const {
  MAYFLY_CHECKED(check_parent(parent));
  if (fences_.is_frozen(parent)) return Errc::busy;
  return server_of_name(parent, name, servers_) == server_ ? Status() : Errc::invalid;
}

Result<const Dentry*> Namespace::find(FileId parent, std::string_view name) const {
  MAYFLY_CHECKED(check_usable(parent, name));
  if (const Dentry* dentry = dentries_.find(parent, name)) return dentry;
  MAYFLY_CHECKED(check_parent(parent));
  return Errc::no_entry;
}

Inode& Namespace::add(FileId id, FileId parent, std::string_view name, DentryType type,
                      const Creation& creation) {
  Inode& inode = inodes_.add(attributes_of(id, type, creation), parent);
  dentries_.add(parent, name, id, type);
  touch(parent, type, creation.now_ns);
  return inode;
}

void Namespace::touch(FileId directory, DentryType changed, std::int64_t now_ns) {
  if (directory.home() != server_) return news_.note(directory, now_ns);
  Inode* const inode = inodes_.find(directory);
  if (inode == nullptr) return;
  inode->touch(now_ns);
  if (changed != DentryType::directory) return;
  inode->count_subdirectories(server_, dentries_.subdirectories_of(directory));
}

Release Namespace::release(Inode& inode) {
  const Attributes attributes = inode.attributes();
  const bool unreachable = inode.is_orphan() && !inode.is_open();
  if (unreachable) inodes_.remove(attributes.id);
  return {attributes, unreachable && !attributes.is_directory()};
}

Entry Namespace::entry_of(const Dentry& dentry) const {
  Entry entry{dentry.id, dentry.type, std::nullopt, {}};
  if (const Inode* inode = inodes_.find(dentry.id)) {
    entry.attributes = inode->attributes();
    entry.target = inode->target();
  }
  return entry;
}

}  // namespace mayfly
