#include "shim/library.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "shim/mount.h"
#include "shim/position.h"
#include "shim/private_descriptor.h"
#include "shim/real.h"

namespace mayfly::shim {

thread_local int Inside::depth_ = 0;

namespace {

struct Membership {
  std::mutex mutex;
  std::mutex making;
  std::mutex numbers;
  Library library;
  bool is_loaded = false;
  std::atomic<bool> has_joined{false};
  bool has_complained = false;
  bool is_child = false;  ///< of a process that had UCX, and not repaired yet
  std::atomic<unsigned> generation{1};
  std::atomic<int> umask{-1};  ///< what umask(2) was last set to; -1: never by this process
};

/// Never destroyed: other libraries' ends may come behind ours.
Membership& membership() {
  static Membership& only = *new Membership;
  return only;
}

/// In a forked child. Another thread of the parent may have held the lock.
void become_child() {
  Membership& mine = membership();
  new (&mine.mutex) std::mutex;
  new (&mine.making) std::mutex;
  new (&mine.numbers) std::mutex;
  mine.is_child = true;
  mine.has_joined = false;
  mine.generation.fetch_add(1);
  HeldSignals::become_child();
}

const Library* complain(Membership& mine, const char* what, const char* why, int error) {
  if (!std::exchange(mine.has_complained, true)) {
    std::fprintf(stderr, "mayfly: %s cannot be reached: %s%s.\n", mount_prefix(), what, why);
  }
  errno = error;
  return nullptr;
}

std::string directory_of_this_library() {
  Dl_info info{};
  if (::dladdr(reinterpret_cast<const void*>(&process_generation), &info) == 0) return "";
  const std::string path = info.dli_fname;
  return path.substr(0, path.rfind('/') + 1);
}

/// An environment variable for the time of a call, unless the user has set it.
class Setting {
 public:
  Setting(const char* name, const char* value)
      : name_(name), is_users_(std::getenv(name) != nullptr) {
    if (!is_users_) ::setenv(name, value, 1);
  }
  Setting(const Setting&) = delete;
  Setting& operator=(const Setting&) = delete;
  ~Setting() {
    if (!is_users_) ::unsetenv(name_);
  }

 private:
  const char* name_;
  bool is_users_;
};

/// As it loads, UCX puts its own handlers in place of the program's for SIGSEGV and the like and
/// for SIGHUP, and itself in place of mmap, ours included, unless told otherwise.
void* load_quietly(const std::string& path) {
  const Setting handlers("UCX_HANDLE_ERRORS", "none");
  const Setting debugging("UCX_DEBUG_SIGNO", "0");
  const Setting hooks("UCX_MEM_EVENTS", "n");
  return ::dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
}

/// Leaves dlerror() to say what is missing.
bool load(Membership& mine) {
  if (mine.is_loaded) return true;
  void* const handle = load_quietly(directory_of_this_library() + MAYFLY_LIBRARY_NAME);
  if (handle == nullptr) return false;
#define MAYFLY_SHIM_FIND(name)                                                         \
  mine.library.name =                                                                  \
      reinterpret_cast<decltype(mine.library.name)>(::dlsym(handle, "mayfly_" #name)); \
  if (mine.library.name == nullptr) return false;
  MAYFLY_SHIM_FUNCTIONS(MAYFLY_SHIM_FIND)
#undef MAYFLY_SHIM_FIND
  mine.is_loaded = true;
  return true;
}

/// The session file's bytes, if it is the user's own and nobody else can read it.
bool read_session(const char* path, std::vector<char>& bytes, const char*& why) {
  const int fd = MAYFLY_REAL(open)(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
  if (fd < 0) {
    why = std::strerror(errno);
    return false;
  }
  struct stat status {};
  const bool is_ours = MAYFLY_REAL(fstat)(fd, &status) == 0 && S_ISREG(status.st_mode) &&
                       status.st_uid == ::geteuid() && (status.st_mode & 077) == 0;
  if (is_ours) bytes.resize(static_cast<std::size_t>(status.st_size));
  const ssize_t got = is_ours ? MAYFLY_REAL(read)(fd, bytes.data(), bytes.size()) : -1;
  MAYFLY_REAL(close)(fd);
  why = is_ours ? "it cannot be read as a whole" : "it is not yours alone (mode 0600)";
  return is_ours && got == static_cast<ssize_t>(bytes.size());
}

void leave_at_exit() {
  std::fflush(nullptr);
  leave_library();
}

const Library* join(Membership& mine) {
  const char* const session = std::getenv("MAYFLY_SESSION");
  if (session == nullptr || session[0] == '\0') {
    return complain(mine, "MAYFLY_SESSION is not set", "; start programs by mayfly exec", ENOTCONN);
  }
  const std::string file = "the session of " + std::string(session) + ": ";
  std::vector<char> bytes;
  const char* why = nullptr;
  if (!read_session(session, bytes, why)) return complain(mine, file.c_str(), why, ENOTCONN);
  if (!load(mine)) {
    const char* const missing = ::dlerror();
    return complain(mine, missing == nullptr ? "libmayfly is of another version" : missing, "",
                    ENOTCONN);
  }
  const int broken = std::exchange(mine.is_child, false) ? repair_after_fork() : 0;
  if (broken != 0) return complain(mine, file.c_str(), std::strerror(broken), broken);
  // A program that links libmayfly itself has joined by its own means.
  if (mine.library.join(bytes.data(), bytes.size()) != 0 && errno != EALREADY) {
    const int error = errno;
    const char* const reason = error == EPROTONOSUPPORT
                                   ? "its servers are of another version than libmayfly"
                                   : std::strerror(error);
    return complain(mine, file.c_str(), reason, error);
  }
  mine.library.set_mount_point(mount_prefix());
  const int mask = mine.umask.load();
  if (mask >= 0) mine.library.umask(static_cast<mode_t>(mask));
  HeldSignals::hold_what_ends();
  mine.has_joined.store(true, std::memory_order_release);
  // Before the destructors of UCX, which do not know that it is in use.
  static const int registered = std::atexit(leave_at_exit);
  (void)registered;
  return &mine.library;
}

}  // namespace

const Library* library() {
  Membership& mine = membership();
  if (mine.has_joined.load(std::memory_order_acquire)) return &mine.library;
  const std::lock_guard lock(mine.mutex);
  if (mine.has_joined) return &mine.library;
  const BlockedSignals blocked;
  const Inside inside;
  return join(mine);
}

const Library* library_if_joined() {
  Membership& mine = membership();
  return mine.has_joined.load(std::memory_order_acquire) ? &mine.library : nullptr;
}

std::mutex& making_lock() { return membership().making; }
std::mutex& numbers_lock() { return membership().numbers; }

void watch_forks() {
  if (::pthread_atfork(share_descriptions, nullptr, become_child) != 0) std::abort();
}

void leave_library() {
  Membership& mine = membership();
  const std::unique_lock lock(mine.mutex, std::try_to_lock);
  if (!lock.owns_lock() || !mine.has_joined || Inside::is_so()) return;
  const BlockedSignals blocked;
  const Inside inside;
  mine.has_joined = false;
  mine.generation.fetch_add(1);
  mine.library.leave();
}

void tell_umask(mode_t mask) {
  Membership& mine = membership();
  mine.umask = static_cast<int>(mask);
  if (const Library* const joined = library_if_joined()) joined->umask(mask);
}

unsigned process_generation() { return membership().generation.load(std::memory_order_acquire); }

}  // namespace mayfly::shim
