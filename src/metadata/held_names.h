// HeldNames: the names of this server that a rename or rmdir under way has to itself.
#pragma once

#include <string>
#include <string_view>
#include <unordered_set>

#include "base/file_id.h"

namespace mayfly {

/// Bounded by the renames and rmdirs under way: two names each, and one for the tree.
class HeldNames {
 public:
  /// False: it is held already.
  bool hold(FileId parent, std::string_view name) {
    return names_.insert(Name{parent, std::string(name)}).second;
  }
  void release(FileId parent, std::string_view name) {
    names_.erase(Name{parent, std::string(name)});
  }
  bool contains(FileId parent, std::string_view name) const {
    return !names_.empty() && names_.contains(Name{parent, std::string(name)});
  }

 private:
  struct Name {
    FileId parent;
    std::string name;
    friend bool operator==(const Name&, const Name&) = default;
  };
  struct Hash {
    std::size_t operator()(const Name& name) const {
      return std::hash<FileId>()(name.parent) ^ std::hash<std::string>()(name.name);
    }
  };
  std::unordered_set<Name, Hash> names_;
};

}  // namespace mayfly
