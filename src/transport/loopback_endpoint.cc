#include "transport/loopback_endpoint.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "transport/loopback_memory.h"
#include "transport/loopback_payload.h"
#include "transport/loopback_worker.h"

namespace mayfly {
namespace {

std::vector<std::byte> copy_of(Bytes bytes) { return {bytes.begin(), bytes.end()}; }

}  // namespace

LoopbackEndpoint::LoopbackEndpoint(Role role, LoopbackWorker& worker,
                                   std::shared_ptr<LoopbackLink> link)
    : role_(role), worker_(worker), link_(std::move(link)) {
  if (role_ == Role::user) link_->endpoint = this;
}

LoopbackEndpoint::~LoopbackEndpoint() {
  if (role_ == Role::reply) return;
  link_->endpoint = nullptr;
  worker_.close(link_);
}

void LoopbackEndpoint::transmit(Bytes header, Bytes payload, bool wants_reply) {
  MAYFLY_ASSERT(header.size() <= kMaxHeaderBytes);
  LoopbackWorker* peer = has_failed() ? nullptr : worker_.network().find(link_->peer);
  if (peer == nullptr) return;
  peer->schedule(
      link_->sent_due, [peer, kept_header = copy_of(header), kept_payload = copy_of(payload),
                        sender = worker_.id(), number = link_->number, wants_reply]() mutable {
        peer->deliver(kept_header, Body::lent(kept_payload), sender, number, wants_reply);
        // Whoever has kept it without a copy is to notice.
        std::fill(kept_payload.begin(), kept_payload.end(), std::byte{0xdb});
      });
}

void LoopbackEndpoint::offer(Bytes header, Bytes payload,
                             std::shared_ptr<LoopbackOperation> operation) {
  LoopbackWorker* peer = worker_.network().find(link_->peer);
  // The link fails soon, and the operation with it.
  if (peer == nullptr) return;
  LoopbackRendezvous::Offer offered{worker_.id(), link_->number, payload, std::move(operation)};
  peer->schedule(link_->sent_due, [peer, kept_header = copy_of(header), offered] {
    Body body(std::make_unique<LoopbackRendezvous>(*peer, offered));
    peer->deliver(kept_header, std::move(body), offered.sender, offered.number, false);
  });
}

void LoopbackEndpoint::post(Bytes header, Bytes payload) {
  MAYFLY_ASSERT(posts(payload.size()));
  transmit(header, payload, false);
}

bool LoopbackEndpoint::posts(std::size_t payload_bytes) const {
  return payload_bytes <= std::max(kMaxPostedPayloadBytes, worker_.network().eager_bytes());
}

void LoopbackEndpoint::post_with_reply(Bytes header, Bytes payload) {
  MAYFLY_ASSERT(payload.size() <= kMaxPostedPayloadBytes);
  transmit(header, payload, true);
}

Task<Status> LoopbackEndpoint::send(Bytes header, Bytes payload) {
  if (has_failed()) co_return Errc::not_connected;
  const auto operation = link_->begin();
  if (payload.size() > worker_.network().eager_bytes()) {
    offer(header, payload, operation);
  } else {
    transmit(header, payload, false);
    worker_.schedule(link_->local_due, [operation] { operation->finish(Errc::ok); });
  }
  const std::int64_t result = co_await operation->ended;
  co_return to_status(static_cast<Errc>(result));
}

Result<std::unique_ptr<RemoteBuffer>> LoopbackEndpoint::import(Bytes exported) {
  if (has_failed()) return Errc::not_connected;
  return LoopbackRemoteBuffer::open(worker_.network(), link_->peer, exported);
}

Task<Status> LoopbackEndpoint::put(Bytes local, RemoteBuffer& remote, std::uint64_t offset) {
  auto& target = static_cast<LoopbackRemoteBuffer&>(remote);
  MAYFLY_ASSERT(offset <= target.size() && local.size() <= target.size() - offset);
  if (has_failed()) co_return Errc::not_connected;
  const auto operation = link_->begin();
  worker_.schedule(link_->local_due,
                   [operation, local, offset, name = target.name(), &network = worker_.network()] {
                     const MutableBytes memory = network.memory(name);
                     if (operation->is_over()) return;
                     if (memory.empty()) return operation->finish(Errc::not_connected);
                     if (!local.empty()) {
                       std::memcpy(memory.data() + offset, local.data(), local.size());
                     }
                     operation->finish(Errc::ok);
                   });
  const std::int64_t result = co_await operation->ended;
  co_return to_status(static_cast<Errc>(result));
}

Task<Status> LoopbackEndpoint::get(MutableBytes local, RemoteBuffer& remote, std::uint64_t offset) {
  auto& source = static_cast<LoopbackRemoteBuffer&>(remote);
  MAYFLY_ASSERT(offset <= source.size() && local.size() <= source.size() - offset);
  if (has_failed()) co_return Errc::not_connected;
  const auto operation = link_->begin();
  worker_.schedule(link_->local_due,
                   [operation, local, offset, name = source.name(), &network = worker_.network()] {
                     const MutableBytes memory = network.memory(name);
                     if (operation->is_over()) return;
                     if (memory.empty()) return operation->finish(Errc::not_connected);
                     if (!local.empty()) {
                       std::memcpy(local.data(), memory.data() + offset, local.size());
                     }
                     operation->finish(Errc::ok);
                   });
  const std::int64_t result = co_await operation->ended;
  co_return to_status(static_cast<Errc>(result));
}

Task<Status> LoopbackEndpoint::flush() {
  if (has_failed()) co_return Errc::not_connected;
  const auto operation = link_->begin();
  worker_.schedule(link_->local_due, [operation] { operation->finish(Errc::ok); });
  const std::int64_t result = co_await operation->ended;
  co_return to_status(static_cast<Errc>(result));
}

Task<void> LoopbackEndpoint::close() {
  worker_.close(link_);
  co_return;
}

}  // namespace mayfly
