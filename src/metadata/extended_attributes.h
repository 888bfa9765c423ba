// ExtendedAttributes: name and value pairs of one inode, within the room that ext4 gives them.
//
// Owner: an Inode. Thread: the loop's. No checks of the user: the client has done them.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "base/result.h"

namespace mayfly {

class ExtendedAttributes {
 public:
  /// A block of 4 KiB without its head. Each pair takes its name, its value and an entry, in words.
  static constexpr std::size_t kRoomBytes = 4096 - 32;

  enum class Condition : std::uint8_t { none, create, replace };

  /// exists: it is there, and must be created; no_data: it is not, and must be replaced; no_space.
  Status set(std::string_view name, std::string_view value, Condition condition);
  /// no_data: no such name. Both.
  Result<std::string_view> get(std::string_view name) const;
  Status remove(std::string_view name);
  /// All names, each with a zero byte behind it.
  std::string list() const;

 private:
  std::size_t used_bytes() const;
  std::map<std::string, std::string, std::less<>> values_;
};

}  // namespace mayfly
