// AppendPlaces: which places of a file have been given to appended records.
//
// Owner: an Inode that is or was appended to. Thread: the loop's.
#pragma once

#include <cstdint>
#include <map>

namespace mayfly {

class AppendPlaces {
 public:
  /// Of places given back that others follow; what is given back beyond stays a hole.
  static constexpr std::size_t kMaxGaps = 1024;

  /// The place of a record of `length` bytes: behind `size` and behind every place that is taken.
  std::uint64_t take(std::uint64_t size, std::uint64_t length);
  /// Nothing was written there: the next record may have it, once all behind it are given back too.
  void give_back(std::uint64_t offset, std::uint64_t length);
  /// Where the last place ends.
  std::uint64_t end() const { return end_; }

 private:
  std::uint64_t end_ = 0;
  std::map<std::uint64_t, std::uint64_t> gaps_;  ///< end to begin
};

}  // namespace mayfly
