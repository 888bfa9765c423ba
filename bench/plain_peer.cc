#include "bench/plain_peer.h"

#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <new>

#include "bench/program.h"

namespace mayfly {

PlainPeer::PlainPeer(const PlainUcxOptions& options, std::optional<int> core) {
  void* shared =
      ::mmap(nullptr, sizeof *is_asked_, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  int ends[2];
  if (shared == MAP_FAILED || ::socketpair(AF_UNIX, SOCK_STREAM, 0, ends) != 0) {
    give_up("nothing to share with a peer");
  }
  is_asked_ = new (shared) std::atomic<bool>(false);
  peer_ = ::fork();
  if (peer_ < 0) give_up("no process");
  ::close(ends[peer_ == 0 ? 0 : 1]);
  fd_ = ends[peer_ == 0 ? 1 : 0];
  if (peer_ == 0) answer(options, core);
  Line line(fd_);
  asker_ = std::make_unique<PlainUcx>(options, line, false);
}

PlainPeer::~PlainPeer() {
  // The peer is gone without a goodbye: there is nothing left to close.
  ::close(fd_);
  ::waitpid(peer_, nullptr, 0);
  ::munmap(is_asked_, sizeof *is_asked_);
}

double PlainPeer::round_trips(double seconds) {
  char word = 1;
  is_asked_->store(true);
  if (::send(fd_, &word, 1, MSG_NOSIGNAL) != 1) give_up("the plain peer is gone");
  const double rate = asker_->round_trips(seconds);
  is_asked_->store(false);
  // From now on it leaves its core to others.
  if (::read(fd_, &word, 1) != 1) give_up("the plain peer is gone");
  return rate;
}

void PlainPeer::answer(const PlainUcxOptions& options, std::optional<int> core) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (core) pin_to(*core);
  Line line(fd_);
  PlainUcx answerer(options, line, true);
  char word = 0;
  while (::read(fd_, &word, 1) == 1) {
    while (is_asked_->load(std::memory_order_relaxed)) {
      for (int i = 0; i < 100; ++i) answerer.poll();
    }
    if (::send(fd_, &word, 1, MSG_NOSIGNAL) != 1) break;
  }
  ::_exit(0);
}

}  // namespace mayfly
