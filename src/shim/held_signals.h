// HeldSignals: the signals that wait while a thread is inside of libmayfly.
//
// Asking the kernel to hold them back costs two system calls for each call into libmayfly. So the
// kernel holds nothing back until one comes: the shim's own handler stands before the program's and
// before the default of signals that end a process, finds the thread inside, blocks all for the
// thread, and sends the signal to it once more. What has come waits then until the thread is
// outside.
//
// Never held: what the thread's own instructions raise, what stops a process, and what a handler
// was put in place for past sigaction(2). Owner: the process for the handlers, each thread for what
// waits. Thread: any, handlers too.
#pragma once

#include <signal.h>

#include <cstdint>

namespace mayfly::shim {

/// For as long as it lives no signal is taken in this thread, by the kernel's own mask. Keeps
/// errno.
class BlockedSignals {
 public:
  BlockedSignals();
  BlockedSignals(const BlockedSignals&) = delete;
  BlockedSignals& operator=(const BlockedSignals&) = delete;
  ~BlockedSignals();

 private:
  std::uint64_t before_;
};

/// Of this thread, from hold to release. Neither is nested.
class HeldSignals {
 public:
  static void hold() {
    is_holding_ = true;
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
  }
  /// What has come meanwhile is taken now. Keeps errno.
  static void release() {
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    is_holding_ = false;
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    if (has_held_) let_come();
  }

  /// Once, before the program runs.
  static void prepare();
  /// From now on signals that would end the process wait too: libmayfly is in use.
  static void hold_what_ends();
  /// In a forked child, whose other threads are gone.
  static void become_child();

 private:
  friend void take_signal(int number, siginfo_t* what, void* interrupted);
  static void let_come();

  static thread_local bool is_holding_;
  static thread_local bool has_held_;
};

}  // namespace mayfly::shim
