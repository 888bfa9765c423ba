#include "metadata/session_check.h"

#include <dirent.h>

#include <unordered_map>

#include "base/broken.h"

namespace mayfly {
namespace {

using Shards = std::vector<const Namespace*>;

const Inode* inode_of(const Shards& shards, FileId id) {
  return id.home() < shards.size() ? shards[id.home()]->inodes().find(id) : nullptr;
}

Result<void, Failure> check_dentry(const Shards& shards, std::size_t server, const Dentry& dentry) {
  const auto servers = static_cast<std::uint32_t>(shards.size());
  if (server_of_name(dentry.parent, dentry.name, servers) != server) {
    return broken("'{}' is on server {}, where it does not belong", dentry.name, server);
  }
  const Inode* parent = inode_of(shards, dentry.parent);
  if (parent == nullptr || !parent->is_directory() || parent->is_orphan()) {
    return broken("'{}' on server {} is in no directory", dentry.name, server);
  }
  const Inode* inode = inode_of(shards, dentry.id);
  if (inode == nullptr) return broken("'{}' on server {} leads to no inode", dentry.name, server);
  if (IFTODT(inode->attributes().mode) != static_cast<std::uint32_t>(dentry.type)) {
    return broken("'{}' on server {} has the type of another inode", dentry.name, server);
  }
  if (inode->is_directory() && inode->parent() != dentry.parent) {
    return broken("directory '{}' on server {} says to be elsewhere", dentry.name, server);
  }
  return {};
}

/// Where nobody has news, nlink counts the subdirectories on all servers.
Result<void, Failure> check_subdirectories(const Shards& shards, const Inode& inode) {
  const Attributes attributes = inode.attributes();
  if (!attributes.is_directory() || inode.is_orphan() || attributes.flags != 0) return {};
  std::uint32_t subdirectories = 0;
  for (const Namespace* shard : shards) {
    subdirectories += shard->dentries().subdirectories_of(attributes.id);
  }
  if (attributes.nlink == 2 + subdirectories) return {};
  return broken("directory {} of server {} has {} subdirectories and nlink {}",
                attributes.id.serial, attributes.id.home(), subdirectories, attributes.nlink);
}

Result<void, Failure> check_inode(const Shards& shards, const Inode& inode, std::uint32_t names) {
  const Attributes attributes = inode.attributes();
  const bool directory = attributes.is_directory();
  const bool is_root = attributes.id == kRootId;
  const std::uint32_t expected = directory && !inode.is_orphan() ? 1 : attributes.nlink;
  MAYFLY_CHECKED(check_subdirectories(shards, inode));
  if (names != (is_root ? 0 : expected)) {
    return broken("inode {} of server {} has {} names and says {}", attributes.id.serial,
                  attributes.id.home(), names, expected);
  }
  std::size_t depth = 0;
  const Inode* above = &inode;
  while (directory && !inode.is_orphan() && above->attributes().id != kRootId) {
    above = inode_of(shards, above->parent());
    if (above == nullptr || ++depth > (1U << 20)) {
      return broken("directory {} of server {} does not hang on the root", attributes.id.serial,
                    attributes.id.home());
    }
  }
  return {};
}

}  // namespace

Result<void, Failure> check_session(const Shards& shards) {
  std::unordered_map<FileId, std::uint32_t> names;
  for (std::size_t server = 0; server < shards.size(); ++server) {
    MAYFLY_CHECKED(shards[server]->check_consistency());
    for (const Dentry* dentry : shards[server]->dentries().all()) {
      MAYFLY_CHECKED(check_dentry(shards, server, *dentry));
      ++names[dentry->id];
    }
  }
  for (const Namespace* shard : shards) {
    for (const Inode* inode : shard->inodes().all()) {
      const auto found = names.find(inode->id());
      MAYFLY_CHECKED(check_inode(shards, *inode, found == names.end() ? 0 : found->second));
    }
  }
  return {};
}

Result<void, Failure> check_space(const Shards& shards, const UsedPages& pages) {
  for (const auto& [id, used] : pages) {
    if (used != 0 && inode_of(shards, id) == nullptr) {
      return broken("{} pages belong to file {} of server {}, which is not there", used, id.serial,
                    id.home());
    }
  }
  for (const Namespace* shard : shards) {
    for (const Inode* inode : shard->inodes().all()) {
      const Attributes attributes = inode->attributes();
      const FileId id = attributes.id;
      if (attributes.is_directory() || (attributes.flags & kUnsettled) != 0) continue;
      const auto found = pages.find(id);
      const std::uint64_t used = found == pages.end() ? 0 : found->second;
      if (attributes.blocks_512 == blocks_of(used)) continue;
      return broken("file {} of server {} has {} pages and says {} blocks", id.serial, id.home(),
                    used, attributes.blocks_512);
    }
  }
  return {};
}

}  // namespace mayfly
