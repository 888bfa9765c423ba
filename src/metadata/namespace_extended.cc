// Namespace: extended attributes.
#include "metadata/namespace.h"

namespace mayfly {

Status Namespace::set_extended(FileId id, std::string_view name, std::string_view value,
                               ExtendedAttributes::Condition condition, std::int64_t now_ns) {
  MAYFLY_TRY(inode, inode_of(id));
  return inode->extended(now_ns).set(name, value, condition);
}

Result<std::string_view> Namespace::get_extended(FileId id, std::string_view name) const {
  MAYFLY_TRY(inode, inode_of(id));
  if (inode->extended() == nullptr) return Errc::no_data;
  return inode->extended()->get(name);
}

Result<std::string> Namespace::list_extended(FileId id) const {
  MAYFLY_TRY(inode, inode_of(id));
  if (inode->extended() == nullptr) return std::string();
  return inode->extended()->list();
}

Status Namespace::remove_extended(FileId id, std::string_view name, std::int64_t now_ns) {
  MAYFLY_TRY(inode, inode_of(id));
  if (inode->extended() == nullptr) return Errc::no_data;
  return inode->extended(now_ns).remove(name);
}

}  // namespace mayfly
