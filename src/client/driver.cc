#include "client/driver.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

namespace mayfly {

Driver::Driver(EventLoop& loop, Sleeper& sleeper)
    : loop_(loop), sleeper_(sleeper), wake_fd_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  MAYFLY_ASSERT(wake_fd_ >= 0);
}

Driver::~Driver() { ::close(wake_fd_); }

void Driver::wake() {
  woken_ = true;
  const std::uint64_t one = 1;
  MAYFLY_ASSERT(::write(wake_fd_, &one, sizeof one) == sizeof one);
}

void Driver::turn(std::unique_lock<std::mutex>& lock, std::condition_variable& wake) {
  if (driving_) {
    waiters_.push_back(&wake);
    wake.wait(lock);
    std::erase(waiters_, &wake);
    return;
  }
  driving_ = true;
  const bool happened = loop_.poll() != 0 || !loop_.ready().empty();
  if (contenders_.load(std::memory_order_relaxed) != 0) {
    lock.unlock();
    lock.lock();
  } else if (!happened) {
    rest(lock);
  }
  driving_ = false;
}

void Driver::rest(std::unique_lock<std::mutex>& lock) {
  const IdlePolicy::Next next = loop_.next();
  if (next == IdlePolicy::Next::sleep) sleep(lock);
  if (next != IdlePolicy::Next::yield) return;
  lock.unlock();
  loop_.yield();
  lock.lock();
}

void Driver::sleep(std::unique_lock<std::mutex>& lock) {
  Nanoseconds timeout{};
  if (!loop_.may_sleep(fds_, timeout)) return;
  fds_.push_back(wake_fd_);
  sleeping_ = true;
  lock.unlock();
  sleeper_.sleep(fds_, timeout);
  lock.lock();
  sleeping_ = false;
  loop_.has_slept();
  if (!std::exchange(woken_, false)) return;
  std::uint64_t wakes = 0;
  MAYFLY_ASSERT(::read(wake_fd_, &wakes, sizeof wakes) == sizeof wakes);
}

}  // namespace mayfly
