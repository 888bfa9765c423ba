// InodeTable: the inodes whose home is this server, and the ids that it gives out.
#pragma once

#include <cstdint>
#include <vector>

#include "base/file_table.h"
#include "metadata/inode.h"
#include "protocol/attributes.h"

namespace mayfly {

class InodeTable {
 public:
  InodeTable(std::uint32_t server, std::uint64_t session_salt)
      : home_and_salt_(session_salt << 16 | server) {}

  /// An id that was never given out before. The root has serial 1.
  FileId next_id() { return {home_and_salt_, ++last_serial_}; }

  /// The inode of attributes.id, which must be new. Stays at its address until it is removed.
  Inode& add(const Attributes& attributes, FileId parent);
  /// Null: not here.
  Inode* find(FileId id) { return inodes_.find(id); }
  const Inode* find(FileId id) const { return inodes_.find(id); }
  void remove(FileId id);

  /// Takes a name from an inode, a directory's only one; without any it is counted among the
  /// orphans until it is removed.
  void unlink(Inode& inode, std::int64_t now_ns);

  std::uint64_t size() const { return inodes_.size(); }
  std::uint64_t orphans() const { return orphans_; }
  /// In no order. O(everything).
  std::vector<const Inode*> all() const { return inodes_.all(); }

 private:
  FileTable<Inode> inodes_;
  std::uint64_t home_and_salt_;
  std::uint64_t last_serial_ = kRootId.serial;
  std::uint64_t orphans_ = 0;
};

}  // namespace mayfly
