#include "transport/ucx_worker.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "base/log.h"
#include "transport/kept_payload.h"
#include "transport/sealed_bytes.h"
#include "transport/ucx_inline_payload.h"
#include "transport/ucx_memory.h"
#include "transport/ucx_message_kind.h"
#include "transport/ucx_rendezvous.h"
#include "transport/ucx_status.h"

namespace mayfly {
namespace {

/// Turns of UCX within one poll() at the most, so that a busy UCX does not starve the loop.
constexpr int kMaxTurns = 64;
constexpr std::uint32_t kPollsBetweenLooks = 0xfff;
/// How long the destructor waits for UCX to let go of what is in flight.
constexpr Nanoseconds kFarewell = std::chrono::seconds(5);

Bytes bytes_of(const std::string& text) {
  return {reinterpret_cast<const std::byte*>(text.data()), text.size()};
}

}  // namespace

UcxWorker::Arrival::Arrival(const void* header_begin, std::size_t header_size)
    : header_bytes(header_size) {
  if (header_size != 0) std::memcpy(header.data(), header_begin, header_size);
}

Result<std::unique_ptr<UcxWorker>, Failure> UcxWorker::create(const UcxOptions& options) {
  auto handles = UcxHandles::open(options);
  if (!handles) return handles.error();
  std::unique_ptr<UcxWorker> worker(new UcxWorker(std::move(*handles), options));
  if (const ucs_status_t status = worker->listen(); status != UCS_OK) {
    return Failure{errc_from(status), "UCX refused to receive active messages: " +
                                          std::string(ucs_status_string(status))};
  }
  return worker;
}

UcxWorker::UcxWorker(std::unique_ptr<UcxHandles> handles, const UcxOptions& options)
    : handles_(std::move(handles)),
      lanes_(UcxLanes::open(*handles_, options)),
      keepalive_(options.keepalive) {
  const auto wake_name = lanes_ == nullptr ? WakeSocket::Name{} : lanes_->name();
  address_ = seal_address({ProcessMark::of_this_process(), wake_name, handles_->address()});
}

ucs_status_t UcxWorker::listen() {
  const std::pair<unsigned, ucp_am_recv_callback_t> handlers[] = {
      {kPlainMessage, &UcxWorker::plain_arrived},
      {kMessageWithAddress, &UcxWorker::addressed_arrived},
      {kLaneOffer, &UcxWorker::offer_arrived}};
  for (const auto& [id, callback] : handlers) {
    ucp_am_handler_param_t params{};
    params.field_mask = UCP_AM_HANDLER_PARAM_FIELD_ID | UCP_AM_HANDLER_PARAM_FIELD_CB |
                        UCP_AM_HANDLER_PARAM_FIELD_ARG;
    params.id = id;
    params.cb = callback;
    params.arg = this;
    const ucs_status_t status = ucp_worker_set_am_recv_handler(handles_->worker(), &params);
    if (status != UCS_OK) return status;
  }
  return UCS_OK;
}

UcxWorker::~UcxWorker() {
  arrived_.clear();
  reply_endpoints_.clear();
  while (!open_.empty()) open_.begin()->second->close();
  const TimePoint end = Clock::steady().now() + kFarewell;
  while ((!draining_.empty() || strangers_.gate.inside() != 0) && Clock::steady().now() < end) {
    ucp_worker_progress(handles_->worker());
    hurry_draining();
  }
  strangers_.let_go(true);
  arrived_.clear();
  // What UCX holds on to now it may still touch, so it is not freed.
  for (auto& connection : closed_) {
    if (connection->is_draining()) static_cast<void>(connection.release());
  }
}

ucs_status_t UcxWorker::plain_arrived(void* self, const void* header, std::size_t header_bytes,
                                      void* data, std::size_t bytes,
                                      const ucp_am_recv_param_t* param) {
  auto& worker = *static_cast<UcxWorker*>(self);
  if (header_bytes > kMaxHeaderBytes) return UCS_OK;
  Arrival& arrival = worker.arrived_.emplace_back(header, header_bytes);
  if (bytes == 0) return UCS_OK;
  if ((param->recv_attr & UCP_AM_RECV_ATTR_FLAG_RNDV) != 0) {
    const bool named = (param->recv_attr & UCP_AM_RECV_ATTR_FIELD_REPLY_EP) != 0;
    arrival.payload =
        std::make_unique<UcxRendezvous>(worker, data, bytes, named ? param->reply_ep : nullptr);
    return UCS_INPROGRESS;
  }
  const Bytes payload(static_cast<const std::byte*>(data), bytes);
  if (bytes > UcxInlinePayload::kCopiedBytes &&
      (param->recv_attr & UCP_AM_RECV_ATTR_FLAG_DATA) != 0) {
    arrival.payload = std::make_unique<UcxInlinePayload>(worker.handles_->worker(), payload);
    return UCS_INPROGRESS;
  }
  arrival.payload = KeptPayload::copy(payload);
  return UCS_OK;
}

ucs_status_t UcxWorker::addressed_arrived(void* self, const void* header, std::size_t header_bytes,
                                          void* data, std::size_t bytes,
                                          const ucp_am_recv_param_t* param) {
  auto& worker = *static_cast<UcxWorker*>(self);
  const Bytes body(static_cast<const std::byte*>(data), bytes);
  const bool is_here = (param->recv_attr & UCP_AM_RECV_ATTR_FLAG_RNDV) == 0;
  if (header_bytes > kMaxHeaderBytes || !is_here) return UCS_OK;
  const auto size = sealed_size(body);
  if (!size) return UCS_OK;
  const Bytes address = body.first(size.value());
  if (!unseal_address(address)) return UCS_OK;
  const Bytes payload = body.subspan(size.value());
  Arrival& arrival = worker.arrived_.emplace_back(header, header_bytes);
  arrival.sender_address =
      std::make_unique<std::string>(reinterpret_cast<const char*>(address.data()), address.size());
  if (!payload.empty()) arrival.payload = KeptPayload::copy(payload);
  return UCS_OK;
}

ucs_status_t UcxWorker::offer_arrived(void* self, const void* /*header*/,
                                      std::size_t /*header_bytes*/, void* data, std::size_t bytes,
                                      const ucp_am_recv_param_t* param) {
  auto& worker = *static_cast<UcxWorker*>(self);
  const bool is_here = (param->recv_attr & UCP_AM_RECV_ATTR_FLAG_RNDV) == 0;
  const bool is_named = (param->recv_attr & UCP_AM_RECV_ATTR_FIELD_REPLY_EP) != 0;
  const auto found = is_named ? worker.open_.find(param->reply_ep) : worker.open_.end();
  if (!is_here || found == worker.open_.end()) return UCS_OK;
  const auto* const begin = static_cast<const std::byte*>(data);
  found->second->lane_offer.assign(begin, begin + bytes);
  return UCS_OK;
}

std::size_t UcxWorker::poll() {
  std::size_t happened = lanes_ == nullptr ? 0 : lanes_->poll(receiver_);
  // Messages are handed over at once: a further turn that finds nothing would delay them.
  for (int turn = 0; turn < kMaxTurns && arrived_.empty(); ++turn) {
    const unsigned progressed = ucp_worker_progress(handles_->worker());
    if (progressed == 0) break;
    happened += progressed;
  }
  if (!arrived_.empty()) deliver();
  if ((++polls_ & kPollsBetweenLooks) == 0) look_after_peers();
  if (!failed_.empty()) {
    // What a peer has said before it went is heard first.
    if (lanes_ != nullptr) happened += lanes_->poll(receiver_);
    report_failures();
  }
  if (!draining_.empty()) hurry_draining();
  if (!closed_.empty()) forget_closed();
  return happened;
}

void UcxWorker::deliver() {
  delivering_.swap(arrived_);
  for (Arrival& arrival : delivering_) {
    Endpoint* reply_endpoint =
        arrival.sender_address ? reply_endpoint_to(*arrival.sender_address) : nullptr;
    const Bytes header(arrival.header.data(), arrival.header_bytes);
    if (receiver_ == nullptr) continue;
    receiver_->on_message(Message(header, std::move(arrival.payload), reply_endpoint));
  }
  delivering_.clear();
}

void UcxWorker::report_failures() {
  std::vector<UcxConnection*> failed;
  failed.swap(failed_);
  for (std::size_t i = 0; i < failed.size(); ++i) {
    UcxConnection& connection = *failed[i];
    if (connection.reply_endpoint != nullptr) connection.reply_endpoint->lead_to(nullptr);
    if (connection.endpoint == nullptr) {
      connection.close();
    } else if (receiver_ != nullptr) {
      receiver_->on_endpoint_failed(*connection.endpoint, connection.failure());
    }
  }
}

/// Goes round once per keepalive; the clock is not asked at every poll.
void UcxWorker::look_after_peers() {
  const TimePoint now = Clock::steady().now();
  if (now - looked_after_ < keepalive_) return;
  looked_after_ = now;
  std::vector<UcxConnection*> all;
  for (const auto& [handle, connection] : open_) all.push_back(connection.get());
  for (UcxConnection* connection : all) connection->look_after_peer();
}

bool UcxWorker::arm() {
  look_after_peers();
  if (!arrived_.empty() || !failed_.empty()) return false;
  // What a closed connection waits for ends by polling alone and may not wake the descriptor.
  if (!draining_.empty()) return false;
  if (lanes_ != nullptr && !lanes_->arm()) return false;
  return ucp_worker_arm(handles_->worker()) == UCS_OK;
}

UcxFlight* UcxWorker::flight_of(ucp_ep_h sender) {
  const auto found = open_.find(sender);
  if (found == open_.end()) return &strangers_;
  return found->second->is_open() ? &found->second->flight() : nullptr;
}

void UcxWorker::has_failed(UcxConnection& connection) {
  failed_.push_back(&connection);
  draining_.push_back(&connection);
}

UcxConnection& UcxWorker::open_connection(const UcxAddress& address) {
  auto made = std::make_unique<UcxConnection>(*this, address);
  UcxConnection& connection = *made;
  if (connection.handle() == nullptr) {
    closed_.push_back(std::move(made));
  } else {
    open_.emplace(connection.handle(), std::move(made));
    connection.make_acquaintance();
  }
  return connection;
}

void UcxWorker::has_closed(UcxConnection& connection, ucp_ep_h handle) {
  const auto found = open_.find(handle);
  MAYFLY_ASSERT(found != open_.end());
  if (connection.reply_endpoint != nullptr) connection.reply_endpoint->lead_to(nullptr);
  closed_.push_back(std::move(found->second));
  open_.erase(found);
  if (connection.failure() == Errc::ok) draining_.push_back(&connection);
}

void UcxWorker::hurry_draining() {
  const TimePoint now = Clock::steady().now();
  std::erase_if(draining_, [now](UcxConnection* connection) {
    if (connection->is_draining()) connection->hurry(now);
    return !connection->is_draining();
  });
}

/// Frees closed connections that nobody needs any more.
void UcxWorker::forget_closed() {
  std::erase_if(closed_, [this](const std::unique_ptr<UcxConnection>& connection) {
    const bool needed = connection->endpoint != nullptr || connection->reply_endpoint != nullptr ||
                        connection->is_draining();
    if (!needed) std::erase(failed_, connection.get());
    if (!needed) std::erase(draining_, connection.get());
    return !needed;
  });
}

UcxEndpoint* UcxWorker::reply_endpoint_to(const std::string& address) {
  std::unique_ptr<UcxEndpoint>& endpoint = reply_endpoints_[address];
  // One that has failed is no way back, whether that has been reported or not.
  if (endpoint != nullptr && !endpoint->has_failed()) return endpoint.get();
  const auto decoded = unseal_address(bytes_of(address));
  UcxConnection& connection = open_connection(decoded.value());
  offer_lane(connection);
  if (endpoint == nullptr) {
    endpoint = std::make_unique<UcxEndpoint>(UcxEndpoint::Role::reply, connection);
  } else {
    endpoint->lead_to(&connection);
  }
  return endpoint.get();
}

/// Before anything else is sent to it, so that the peer has the offer when it has that.
void UcxWorker::offer_lane(UcxConnection& connection) {
  auto pass = connection.enter();
  if (lanes_ == nullptr || !pass) return;
  const std::vector<std::byte> offer = lanes_->offer(connection);
  if (offer.empty()) return;
  const UcxPost::Target target{connection.handle(), kLaneOffer, connection.begins(), true};
  posts_.take(posts_)->send(target, std::move(*pass), {}, {}, offer);
}

void UcxWorker::take_up_lane(UcxConnection& connection) {
  const auto offer = std::exchange(connection.lane_offer, {});
  const bool is_wanted = connection.is_open() && connection.lane == nullptr && !offer.empty();
  if (is_wanted && lanes_ != nullptr) lanes_->take_up(connection, offer);
}

void UcxWorker::leave_lane(UcxConnection& connection) {
  if (lanes_ != nullptr) lanes_->leave(connection);
}

Result<std::unique_ptr<Endpoint>> UcxWorker::connect(Bytes address) {
  MAYFLY_TRY(decoded, unseal_address(address));
  const std::string key(reinterpret_cast<const char*>(address.data()), address.size());
  // A peer that has asked for replies is connected already; a second connection would not be the
  // one that its rendezvous payloads come by.
  const auto known = reply_endpoints_.find(key);
  UcxConnection* connection =
      known == reply_endpoints_.end() ? nullptr : known->second->connection();
  if (connection == nullptr || connection->endpoint != nullptr || !connection->is_open()) {
    connection = &open_connection(decoded);
  }
  return std::unique_ptr<Endpoint>(
      std::make_unique<UcxEndpoint>(UcxEndpoint::Role::user, *connection));
}

Result<std::unique_ptr<RegisteredMemory>> UcxWorker::allocate(std::size_t bytes) {
  return UcxMemory::allocate(handles_->context(), bytes);
}

}  // namespace mayfly
