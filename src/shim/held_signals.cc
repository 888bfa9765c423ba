#include "shim/held_signals.h"

#include <sched.h>
#include <sys/syscall.h>
#include <sys/ucontext.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <cstdint>

#include "shim/library.h"
#include "shim/real.h"

namespace mayfly::shim {

thread_local bool HeldSignals::is_holding_ = false;
thread_local bool HeldSignals::has_held_ = false;

/// The handler of every signal that may have to wait.
void take_signal(int number, siginfo_t* what, void* interrupted);

namespace {

/// As the kernel has a set of signals.
using KernelSet = std::uint64_t;

constexpr KernelSet bit(int number) { return KernelSet{1} << (number - 1); }

/// Those that the thread's own instructions raise, those that stop, and those that cannot be
/// handled; 32 and 33 are the C library's.
constexpr KernelSet kNeverHeld = bit(SIGSEGV) | bit(SIGBUS) | bit(SIGFPE) | bit(SIGILL) |
                                 bit(SIGTRAP) | bit(SIGABRT) | bit(SIGSYS) | bit(SIGKILL) |
                                 bit(SIGSTOP) | bit(SIGTSTP) | bit(SIGTTIN) | bit(SIGTTOU) |
                                 bit(32) | bit(33);
/// Those whose default does not end the process.
constexpr KernelSet kHarmless = bit(SIGCHLD) | bit(SIGCONT) | bit(SIGURG) | bit(SIGWINCH);

bool is_held(int number) { return number > 0 && number < _NSIG && (kNeverHeld & bit(number)) == 0; }

/// What the program has asked for, where take_signal stands in its place.
struct Wish {
  std::atomic<void (*)(int, siginfo_t*, void*)> handler{nullptr};  ///< nullptr: the default
  std::atomic<int> flags{0};
};
constinit std::array<Wish, _NSIG> wishes;
constinit std::atomic<bool> holds_what_ends{false};
/// Where the mask of each thread was before its signals were held.
constinit thread_local KernelSet before_holding = 0;

/// Of whoever changes a wish and the kernel's copy of it: a handler may, so no signal comes then.
class Changing {
 public:
  Changing() {
    while (is_taken.test_and_set(std::memory_order_acquire)) ::sched_yield();
  }
  Changing(const Changing&) = delete;
  Changing& operator=(const Changing&) = delete;
  ~Changing() { is_taken.clear(std::memory_order_release); }
  static void free_in_child() { is_taken.clear(); }

