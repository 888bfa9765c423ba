#include "server/fences.h"

#include "base/assert.h"

namespace mayfly {

void Fences::raise(FileId directory, std::string_view name) {
  const bool is_new = waiters_.emplace(Key(directory, name), std::make_shared<Semaphore>(0)).second;
  MAYFLY_ASSERT(is_new);
}

void Fences::lift(FileId directory, std::string_view name) {
  const auto found = waiters_.find(Key(directory, name));
  if (found == waiters_.end()) return;
  const std::shared_ptr<Semaphore> waiters = std::move(found->second);
  waiters_.erase(found);
  // The permit's end hands it to the first waiter, who passes it on.
  const Semaphore::Permit permit(*waiters, 1);
}

void Fences::lift_all() {
  for (auto& [key, waiters] : std::exchange(waiters_, {})) {
    const Semaphore::Permit permit(*waiters, 1);
  }
}

Fences::Waiters::const_iterator Fences::find(FileId directory, std::string_view name) const {
  const auto held = waiters_.find(Key(directory, name));
  return held != waiters_.end() ? held : waiters_.find(Key(directory, ""));
}

bool Fences::stands_before(FileId directory, std::string_view name) const {
  return !waiters_.empty() && find(directory, name) != waiters_.end();
}

Task<void> Fences::wait(FileId directory, std::string_view name) {
  const auto found = find(directory, name);
  if (found == waiters_.end()) co_return;
  const std::shared_ptr<Semaphore> waiters = found->second;
  const auto permit = co_await waiters->acquire();
}

}  // namespace mayfly
