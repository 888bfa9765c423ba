// Namespace: names and inodes that are on two servers, and names that are held.
#include <dirent.h>

#include "base/assert.h"
#include "metadata/namespace.h"

namespace mayfly {
namespace {

bool is_the_tree(FileId parent, std::string_view name) { return parent == kRootId && name.empty(); }

}  // namespace

Status Namespace::link_name(FileId parent, std::string_view name, FileId id, DentryType type,
                            std::int64_t now_ns) {
  MAYFLY_CHECKED(check_new_name(parent, name));
  MAYFLY_CHECKED(check_addition(parent, name));
  dentries_.add(parent, name, id, type);
  touch(parent, type, now_ns);
  return {};
}

Result<std::optional<Entry>> Namespace::hold(FileId parent, std::string_view name) {
  std::optional<Entry> entry;
  if (!is_the_tree(parent, name)) {
    const auto found = lookup(parent, name);
    if (!found && found.error() != Errc::no_entry) return found.error();
    if (found) entry = *found;
  }
  if (!held_.hold(parent, name)) return Errc::busy;
  return entry;
}

void Namespace::release(FileId parent, std::string_view name) { held_.release(parent, name); }

Status Namespace::put(FileId parent, std::string_view name, FileId id, DentryType type,
                      std::int64_t now_ns) {
  MAYFLY_ASSERT(held_.contains(parent, name));
  if (const Dentry* dentry = dentries_.find(parent, name)) {
    dentries_.redirect(*dentry, id, type);
  } else {
    MAYFLY_CHECKED(check_addition(parent, name));
    dentries_.add(parent, name, id, type);
  }
  // Whatever was replaced may have been a directory.
  touch(parent, DentryType::directory, now_ns);
  return {};
}

void Namespace::drop(FileId parent, std::string_view name, std::int64_t now_ns) {
  MAYFLY_ASSERT(held_.contains(parent, name));
  const Dentry* const dentry = dentries_.find(parent, name);
  MAYFLY_ASSERT(dentry != nullptr);
  const DentryType type = dentry->type;
  dentries_.remove(*dentry);
  touch(parent, type, now_ns);
}

Result<Entry> Namespace::get_entry(FileId id) const {
  MAYFLY_TRY(inode, inode_of(id));
  const Attributes attributes = inode->attributes();
  return Entry{id, static_cast<DentryType>(IFTODT(attributes.mode)), attributes, inode->target()};
}

Status Namespace::add_link(FileId id, std::int64_t now_ns) {
  MAYFLY_TRY(inode, inode_of(id));
  if (inode->is_orphan()) return Errc::no_entry;
  if (inode->is_directory()) return Errc::not_permitted;
  return inode->link(now_ns);
}

Result<Release> Namespace::drop_link(FileId id, std::int64_t now_ns) {
  MAYFLY_TRY(inode, inode_of(id));
  if (inode->is_orphan()) return Errc::no_entry;
  inodes_.unlink(*inode, now_ns);
  return release(*inode);
}

Status Namespace::renamed(FileId id, FileId parent, std::int64_t now_ns) {
  MAYFLY_TRY(inode, inode_of(id));
  inode->rename(parent, now_ns);
  return {};
}

Result<FileId> Namespace::parent_of(FileId id) const {
  MAYFLY_TRY(inode, inode_of(id));
  if (!inode->is_directory()) return Errc::not_a_directory;
  return inode->parent();
}

std::optional<DirectoryChange> Namespace::take_news(FileId directory) {
  const std::optional<std::int64_t> changed_ns = news_.take(directory);
  if (!changed_ns) return std::nullopt;
  return DirectoryChange{*changed_ns, dentries_.subdirectories_of(directory)};
}

Status Namespace::note_news(FileId directory, std::uint32_t server) {
  MAYFLY_TRY(inode, inode_of(directory));
  if (!inode->is_directory()) return Errc::not_a_directory;
  inode->note_news(server);
  return {};
}

Result<std::vector<std::uint32_t>> Namespace::begin_settling(FileId directory) {
  MAYFLY_TRY(inode, inode_of(directory));
  if (!inode->is_directory()) return Errc::not_a_directory;
  const std::set<std::uint32_t> servers = inode->begin_settling();
  return std::vector<std::uint32_t>(servers.begin(), servers.end());
}

void Namespace::end_settling(FileId directory) {
  if (Inode* inode = inodes_.find(directory)) inode->end_settling();
}

Status Namespace::change_directory(FileId directory, std::uint32_t server,
                                   const DirectoryChange& change) {
  MAYFLY_TRY(inode, inode_of(directory));
  if (!inode->is_directory()) return Errc::not_a_directory;
  inode->touch(change.changed_ns);
  inode->count_subdirectories(server, change.subdirectories);
  return {};
}

}  // namespace mayfly
