// DirectoryNews: of which directories, whose inodes are elsewhere, this server's entries have
// changed since their home last asked.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <unordered_map>

#include "base/file_id.h"

namespace mayfly {

/// Bounded by the directories that have changed and have not been looked at since: 40 bytes each.
class DirectoryNews {
 public:
  void note(FileId directory, std::int64_t now_ns) {
    News& news = news_[directory];
    if (news.number == 0) news.number = ++last_number_;
    news.changed_ns = std::max(news.changed_ns, now_ns);
  }
  /// The number of news that the home has not been told of; 0: there are none.
  std::uint64_t unannounced(FileId directory) const {
    const auto found = news_.find(directory);
    return found == news_.end() || found->second.announced ? 0 : found->second.number;
  }
  /// The home knows that there are these news, and will ask before it says what they are about.
  /// Later ones, after these were taken, it has to be told of again.
  void announced(FileId directory, std::uint64_t number) {
    const auto found = news_.find(directory);
    if (found != news_.end() && found->second.number == number) found->second.announced = true;
  }
  /// When the last change was. From here on there are none. Nothing: there were none.
  std::optional<std::int64_t> take(FileId directory) {
    const auto found = news_.find(directory);
    if (found == news_.end()) return std::nullopt;
    const std::int64_t changed_ns = found->second.changed_ns;
    news_.erase(found);
    return changed_ns;
  }

 private:
  struct News {
    std::uint64_t number = 0;
    std::int64_t changed_ns = 0;
    bool announced = false;
  };
  std::unordered_map<FileId, News> news_;
  std::uint64_t last_number_ = 0;
};

}  // namespace mayfly
