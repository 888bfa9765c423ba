#include "async/idle_policy.h"

#include <algorithm>

namespace mayfly {

IdlePolicy::Next IdlePolicy::next(TimePoint now) {
  if (spin_ == Nanoseconds::zero()) return Next::sleep;
  if (now - sampled_at_ >= kSample) sample_run_delay(now);
  if (!idle_) {
    idle_ = true;
    idle_since_ = now;
    yields_ = 0;
  }
  if (now - idle_since_ < spin_limit()) return Next::spin;
  const bool may_yield = contended_ && yields_ < kYields && now >= no_yield_until_;
  return may_yield ? Next::yield : Next::sleep;
}

Nanoseconds IdlePolicy::spin_limit() const {
  if (!contended_) return limit_;
  const bool is_vain = vain_ >= kVain && vain_ % kNowAndThen != 0;
  return is_vain ? Nanoseconds::zero() : std::min(kContendedSpin, limit_);
}

void IdlePolicy::end_idle_phase(TimePoint now) {
  idle_ = false;
  vain_ = now - idle_since_ < kContendedSpin ? 0 : vain_ + 1;
  const bool spinning_pays = now - idle_since_ < kPatience * spin_;
  limit_ = spinning_pays ? kPatience * spin_ : spin_;
}

void IdlePolicy::has_yielded(TimePoint begin, TimePoint end) {
  ++yields_;
  const auto took = end - begin;
  if (took < kLongYield) return;
  const bool has_gone_well = begin - no_yield_until_ > kGoneWell * took;
  rest_ = has_gone_well ? took : std::max<Nanoseconds>(took, 2 * rest_);
  rest_ = std::min(rest_, kLongestRest);
  no_yield_until_ = end + rest_;
}

void IdlePolicy::sample_run_delay(TimePoint now) {
  const std::optional<Nanoseconds> waited = run_delay_->read();
  const bool comparable = waited && last_run_delay_;
  contended_ = !comparable || *waited - *last_run_delay_ > (now - sampled_at_) / kContendedPart;
  last_run_delay_ = waited;
  sampled_at_ = now;
}

}  // namespace mayfly
