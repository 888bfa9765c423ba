#include "metadata/inode_table.h"

#include "base/assert.h"

namespace mayfly {

Inode& InodeTable::add(const Attributes& attributes, FileId parent) {
  const auto [inode, is_new] = inodes_.try_emplace(attributes.id, attributes, parent);
  MAYFLY_ASSERT(is_new);
  return inode->second;
}

Inode* InodeTable::find(FileId id) {
  const auto inode = inodes_.find(id);
  return inode == inodes_.end() ? nullptr : &inode->second;
}

const Inode* InodeTable::find(FileId id) const {
  const auto inode = inodes_.find(id);
  return inode == inodes_.end() ? nullptr : &inode->second;
}

void InodeTable::remove(FileId id) {
  const auto inode = inodes_.find(id);
  MAYFLY_ASSERT(inode != inodes_.end());
  if (inode->second.is_orphan()) --orphans_;
  inodes_.erase(inode);
}

void InodeTable::unlink(Inode& inode, std::int64_t now_ns) {
  MAYFLY_ASSERT(!inode.is_orphan());
  if (!inode.is_directory() && inode.attributes().nlink > 1) return inode.unlink(now_ns);
  inode.orphan(now_ns);
  ++orphans_;
}

}  // namespace mayfly
