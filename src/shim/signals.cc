// signal(3) and the older calls of its kind, which the C library would take past sigaction(2).
#include <signal.h>

#include <array>
#include <atomic>
#include <cerrno>

#include "shim/real.h"

namespace {

using Handler = void (*)(int);

/// siginterrupt(3) was called for it.
constinit std::array<std::atomic<bool>, _NSIG> interrupts;

bool may_be_set(int number, Handler handler) {
  if (number > 0 && number < _NSIG && handler != SIG_ERR) return true;
  errno = EINVAL;
  return false;
}

Handler set(int number, Handler handler, int flags, bool masks_itself) {
  struct sigaction action {};
  struct sigaction old {};
  action.sa_handler = handler;
  action.sa_flags = flags;
  if (masks_itself) ::sigaddset(&action.sa_mask, number);
  return ::sigaction(number, &action, &old) == 0 ? old.sa_handler : SIG_ERR;
}

}  // namespace

MAYFLY_EXPORT Handler signal(int number, Handler handler) noexcept {
  if (!may_be_set(number, handler)) return SIG_ERR;
  const bool restarts = !interrupts[static_cast<std::size_t>(number)].load();
  return set(number, handler, restarts ? SA_RESTART : 0, true);
}
MAYFLY_SAME(bsd_signal, signal);
MAYFLY_SAME(ssignal, signal);

MAYFLY_EXPORT Handler sysv_signal(int number, Handler handler) noexcept {
  if (!may_be_set(number, handler)) return SIG_ERR;
  return set(number, handler, static_cast<int>(SA_RESETHAND) | SA_NODEFER, false);
}
MAYFLY_SAME(__sysv_signal, sysv_signal);

MAYFLY_EXPORT int siginterrupt(int number, int interrupt) noexcept {
  struct sigaction action {};
  if (!may_be_set(number, SIG_DFL) || ::sigaction(number, nullptr, &action) != 0) return -1;
  interrupts[static_cast<std::size_t>(number)] = interrupt != 0;
  action.sa_flags = interrupt != 0 ? action.sa_flags & ~SA_RESTART : action.sa_flags | SA_RESTART;
  return ::sigaction(number, &action, nullptr);
}

MAYFLY_EXPORT int sigignore(int number) noexcept {
  return set(number, SIG_IGN, 0, false) == SIG_ERR ? -1 : 0;
}

MAYFLY_EXPORT Handler sigset(int number, Handler handler) noexcept {
  sigset_t only{};
  sigset_t before{};
  if (handler == SIG_ERR || ::sigaddset(&only, number) != 0) {
    errno = EINVAL;
    return SIG_ERR;
  }
  if (handler == SIG_HOLD) {
    struct sigaction now {};
    if (::sigprocmask(SIG_BLOCK, &only, &before) != 0) return SIG_ERR;
    if (::sigismember(&before, number) == 1) return SIG_HOLD;
    return ::sigaction(number, nullptr, &now) == 0 ? now.sa_handler : SIG_ERR;
  }
  const Handler old = set(number, handler, 0, false);
  if (old == SIG_ERR || ::sigprocmask(SIG_UNBLOCK, &only, &before) != 0) return SIG_ERR;
  return ::sigismember(&before, number) == 1 ? SIG_HOLD : old;
}