 private:
  const BlockedSignals blocked_;
  static constinit std::atomic_flag is_taken;
};
constinit std::atomic_flag Changing::is_taken;

// What handlers call is found once, by prepare(): dlsym may be what they have interrupted.

long system_call(long number, long first = 0, long second = 0, long third = 0, long fourth = 0) {
  return MAYFLY_REAL(syscall)(number, first, second, third, fourth);
}

long address_of(void* what) { return reinterpret_cast<long>(what); }

int set_action(int number, const struct sigaction* action, struct sigaction* old) {
  return MAYFLY_REAL(sigaction)(number, action, old);
}

KernelSet change_mask(int how, KernelSet mask) {
  const int error = errno;
  KernelSet before = 0;
  system_call(SYS_rt_sigprocmask, how, address_of(&mask), address_of(&before), sizeof mask);
  errno = error;
  return before;
}

/// To this thread, as it came. Limits on what is pending may refuse it with what it brings.
void send_again(int number, siginfo_t* what) {
  if (system_call(SYS_rt_tgsigqueueinfo, ::getpid(), ::gettid(), number, address_of(what)) != 0) {
    ::tgkill(::getpid(), ::gettid(), number);
  }
}

struct sigaction in_place_of(const struct sigaction& wanted) {
  struct sigaction ours = wanted;
  ours.sa_sigaction = take_signal;
  ours.sa_flags = (wanted.sa_flags & ~static_cast<int>(SA_RESETHAND)) | SA_SIGINFO;
  return ours;
}

bool is_ours(const struct sigaction& action) {
  return (action.sa_flags & SA_SIGINFO) != 0 && action.sa_sigaction == take_signal;
}

/// What the kernel is to have for what the program wants.
struct sigaction to_install(int number, const struct sigaction& wanted) {
  if (wanted.sa_handler == SIG_IGN) return wanted;
  if (wanted.sa_handler != SIG_DFL) return in_place_of(wanted);
  if (!holds_what_ends.load() || (kHarmless & bit(number)) != 0) return wanted;
  struct sigaction ends = in_place_of(wanted);
  ends.sa_flags = SA_SIGINFO | SA_RESTART | SA_ONSTACK;
  return ends;
}

/// SIG_DFL, without flags.
constexpr struct sigaction kDefault {};

/// The default itself, once this handler has returned.
void end_by(int number, siginfo_t* what) {
  set_action(number, &kDefault, nullptr);
  send_again(number, what);
}

void deliver(int number, siginfo_t* what, void* interrupted) {
  Wish& wish = wishes[static_cast<std::size_t>(number)];
  const auto handler = wish.handler.load();
  if (handler == nullptr) return end_by(number, what);
  if ((wish.flags.load() & static_cast<int>(SA_RESETHAND)) != 0) {
    ::sigaction(number, &kDefault, nullptr);
  }
  handler(number, what, interrupted);
}

/// The kernel's part of a mask that it restores when a handler returns: the first eight bytes.
KernelSet& mask_of(void* interrupted) {
  return *reinterpret_cast<KernelSet*>(&static_cast<ucontext_t*>(interrupted)->uc_sigmask);
}

void change(int number, const struct sigaction& wanted) {
  Wish& wish = wishes[static_cast<std::size_t>(number)];
  const struct sigaction kernels = to_install(number, wanted);
  const bool is_handled = wanted.sa_handler != SIG_IGN && wanted.sa_handler != SIG_DFL;
  wish.flags = wanted.sa_flags;
  // One that comes in between finds the old handler or the new one.
  wish.handler = is_handled ? wanted.sa_sigaction : nullptr;
  set_action(number, &kernels, nullptr);
}

}  // namespace

BlockedSignals::BlockedSignals() : before_(change_mask(SIG_BLOCK, ~kNeverHeld)) {}

BlockedSignals::~BlockedSignals() { change_mask(SIG_SETMASK, before_); }

void take_signal(int number, siginfo_t* what, void* interrupted) {
  const int error = errno;
  if (HeldSignals::is_holding_) {
    // First: with SA_NODEFER it would come again at once.
    change_mask(SIG_BLOCK, ~kNeverHeld);
    KernelSet& mask = mask_of(interrupted);
    before_holding = mask;
    mask |= ~kNeverHeld;
    HeldSignals::has_held_ = true;
    send_again(number, what);
  } else {
    deliver(number, what, interrupted);
  }
  errno = error;
}

void HeldSignals::let_come() {
  has_held_ = false;
  change_mask(SIG_SETMASK, before_holding);
}

void HeldSignals::prepare() {
  struct sigaction now {};
  change_mask(SIG_BLOCK, 0);
  set_action(SIGTERM, nullptr, &now);
}

void HeldSignals::hold_what_ends() {
  const Changing changing;
  if (holds_what_ends.exchange(true)) return;
  for (int number = 1; number < _NSIG; ++number) {
    struct sigaction now {};
    if (!is_held(number) || set_action(number, nullptr, &now) != 0) continue;
    if (!is_ours(now) && now.sa_handler == SIG_DFL) change(number, now);
  }
}

void HeldSignals::become_child() { Changing::free_in_child(); }

}  // namespace mayfly::shim

using namespace mayfly::shim;

MAYFLY_EXPORT int sigaction(int number, const struct sigaction* action,
                            struct sigaction* old) noexcept {
  if (!is_held(number) || Inside::is_so()) return set_action(number, action, old);
  // The program may have one place for both.
  struct sigaction wanted {};
  if (action != nullptr) wanted = *action;
  const Changing changing;
  struct sigaction before {};
  if (set_action(number, nullptr, &before) != 0) return -1;
  if (is_ours(before)) {
    const Wish& wish = wishes[static_cast<std::size_t>(number)];
    before.sa_sigaction = wish.handler.load();
    before.sa_flags = wish.flags.load();
  }
  if (action != nullptr) change(number, wanted);
  if (old != nullptr) *old = before;
  return 0;
}
