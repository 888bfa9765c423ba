#include "cli/termination.h"

#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

namespace mayfly {
namespace {

sigset_t terminating() {
  sigset_t set;
  ::sigemptyset(&set);
  for (const int number : {SIGTERM, SIGINT, SIGHUP}) ::sigaddset(&set, number);
  return set;
}

}  // namespace

Termination::Termination() {
  const sigset_t set = terminating();
  ::sigprocmask(SIG_BLOCK, &set, nullptr);
  descriptor_ = ::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

Termination::~Termination() {
  if (descriptor_ >= 0) ::close(descriptor_);
  const sigset_t set = terminating();
  ::sigprocmask(SIG_UNBLOCK, &set, nullptr);
}

int Termination::wait_with(const std::vector<int>& descriptors) const {
  std::vector<pollfd> watched = {{descriptor_, POLLIN, 0}};
  for (const int descriptor : descriptors) watched.push_back({descriptor, POLLIN, 0});
  ::poll(watched.data(), watched.size(), -1);
  signalfd_siginfo came{};
  const bool has_come = ::read(descriptor_, &came, sizeof came) == sizeof came;
  return has_come ? static_cast<int>(came.ssi_signo) : 0;
}

}  // namespace mayfly
