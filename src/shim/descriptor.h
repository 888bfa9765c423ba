// Descriptor: a small integer of the program's that stands for a file of ours.
//
// Each number is a kernel descriptor too: an empty, sealed memfd, open for writing only. So it
// collides with none; dup, fork, exec, close-on-exec, poll and select are the kernel's; and what
// goes past us, a program without the shim or a system call of its own, gets EBADF or EPERM and
// never wrong bytes. All files of a process have one memfd in common, until another process may get
// its descriptors: from then on each open file description has a memfd of its own. Its name is the
// file's ticket, by which any process that has inherited it opens the file for itself.
//
// Owner: the process's table, per number; operations under way hold it too. Thread: any; finding
// one takes no lock. Order: the file is closed when the last number in this process has gone and
// the last operation has let go. Failure: errno.
#pragma once

#include <sys/types.h>

#include <atomic>
#include <mutex>
#include <string>
#include <utility>

#include "shim/library.h"

namespace mayfly::shim {

struct Description {
  mayfly_ticket ticket{};
  std::atomic<int> flags{0};  ///< open(2)'s, as fcntl(F_GETFL) gives them
  std::string path;           ///< absolute, with the prefix, as it was opened; empty: not known

  std::atomic<int> holders{0};          ///< 0: free for another file
  std::atomic<int> handle{-1};          ///< libmayfly's descriptor
  std::atomic<off_t> position{0};       ///< position.h
  std::atomic<unsigned> generation{0};  ///< of the membership whose handle it is
};

/// A Description in use; empty: the number is not one of ours.
class Held {
 public:
  Held() = default;
  explicit Held(Description* taken) : description_(taken) {}
  Held(const Held&) = delete;
  Held(Held&& other) noexcept : description_(std::exchange(other.description_, nullptr)) {}
  Held& operator=(Held other) noexcept {
    std::swap(description_, other.description_);
    return *this;
  }
  ~Held();

  explicit operator bool() const { return description_ != nullptr; }
  Description* operator->() const { return description_; }
  Description* get() const { return description_; }
  /// libmayfly's descriptor, opened anew if this process has not used it yet. -1 and errno.
  int handle() const;

  /// library.function(handle, arguments...); -1 and errno if there is no handle.
  template <class Function, class... Arguments>
  auto call(Function Library::*function, Arguments... arguments) const {
    using Value = decltype((std::declval<Library>().*function)(0, arguments...));
    const int mine = handle();
    if (mine < 0) return static_cast<Value>(-1);
    const Inside inside;
    return (library()->*function)(mine, arguments...);
  }

  /// The same for what may wait for another process.
  template <class Function, class... Arguments>
  int wait_for(Function Library::*function, Arguments... arguments) const {
    const int mine = handle();
    if (mine < 0) return -1;
    const Inside inside(Inside::Signals::come);
    return (library()->*function)(mine, arguments...);
  }

 private:
  Description* description_ = nullptr;
};

/// What `fd` stands for; nothing for a call that libmayfly makes.
Held find(int fd);
/// The same question without a hold.
bool is_ours(int fd);
/// What `fd` stands for, whoever asks.
Held hold(int fd);
/// The same question without a hold.
bool is_number_of_ours(int fd);

/// A new number, the smallest that is free, for an open file of libmayfly's, which becomes the
/// description's. `flags`: as open(2). -1 and errno; the handle is closed then.
int add(int handle, int flags, std::string path);
/// Held by whoever makes a number of another one or takes it from a file. No signal comes
/// meanwhile: handlers may do the same.
class ChangingNumbers {
 public:
  ChangingNumbers() : lock_(numbers_lock()) {}

 private:
  const Inside inside_;
  const std::lock_guard<std::mutex> lock_;
};
/// `fd`, which the kernel has just made of `old` by dup(2) or its like, stands for the same.
void share(const ChangingNumbers& changing, int old, int fd);
/// `fd` no longer stands for anything of ours; 0, or -1 and errno if it was the last number and the
/// file could not be closed well. The kernel's descriptor is the caller's to close.
int forget(int fd);
/// The largest number that has ever been ours; -1: none.
int largest_ours();

/// Takes up what this process has inherited through exec.
void take_up_inherited();
/// Other processes are about to get this one's descriptors. One that cannot be handed on is told of
/// on stderr.
void share_descriptions();

}  // namespace mayfly::shim
