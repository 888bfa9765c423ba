#include "async/resumption.h"

#include <utility>

namespace mayfly {

thread_local ReadyQueue* ReadyQueue::current_ = nullptr;

std::size_t ReadyQueue::run() {
  IntrusiveList<Resumption> batch;
  batch.append(ready_);
  std::size_t resumed = 0;
  while (Resumption* resumption = batch.pop_front()) {
    ++resumed;
    std::exchange(resumption->handle_, nullptr).resume();
  }
  return resumed;
}

}  // namespace mayfly
