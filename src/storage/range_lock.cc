#include "storage/range_lock.h"

namespace mayfly {

RangeLock::Place RangeLock::enter(PageRange pages, LockMode mode) {
  const Place place = entries_.insert(entries_.end(), Entry{pages, mode, false, nullptr});
  place->held = !must_wait(place);
  return place;
}

bool RangeLock::must_wait(Place place) {
  for (auto earlier = entries_.begin(); earlier != place; ++earlier) {
    const bool conflict =
        earlier->mode == LockMode::exclusive || place->mode == LockMode::exclusive;
    if (conflict && earlier->pages.overlaps(place->pages)) return true;
  }
  return false;
}

void RangeLock::leave(Place place) {
  const PageRange pages = place->pages;
  Place next = entries_.erase(place);
  for (; next != entries_.end(); ++next) {
    if (next->held || !next->pages.overlaps(pages) || must_wait(next)) continue;
    next->held = true;
    if (next->waiter != nullptr) next->waiter->schedule();
  }
}

}  // namespace mayfly
