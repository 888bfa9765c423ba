// Namespace::check_consistency: what must hold between the tables after every operation.
#include <fmt/format.h>

#include <unordered_map>

#include "metadata/namespace.h"

namespace mayfly {
namespace {

template <class... Arguments>
Result<void, Failure> broken(fmt::format_string<Arguments...> text, Arguments&&... arguments) {
  return Failure{Errc::io_error, fmt::format(text, std::forward<Arguments>(arguments)...)};
}

using NameCounts = std::unordered_map<FileId, std::uint32_t>;

Result<void, Failure> check_inode(const Inode& inode, const NameCounts& names) {
  const Attributes attributes = inode.attributes();
  const std::uint64_t serial = attributes.id.serial;
  const auto found = names.find(attributes.id);
  const std::uint32_t name_count = found == names.end() ? 0 : found->second;
  if (inode.is_orphan() && !inode.is_open()) return broken("orphan {} is not open", serial);
  if (inode.is_orphan() && name_count > 0) return broken("orphan {} has a name", serial);
  if (inode.is_orphan()) return {};
  const bool directory = attributes.is_directory();
  const std::uint32_t expected = attributes.id == kRootId ? 0 : directory ? 1 : attributes.nlink;
  if (name_count != expected) return broken("inode {} has {} names", serial, name_count);
  if (directory && attributes.nlink != 2) return broken("directory {} has no nlink 2", serial);
  return {};
}

}  // namespace

Result<void, Failure> Namespace::check_consistency() const {
  NameCounts names;
  std::unordered_map<FileId, std::uint64_t> children;
  for (const Dentry& dentry : dentries_.all()) {
    if (dentry.id.home() == server_ && inodes_.find(dentry.id) == nullptr) {
      return broken("'{}' leads to no inode", dentry.name);
    }
    if (fences_.is_frozen(dentry.parent) || fences_.is_entombed(dentry.parent)) {
      return broken("'{}' is below a frozen or entombed directory", dentry.name);
    }
    ++names[dentry.id];
    ++children[dentry.parent];
  }
  for (const auto& [parent, count] : children) {
    if (dentries_.size_of(parent) != count) return broken("directory {} miscounts", parent.serial);
  }
  std::uint64_t orphans = 0;
  for (const auto& [id, inode] : inodes_.all()) {
    MAYFLY_CHECKED(check_inode(inode, names));
    orphans += inode.is_orphan() ? 1 : 0;
  }
  if (orphans != inodes_.orphans()) return broken("{} orphans are miscounted", orphans);
  return {};
}

}  // namespace mayfly
