// EventLoop: drives its sources, resumes what is ready, fires timers, and sleeps when all are idle.
//
// Owner: a server, a session or a test. Sources, the sleeper and the clock outlive it.
// Thread: one at a time; whoever calls run_once() or enters a Scope.
// Order: sources in the order added and due timers, each once per turn, then the ready queue with
//   what it makes ready, to a bound.
// Failure: a source that cannot go on says so through the operations that it fails; the loop has no
//   errors of its own.
#pragma once

#include <cstddef>
#include <map>
#include <span>
#include <vector>

#include "async/idle_policy.h"
#include "async/resumption.h"
#include "async/task.h"
#include "base/clock.h"

namespace mayfly {

/// Something that completes operations: io_uring, a UCX worker, a loopback queue.
class EventSource {
 public:
  virtual ~EventSource() = default;
  /// Completes what is ready, without blocking; returns how much that was. Runs no user code
  /// inline.
  virtual std::size_t poll() = 0;
  /// Prepares `event_fd` to become readable at the next event. False: there is one already.
  virtual bool arm() = 0;
  /// Readable after arm() when there is something to poll; -1 if the sleeper knows by itself.
  virtual int event_fd() const = 0;
  /// The loop is about to yield, at `now`.
  virtual void before_yield(TimePoint now) { static_cast<void>(now); }
};

/// Where the loop's thread sleeps.
class Sleeper {
 public:
  virtual ~Sleeper() = default;
  /// Returns when one of `fds` is readable, after `timeout` (negative: never), or earlier.
  virtual void sleep(std::span<const int> fds, Nanoseconds timeout) = 0;
};

class EventLoop;

/// A callback at a time. It disarms itself when it is destroyed. The callback runs in the loop and
/// must only schedule work. Thread: the loop's.
class Timer {
 public:
  using Callback = void (*)(void*);
  Timer(EventLoop& loop, Callback callback, void* argument)
      : loop_(loop), callback_(callback), argument_(argument) {}
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;
  ~Timer() { disarm(); }
  void arm(TimePoint at);
  void disarm();
  bool armed() const { return armed_; }

 private:
  friend class EventLoop;
  EventLoop& loop_;
  Callback callback_;
  void* argument_;
  bool armed_ = false;
  std::multimap<TimePoint, Timer*>::iterator place_;
};

class EventLoop {
 public:
  explicit EventLoop(Sleeper& sleeper, const Clock& clock = Clock::steady(),
                     Nanoseconds spin = IdlePolicy::kSpin)
      : sleeper_(sleeper), clock_(clock), idle_(spin) {}
  EventLoop(const EventLoop&) = delete;
  EventLoop& operator=(const EventLoop&) = delete;
  /// Cancels every spawned task that is left.
  ~EventLoop();

  void add(EventSource& source) { sources_.push_back(&source); }

  /// Starts `task` at once and keeps it until it is done.
  void spawn(Task<void> task);
  /// Tasks spawned and not done.
  std::size_t spawned() const { return spawned_; }

  /// Polls, fires timers and resumes once, without sleeping; returns how much happened.
  std::size_t poll();
  /// What an idle loop should do before it polls again. Sources are told here that it is to yield,
  /// as others may use them while it does.
  IdlePolicy::Next next();
  /// Leaves the core to whoever waits for it, as next() said. Others may enter a Scope meanwhile.
  void yield();
  /// Arms all sources; gives their descriptors and how long to sleep on them (negative: for ever).
  /// False: one of them has an event already. A source that goes on refusing without anything
  /// happening (UCX does while a peer's queue is full, which may be for as long as the peer
  /// computes) is answered with naps that grow to a few milliseconds, never with a busy core.
  bool may_sleep(std::vector<int>& fds, Nanoseconds& timeout);
  /// The loop has slept by may_sleep().
  void has_slept();
  /// Time until the next timer; negative if there is none.
  Nanoseconds until_next_timer() const;

  /// One turn: poll, and spin or sleep if nothing happened.
  void run_once();
  /// Turns until `task` is done; gives its result.
  template <class T>
  T run(Task<T> task) {
    ReadyQueue::Scope scope(ready_);
    task.start(nullptr);
    while (!task.done()) run_once();
    return task.take();
  }

  ReadyQueue& ready() { return ready_; }
  TimePoint now() const { return clock_.now(); }

 private:
  friend class Timer;
  struct Root;
  std::size_t fire_timers();
  /// Whether this turn looks at the clock: always when the loop rests, now and then otherwise.
  bool wants_to_look(std::size_t happened);
  void free_finished();

  Sleeper& sleeper_;
  const Clock& clock_;
  IdlePolicy idle_;
  ReadyQueue ready_;
  std::vector<EventSource*> sources_;
  std::vector<int> fds_;
  std::multimap<TimePoint, Timer*> timers_;
  IntrusiveList<Root> roots_;
  IntrusiveList<Root> finished_;
  std::size_t spawned_ = 0;
  TimePoint looked_at_{};      ///< at the clock
  unsigned turns_ = 0;         ///< since the start
  unsigned spins_ = 0;         ///< idle turns since something happened or the thread slept
  unsigned refusals_ = 0;      ///< refused sleeps since something happened
  unsigned false_alarms_ = 0;  ///< naps since then that descriptors ended early
  TimePoint nap_half_over_{};  ///< none is under way: long ago
};

}  // namespace mayfly
