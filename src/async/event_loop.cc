#include "async/event_loop.h"

#include <algorithm>
#include <memory>
#include <utility>

namespace mayfly {

/// A spawned task: owned by the loop, freed on the turn after its end (its frame is still running
/// when it reports).
struct EventLoop::Root final : ListHook, TaskObserver {
  Root(EventLoop& owner, Task<void> work) : loop(owner), task(std::move(work)) {}
  void finished() noexcept override {
    unlink();
    loop.finished_.push_back(this);
  }
  static void* operator new(std::size_t bytes) { return FramePool::allocate(bytes); }
  static void operator delete(void* root, std::size_t bytes) noexcept {
    FramePool::release(root, bytes);
  }

  EventLoop& loop;
  Task<void> task;
};

EventLoop::~EventLoop() {
  ReadyQueue::Scope scope(ready_);
  free_finished();
  while (Root* root = roots_.pop_front()) delete root;
  for (auto& [at, timer] : timers_) timer->armed_ = false;
}

void EventLoop::spawn(Task<void> task) {
  ReadyQueue::Scope scope(ready_);
  auto root = std::make_unique<Root>(*this, std::move(task));
  root->task.start(root.get());
  if (root->task.done()) return;
  ++spawned_;
  roots_.push_back(root.release());
}

void EventLoop::free_finished() {
  while (Root* root = finished_.pop_front()) {
    delete root;
    --spawned_;
  }
}

std::size_t EventLoop::poll() {
  ReadyQueue::Scope scope(ready_);
  std::size_t happened = 0;
  for (EventSource* source : sources_) happened += source->poll();
  if (!timers_.empty()) happened += fire_timers();
  if (!ready_.empty()) happened += ready_.run();
  if (!finished_.empty()) free_finished();
  if (happened != 0) idle_.busy();
  return happened;
}

std::size_t EventLoop::fire_timers() {
  const TimePoint now = clock_.now();
  std::size_t fired = 0;
  while (!timers_.empty() && timers_.begin()->first <= now) {
    Timer* timer = timers_.begin()->second;
    timer->disarm();
    timer->callback_(timer->argument_);
    ++fired;
  }
  return fired;
}

bool EventLoop::arm(std::vector<int>& fds) {
  fds.clear();
  for (EventSource* source : sources_) {
    if (!source->arm()) return false;
    if (const int fd = source->event_fd(); fd >= 0) fds.push_back(fd);
  }
  return true;
}

Nanoseconds EventLoop::until_next_timer() const {
  if (timers_.empty()) return Nanoseconds(-1);
  return std::max(Nanoseconds::zero(), Nanoseconds(timers_.begin()->first - clock_.now()));
}

void EventLoop::run_once() {
  if (poll() != 0 || !ready_.empty() || keep_spinning()) return;
  if (arm(fds_)) sleeper_.sleep(fds_, until_next_timer());
}

void Timer::arm(TimePoint at) {
  disarm();
  place_ = loop_.timers_.emplace(at, this);
  armed_ = true;
}

void Timer::disarm() {
  if (!std::exchange(armed_, false)) return;
  loop_.timers_.erase(place_);
}

}  // namespace mayfly
