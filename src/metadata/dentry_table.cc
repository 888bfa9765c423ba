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

namespace {

std::uint64_t hash_of(FileId parent, std::string_view name) {
  return XXH3_64bits_withSeed(name.data(), name.size(), std::hash<FileId>()(parent));
}

}  // namespace

const Dentry& DentryTable::add(FileId parent, std::string_view name, FileId id, DentryType type) {
  const Dentry& dentry = dentries_.insert(
      hash_of(parent, name),
      std::make_unique<Dentry>(Dentry{parent, ++last_cookie_, std::string(name), id, type}));
  DirectoryOrder& directory = directories_[parent];
  directory.append(&dentry);
  if (type == DentryType::directory) directory.count_directory(true);
  return dentry;
}

Dentry* DentryTable::find_own(FileId parent, std::string_view name) const {
  return dentries_.find(hash_of(parent, name), [&](const Dentry& dentry) {
    return dentry.parent == parent && dentry.name == name;
  });
}

void DentryTable::redirect(const Dentry& given, FileId id, DentryType type) {
  Dentry& dentry = *find_own(given.parent, given.name);
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
  dentries_.take(hash_of(dentry.parent, dentry.name), dentry);
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
