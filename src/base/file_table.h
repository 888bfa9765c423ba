// FileTable: items by FileId, in a GradualTable.
//
// Owner: whoever keeps something of each of many files. Thread: one. Items stay where they are
// until they are taken.
#pragma once

#include <memory>
#include <utility>
#include <vector>

#include "base/file_id.h"
#include "base/gradual_table.h"

namespace mayfly {

/// `Item` has the member function id(), and is made of an id where find_or_make makes it.
template <class Item>
class FileTable {
 public:
  /// Null: not there.
  Item* find(FileId id) const {
    return items_.find(hash(id), [id](const Item& item) { return item.id() == id; });
  }
  /// One that is not there.
  Item& insert(std::unique_ptr<Item> item) {
    const FileId id = item->id();
    return items_.insert(hash(id), std::move(item));
  }
  Item& find_or_make(FileId id) {
    Item* const item = find(id);
    return item != nullptr ? *item : insert(std::make_unique<Item>(id));
  }
  /// One that is there.
  std::unique_ptr<Item> take(const Item& item) { return items_.take(hash(item.id()), item); }

  std::uint64_t size() const { return items_.size(); }
  /// In no order. O(everything).
  std::vector<const Item*> all() const { return items_.all(); }

 private:
  static std::uint64_t hash(FileId id) { return std::hash<FileId>()(id); }

  GradualTable<Item> items_;
};

}  // namespace mayfly
