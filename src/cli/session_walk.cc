#include "cli/session_walk.h"

#include <cerrno>
#include <cstring>
#include <mutex>
#include <thread>
#include <vector>

#include "cli/joined.h"
#include "mayfly/mayfly.h"
#include "staging/whole_io.h"
#include "staging/work_queue.h"

namespace mayfly {
namespace {

/// A directory is read from all servers at once; this many are on their way.
constexpr int kThreads = 4;
constexpr std::size_t kAtOnce = 64;  ///< entries per call of visit's lock

using Visit = std::function<void(const std::string&, const struct stat&)>;

class Walk {
 public:
  explicit Walk(const Visit& visit) : visit_(visit) {}

  bool run(const std::string& top) {
    struct stat status {};
    if (mayfly_lstat(top.c_str(), &status) != 0) {
      complain(cannot(top, "found"));
      return false;
    }
    visit_(top, status);
    if (!S_ISDIR(status.st_mode)) return true;
    directories_.push_first(top);
    std::vector<std::thread> threads;
    for (int i = 0; i < kThreads; ++i) threads.emplace_back([this] { work(); });
    for (std::thread& thread : threads) thread.join();
    return is_whole_;
  }

 private:
  using Entries = std::vector<std::pair<std::string, struct stat>>;

  void work() {
    while (const auto directory = directories_.pop()) {
      read(*directory);
      const std::lock_guard lock(mutex_);
      if (--waiting_ == 0) directories_.close();
    }
  }

  void read(const std::string& path) {
    mayfly_dir* const directory = mayfly_opendir(path.c_str());
    if (directory == nullptr) return fail(path);
    Entries entries;
    struct stat status {};
    errno = 0;
    while (const dirent* const entry = mayfly_readdir_plus(directory, &status)) {
      const char* const name = entry->d_name;
      if (std::strcmp(name, ".") != 0 && std::strcmp(name, "..") != 0) {
        entries.emplace_back(join_path(path, name), status);
      }
      if (entries.size() == kAtOnce) pass_on(entries);
      errno = 0;
    }
    if (errno != 0) fail(path);
    pass_on(entries);
    mayfly_closedir(directory);
  }

  void pass_on(Entries& entries) {
    const std::lock_guard lock(mutex_);
    for (const auto& [path, status] : entries) {
      visit_(path, status);
      if (!S_ISDIR(status.st_mode)) continue;
      ++waiting_;
      directories_.push_first(path);
    }
    entries.clear();
  }

  void fail(const std::string& path) {
    const int error = errno;
    const std::lock_guard lock(mutex_);
    // One that has been removed since it was found is none of the tree.
    if (error == ENOENT) return;
    errno = error;
    complain(cannot(path, "read"));
    is_whole_ = false;
  }

  const Visit& visit_;
  WorkQueue<std::string> directories_{1};
  std::mutex mutex_;
  std::size_t waiting_ = 1;  ///< directories found and not yet read
  bool is_whole_ = true;
};

}  // namespace

bool walk_session(const std::string& top, const Visit& visit) { return Walk(visit).run(top); }

}  // namespace mayfly
