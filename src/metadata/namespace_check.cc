// Namespace::check_consistency: what must hold between one shard's tables after every operation.
#include <fmt/format.h>

#include <unordered_map>

#include "metadata/namespace.h"

namespace mayfly {
namespace {

template <class... Arguments>
Result<void, Failure> broken(fmt::format_string<Arguments...> text, Arguments&&... arguments) {
  return Failure{Errc::io_error, fmt::format(text, std::forward<Arguments>(arguments)...)};
}

}  // namespace

Result<void, Failure> Namespace::check_consistency() const {
  std::unordered_map<FileId, std::uint64_t> children;
  for (const Dentry* dentry : dentries_.all()) {
    if (dentry->id.home() == server_ && inodes_.find(dentry->id) == nullptr) {
      return broken("'{}' leads to no inode", dentry->name);
    }
    if (fences_.is_frozen(dentry->parent) || fences_.is_entombed(dentry->parent)) {
      return broken("'{}' is below a frozen or entombed directory", dentry->name);
    }
    ++children[dentry->parent];
  }
  for (const auto& [parent, count] : children) {
    if (dentries_.size_of(parent) != count) return broken("directory {} miscounts", parent.serial);
  }
  std::uint64_t orphans = 0;
  for (const Inode* inode : inodes_.all()) {
    if (inode->is_orphan() && !inode->is_open()) {
      return broken("orphan {} is not open", inode->id().serial);
    }
    orphans += inode->is_orphan() ? 1 : 0;
  }
  if (orphans != inodes_.orphans()) return broken("{} orphans are miscounted", orphans);
  return {};
}

}  // namespace mayfly
