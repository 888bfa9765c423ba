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
    news.changed_ns = std::max(news.changed_ns, now_ns);
  }
  /// There are news that the home has not been told of.
  bool must_announce(FileId directory) const {
    const auto found = news_.find(directory);
    return found != news_.end() && !found->second.announced;
  }
  /// The home knows that there are news, and will ask before it says what they are about.
  void announced(FileId directory) {
    const auto found = news_.find(directory);
    if (found != news_.end()) found->second.announced = true;
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
    std::int64_t changed_ns = 0;
    bool announced = false;
  };
  std::unordered_map<FileId, News> news_;
};

}  // namespace mayfly
