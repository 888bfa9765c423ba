#include "metadata/dentry_table.h"

#include <xxhash.h>

#include <algorithm>

#include "base/assert.h"

namespace mayfly {

std::vector<DirectoryOrder::Slot>::const_iterator DirectoryOrder::position_after(
    std::uint64_t cookie) const {
  return std::upper_bound(
      slots_.begin(), slots_.end(), cookie,
      [](std::uint64_t wanted, const Slot& slot) { return wanted < slot.cookie; });
}

void DirectoryOrder::append(const Dentry* dentry) {
  MAYFLY_ASSERT(slots_.empty() || slots_.back().cookie < dentry->cookie);
  slots_.push_back({dentry->cookie, dentry});
}

void DirectoryOrder::remove(const Dentry* dentry) {
  const auto slot = slots_.begin() + (position_after(dentry->cookie - 1) - slots_.cbegin());
  MAYFLY_ASSERT(slot != slots_.end() && slot->dentry == dentry);
  slot->dentry = nullptr;
  ++holes_;
  if (holes_ <= slots_.size() / 2) return;
  std::erase_if(slots_, [](const Slot& other) { return other.dentry == nullptr; });
  if (slots_.size() < slots_.capacity() / 4) slots_.shrink_to_fit();
  holes_ = 0;
}

std::size_t DentryTable::Hash::operator()(const Key& key) const {
  const std::uint64_t seed = std::hash<FileId>()(key.parent);
  return XXH3_64bits_withSeed(key.name.data(), key.name.size(), seed);
}

const Dentry& DentryTable::add(FileId parent, std::string_view name, FileId id, DentryType type) {
  const auto [dentry, is_new] =
      dentries_.insert(Dentry{parent, ++last_cookie_, std::string(name), id, type});
  MAYFLY_ASSERT(is_new);
  DirectoryOrder& directory = directories_[parent];
  directory.append(&*dentry);
  if (type == DentryType::directory) directory.count_directory(true);
  return *dentry;
}

const Dentry* DentryTable::find(FileId parent, std::string_view name) const {
  const auto dentry = dentries_.find(Key{parent, name});
  return dentry == dentries_.end() ? nullptr : &*dentry;
}

void DentryTable::redirect(const Dentry& dentry, FileId id, DentryType type) {
  DirectoryOrder& directory = directories_[dentry.parent];
  if (dentry.type == DentryType::directory) directory.count_directory(false);
  if (type == DentryType::directory) directory.count_directory(true);
  dentry.id = id;
  dentry.type = type;
}

void DentryTable::remove(const Dentry& dentry) {
  const auto directory = directories_.find(dentry.parent);
  MAYFLY_ASSERT(directory != directories_.end());
  directory->second.remove(&dentry);
  if (dentry.type == DentryType::directory) directory->second.count_directory(false);
  if (directory->second.size() == 0) directories_.erase(directory);
  dentries_.erase(dentries_.find(dentry));
}

std::uint32_t DentryTable::subdirectories_of(FileId parent) const {
  const DirectoryOrder* order = children(parent);
  return order == nullptr ? 0 : order->subdirectories();
}

std::uint64_t DentryTable::size_of(FileId parent) const {
  const DirectoryOrder* order = children(parent);
  return order == nullptr ? 0 : order->size();
}

const DirectoryOrder* DentryTable::children(FileId parent) const {
  const auto directory = directories_.find(parent);
  return directory == directories_.end() ? nullptr : &directory->second;
}

}  // namespace mayfly
