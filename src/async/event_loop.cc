#include "async/event_loop.h"

#include <sched.h>

#include <algorithm>
#include <memory>
#include <utility>

#include "async/from_frame_pool.h"
#include "async/time_slice.h"

namespace mayfly {
namespace {

/// Turns between two looks at the clock while the loop is busy or spins: a look costs as much as
/// asking a source. At some 100 ns a turn a timer is late by a few microseconds at the most.
constexpr unsigned kTurnsPerLook = 16;
/// Resumptions in a row within one turn: of a task that ends, and of those that await it, each the
/// next. More wait for the next turn, so that tasks that keep each other busy leave it to the
/// sources too.
constexpr unsigned kRounds = 8;
/// How often in a row a source may refuse to be armed before the loop takes a nap.
constexpr unsigned kRefusals = 64;
constexpr Nanoseconds kShortestNap = std::chrono::microseconds(50);
constexpr Nanoseconds kLongestNap = std::chrono::milliseconds(5);
/// Naps that descriptors may end early, with nothing to do thereafter, before they are not watched.
constexpr unsigned kFalseAlarms = 8;

}  // namespace

/// A spawned task: owned by the loop, freed on the turn after its end (its frame is still running
/// when it reports).
struct EventLoop::Root final : ListHook, TaskObserver, FromFramePool {
  Root(EventLoop& owner, Task<void> work) : loop(owner), task(std::move(work)) {}
  void finished() noexcept override {
    unlink();
    loop.finished_.push_back(this);
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
  if (!timers_.empty() && wants_to_look(happened)) happened += fire_timers();
  for (unsigned round = 0; round < kRounds && !ready_.empty(); ++round) happened += ready_.run();
  if (!finished_.empty()) free_finished();
  if (happened != 0) {
    // Some turns ago, but a look now would delay what has happened.
    if (idle_.is_idle()) idle_.end_idle_phase(looked_at_);
    refusals_ = 0;
    false_alarms_ = 0;
    spins_ = 0;
  }
  return happened;
}

bool EventLoop::wants_to_look(std::size_t happened) {
  const bool resting = happened == 0 && spins_ % kTurnsPerLook == 0;
  return resting || ++turns_ % kTurnsPerLook == 0;
}

IdlePolicy::Next EventLoop::next() {
  if (++spins_ % kTurnsPerLook != 1) {
    return idle_.may_spin() ? IdlePolicy::Next::spin : IdlePolicy::Next::sleep;
  }
  // The turn that has just ended looked at the clock if there are timers.
  if (timers_.empty()) looked_at_ = clock_.now();
  const IdlePolicy::Next next = idle_.next(looked_at_);
  if (next == IdlePolicy::Next::yield) {
    for (EventSource* source : sources_) source->before_yield(looked_at_);
  }
  return next;
}

void EventLoop::yield() {
  const TimePoint begin = looked_at_;
  shorten_time_slices();
  ::sched_yield();
  looked_at_ = clock_.now();
  idle_.has_yielded(begin, looked_at_);
}

std::size_t EventLoop::fire_timers() {
  const TimePoint now = looked_at_ = clock_.now();
  std::size_t fired = 0;
  while (!timers_.empty() && timers_.begin()->first <= now) {
    Timer* timer = timers_.begin()->second;
    timer->disarm();
    timer->callback_(timer->argument_);
    ++fired;
  }
  return fired;
}

bool EventLoop::may_sleep(std::vector<int>& fds, Nanoseconds& timeout) {
  fds.clear();
  bool armed = true;
  for (EventSource* source : sources_) {
    armed = source->arm() && armed;
    if (const int fd = source->event_fd(); fd >= 0) fds.push_back(fd);
  }
  timeout = until_next_timer();
  if (armed) return true;
  if (++refusals_ <= kRefusals) return false;
  const unsigned doublings = std::min((refusals_ - kRefusals) / 8, 16U);
  const Nanoseconds nap = std::min(kLongestNap, kShortestNap * (1 << doublings));
  timeout = timeout < Nanoseconds::zero() ? nap : std::min(timeout, nap);
  nap_half_over_ = clock_.now() + timeout / 2;
  // What a source that was not armed has left to be read wakes us at once, and for ever.
  if (false_alarms_ >= kFalseAlarms) fds.clear();
  return true;
}

void EventLoop::has_slept() {
  spins_ = 0;
  looked_at_ = clock_.now();
  if (looked_at_ < std::exchange(nap_half_over_, TimePoint())) ++false_alarms_;
}

Nanoseconds EventLoop::until_next_timer() const {
  if (timers_.empty()) return Nanoseconds(-1);
  return std::max(Nanoseconds::zero(), Nanoseconds(timers_.begin()->first - clock_.now()));
}

void EventLoop::run_once() {
  if (poll() != 0 || !ready_.empty()) return;
  const IdlePolicy::Next what = next();
  if (what == IdlePolicy::Next::yield) yield();
  if (what != IdlePolicy::Next::sleep) return;
  Nanoseconds timeout{};
  if (!may_sleep(fds_, timeout)) return;
  sleeper_.sleep(fds_, timeout);
  has_slept();
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
