#include "transport/loopback_payload.h"

#include <cstring>
#include <utility>

#include "transport/loopback_worker.h"

namespace mayfly {
namespace {

/// The sender hears, at one of its own polls, that its memory is free again.
void release(LoopbackNetwork& network, const LoopbackRendezvous::Offer& offer) {
  LoopbackWorker* sender = network.find(offer.sender);
  if (sender == nullptr) return;
  std::uint64_t due = 0;
  sender->schedule(due, [operation = offer.operation] { operation->finish(Errc::ok); });
}

void transfer(LoopbackNetwork& network, const LoopbackRendezvous::Offer& offer, MutableBytes into,
              LoopbackOperation& receiving) {
  if (receiving.is_over()) return;
  if (offer.operation->is_over() || network.find(offer.sender) == nullptr) {
    return receiving.finish(Errc::not_connected);
  }
  std::memcpy(into.data(), offer.bytes.data(), into.size());
  receiving.finish(Errc::ok);
  release(network, offer);
}

}  // namespace

LoopbackRendezvous::~LoopbackRendezvous() {
  if (!received_) release(worker_.network(), offer_);
}

Task<Status> LoopbackRendezvous::receive(MutableBytes into) {
  MAYFLY_ASSERT(into.size() == size() && !received_);
  received_ = true;
  if (offer_.operation->is_over()) co_return Errc::not_connected;
  const auto link = worker_.link_to(offer_.sender, offer_.number);
  if (link != nullptr && !link->is_open) co_return Errc::not_connected;
  const auto receiving = link != nullptr ? link->begin() : std::make_shared<LoopbackOperation>();
  std::uint64_t due = 0;
  worker_.schedule(link != nullptr ? link->local_due : due,
                   [&network = worker_.network(), offer = offer_, into, receiving] {
                     transfer(network, offer, into, *receiving);
                   });
  const std::int64_t result = co_await receiving->ended;
  co_return to_status(static_cast<Errc>(result));
}

}  // namespace mayfly
