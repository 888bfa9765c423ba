// DentryTable: the dentries of this server, found by (parent, name) and walked by parent.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/gradual_table.h"
#include "protocol/attributes.h"

namespace mayfly {

struct Dentry {
  FileId parent;
  std::uint64_t cookie;  ///< grows with each dentry made on this server; from 1
  std::string name;
  FileId id;
  DentryType type;
};

/// The dentries of one directory, in the order of their cookies. Removal leaves a hole; the holes
/// are closed when they are the greater part, so both ends cost O(1) amortised and O(log n) to
/// find, and an entry 16 to 32 bytes.
class DirectoryOrder {
 public:
  void append(const Dentry* dentry);
  void remove(const Dentry* dentry);
  std::uint64_t size() const { return slots_.size() - holes_; }
  /// A child became a directory, or none any more.
  void count_directory(bool comes) { subdirectories_ += comes ? 1 : -1; }
  std::uint32_t subdirectories() const { return subdirectories_; }

  /// Calls `visit(const Dentry&)` for the dentries after `cookie` until it returns false.
  template <class Visit>
  void walk(std::uint64_t cookie, Visit visit) const {
    for (auto slot = position_after(cookie); slot != slots_.end(); ++slot) {
      if (slot->dentry != nullptr && !visit(*slot->dentry)) return;
    }
  }

 private:
  struct Slot {
    std::uint64_t cookie;
    const Dentry* dentry;  ///< null: a hole
  };
  std::vector<Slot>::const_iterator position_after(std::uint64_t cookie) const;

  std::vector<Slot> slots_;
  std::uint64_t holes_ = 0;
  std::uint32_t subdirectories_ = 0;
};

/// A dentry stays at its address until it is removed. One thread.
class DentryTable {
 public:
  /// (parent, name) must be free.
  const Dentry& add(FileId parent, std::string_view name, FileId id, DentryType type);
  /// Null: no such name. Allocates nothing.
  const Dentry* find(FileId parent, std::string_view name) const { return find_own(parent, name); }
  /// Leads `dentry` elsewhere; its name, and its place among its siblings, stay.
  void redirect(const Dentry& dentry, FileId id, DentryType type);
  /// `dentry` is gone thereafter.
  void remove(const Dentry& dentry);

  std::uint64_t size() const { return dentries_.size(); }
  /// Directories among the dentries below `parent`.
  std::uint32_t subdirectories_of(FileId parent) const;
  /// Dentries below `parent`.
  std::uint64_t size_of(FileId parent) const;
  /// The dentries below `parent`; null: none.
  const DirectoryOrder* children(FileId parent) const;

  /// In no order. O(everything).
  std::vector<const Dentry*> all() const { return dentries_.all(); }

 private:
  Dentry* find_own(FileId parent, std::string_view name) const;

  GradualTable<Dentry> dentries_;
  std::unordered_map<FileId, DirectoryOrder> directories_;
  std::uint64_t last_cookie_ = 0;
};

}  // namespace mayfly
