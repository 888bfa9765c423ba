#include "transport/loopback_worker.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "transport/loopback_memory.h"
#include "transport/sealed_bytes.h"

namespace mayfly {

LoopbackWorker::LoopbackWorker(LoopbackNetwork& network)
    : network_(network),
      id_(network.enter(*this)),
      address_(seal(SealKind::loopback_address, std::as_bytes(std::span(&id_, 1)))),
      event_fd_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  MAYFLY_ASSERT(event_fd_ >= 0);
}

LoopbackWorker::~LoopbackWorker() {
  for (const auto& link : links_) link->end();
  network_.leave(*this);
  reply_endpoints_.clear();
  ::close(event_fd_);
}

std::size_t LoopbackWorker::poll() {
  if (is_dead()) return 0;
  if (std::exchange(awake_, false)) {
    std::uint64_t count = 0;
    MAYFLY_ASSERT(::read(event_fd_, &count, sizeof count) == sizeof count);
  }
  ++turn_;
  std::size_t happened = 0;
  while (!events_.empty() && events_.begin()->first <= turn_) {
    const auto event = events_.extract(events_.begin());
    event.mapped()();
    ++happened;
  }
  if (!failed_.empty()) report_failures();
  // What is due later counts too: the loop is not idle.
  return happened + (events_.empty() ? 0 : 1);
}

void LoopbackWorker::report_failures() {
  for (const auto& link : std::exchange(failed_, {})) {
    if (link->endpoint == nullptr) {
      std::erase(links_, link);
    } else if (receiver_ != nullptr) {
      receiver_->on_endpoint_failed(*link->endpoint, Errc::not_connected);
    }
  }
}

void LoopbackWorker::schedule(std::uint64_t& due, Event event) {
  due = std::max(due, turn_ + 1 + network_.random_delay());
  events_.emplace(due, std::move(event));
  wake();
}

void LoopbackWorker::wake() {
  if (std::exchange(awake_, true)) return;
  const std::uint64_t one = 1;
  MAYFLY_ASSERT(::write(event_fd_, &one, sizeof one) == sizeof one);
}

void LoopbackWorker::deliver(Bytes header, Body body, std::uint64_t sender, std::uint64_t number,
                             bool wants_reply) {
  if (network_.was_killed(sender) || receiver_ == nullptr) return;
  Endpoint* reply = wants_reply ? reply_endpoint_to(sender, number) : nullptr;
  receiver_->on_message(Message(header, std::move(body), reply));
}

std::shared_ptr<LoopbackLink> LoopbackWorker::link_to(std::uint64_t peer,
                                                      std::uint64_t number) const {
  const auto found = std::find_if(links_.begin(), links_.end(), [&](const auto& link) {
    return link->peer == peer && link->number == number;
  });
  return found == links_.end() ? nullptr : *found;
}

std::shared_ptr<LoopbackLink> LoopbackWorker::add_link(std::uint64_t peer, std::uint64_t number) {
  next_number_[peer] = std::max(next_number_[peer], number + 1);
  auto link = links_.emplace_back(std::make_shared<LoopbackLink>(peer, number));
  if (network_.find(peer) == nullptr) fail(link);
  return link;
}

Endpoint* LoopbackWorker::reply_endpoint_to(std::uint64_t peer, std::uint64_t number) {
  std::unique_ptr<LoopbackEndpoint>& endpoint = reply_endpoints_[peer];
  if (endpoint != nullptr && !endpoint->has_failed()) return endpoint.get();
  auto link = link_to(peer, number);
  if (link == nullptr) link = add_link(peer, number);
  if (endpoint == nullptr) {
    endpoint = std::make_unique<LoopbackEndpoint>(LoopbackEndpoint::Role::reply, *this, link);
  } else {
    endpoint->lead_to(link);
  }
  return endpoint.get();
}

Result<std::unique_ptr<Endpoint>> LoopbackWorker::connect(Bytes address) {
  MAYFLY_TRY(content, unseal(SealKind::loopback_address, address));
  std::uint64_t peer = 0;
  if (content.size() != sizeof peer) return Errc::bad_message;
  std::memcpy(&peer, content.data(), sizeof peer);
  // A peer that has asked for replies is connected already.
  const auto known = std::find_if(links_.begin(), links_.end(), [&](const auto& link) {
    return link->peer == peer && link->is_open && link->endpoint == nullptr;
  });
  auto link = known != links_.end() ? *known : add_link(peer, next_number_[peer]);
  return std::unique_ptr<Endpoint>(
      std::make_unique<LoopbackEndpoint>(LoopbackEndpoint::Role::user, *this, std::move(link)));
}

void LoopbackWorker::close(const std::shared_ptr<LoopbackLink>& link) {
  std::erase(failed_, link);
  std::erase(links_, link);
  if (!link->is_open) return;
  link->end();
  LoopbackWorker* peer = is_dead() ? nullptr : network_.find(link->peer);
  if (peer == nullptr) return;
  // Behind all messages of the link.
  peer->schedule(link->sent_due, [peer, from = id_, number = link->number] {
    if (const auto other_end = peer->link_to(from, number)) peer->fail(other_end);
  });
}

void LoopbackWorker::fail(const std::shared_ptr<LoopbackLink>& link) {
  if (!link->is_open) return;
  link->end();
  failed_.push_back(link);
  wake();
}

void LoopbackWorker::lose(std::uint64_t peer, std::uint32_t polls) {
  for (const auto& link : links_) {
    if (link->peer != peer || !link->is_open) continue;
    events_.emplace(turn_ + polls, [this, link] { fail(link); });
    wake();
  }
}

void LoopbackWorker::die() {
  for (const auto& link : links_) link->end();
  events_.clear();
  failed_.clear();
}

Result<std::unique_ptr<RegisteredMemory>> LoopbackWorker::allocate(std::size_t bytes) {
  return LoopbackMemory::allocate(*this, bytes);
}

}  // namespace mayfly
