#include "metadata/inode_table.h"

#include "base/assert.h"

namespace mayfly {

Inode& InodeTable::add(const Attributes& attributes, FileId parent) {
  MAYFLY_ASSERT(find(attributes.id) == nullptr);
  return inodes_.insert(std::make_unique<Inode>(attributes, parent));
}

void InodeTable::remove(FileId id) {
  const Inode* const inode = find(id);
  MAYFLY_ASSERT(inode != nullptr);
  if (inode->is_orphan()) --orphans_;
  inodes_.take(*inode);
}

void InodeTable::unlink(Inode& inode, std::int64_t now_ns) {
  MAYFLY_ASSERT(!inode.is_orphan());
  if (!inode.is_directory() && inode.attributes().nlink > 1) return inode.unlink(now_ns);
  inode.orphan(now_ns);
  ++orphans_;
}

}  // namespace mayfly
