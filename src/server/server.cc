#include "server/server.h"

#include <fmt/format.h>
#include <sys/random.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "base/log.h"
#include "server/operation.h"

namespace mayfly {
namespace {

constexpr Nanoseconds kPatience = std::chrono::milliseconds(300);
constexpr Nanoseconds kBetweenReclaims = kReadLease / 4;

}  // namespace

Server::Server(ServerParts parts, const ServerOptions& options)
    : parts_(parts), options_(options), reclaiming_(parts.loop, &Server::reclaim, this) {
  parts_.worker.set_receiver(this);
  parts_.store.set_loss_observer(this);
}

Server::~Server() {
  MAYFLY_ASSERT(connections_.empty() && retiring_ == 0);
  parts_.store.set_loss_observer(nullptr);
  parts_.worker.set_receiver(nullptr);
}

void Server::join(const SessionInfo& session, std::uint32_t index) {
  session_ = session;
  index_ = index;
  name_ = fmt::format("server {} on {}", index, session.servers[index].node);
  namespace_ = std::make_unique<Namespace>(index, servers(), session.id);
  if (index == 0) {
    Creation root;
    root.mode = options_.root_mode;
    root.uid = ::getuid();
    root.gid = ::getgid();
    root.now_ns = wall_clock_ns();
    root.layout = kUnsetLayout;
    namespace_->make_root(root);
  }
  peers_ = std::make_unique<Peers>(loop(), worker(), session_, options_.peer_deadline);
}

void Server::serve() {
  while (!stopping()) loop().run_once();
  loop().run(wind_down());
}

Task<void> Server::wind_down() {
  stop();
  fences_.lift_all();
  file_locks_.cancel(FileLocks::kAll);
  ReplyHeader goodbye;
  goodbye.opcode = static_cast<std::uint8_t>(index_of(Opcode::disconnect) | kReplyBit);
  goodbye.request_id = Channel::goodbye_of(index_);
  // What is in flight is answered, if that does not take long: launchers kill a second after TERM.
  for (auto& [cookie, connection] : connections_) {
    connection->endpoint->post(as_wire(goodbye));
    loop().spawn(flush(connection));
  }
  const TimePoint patience = loop().now() + kPatience;
  while (loop().spawned() != 0 && loop().now() < patience) {
    co_await sleep_for(loop(), std::chrono::milliseconds(1));
  }
  if (peers_ != nullptr) co_await peers_->close();
  // Requests between servers (dropping data, say) run without a connection of ours.
  while (!connections_.empty() || retiring_ != 0 || loop().spawned() != 0) {
    while (!connections_.empty()) expel(connections_.begin()->second);
    fences_.lift_all();
    file_locks_.cancel(FileLocks::kAll);
    co_await sleep_for(loop(), std::chrono::milliseconds(1));
  }
}

Task<void> Server::flush(std::shared_ptr<Connection> connection) {
  Task<Status> flushing = connection->endpoint->flush();
  // A peer that is gone needs no answer any more.
  const Status flushed = co_await std::move(flushing);
  if (!flushed) log::debug("{}: a client did not hear the last of us", name_);
}

void Server::on_message(Message message) {
  if (is_reply(message.header())) {
    const auto header = decode_reply(message.header());
    if (!header || peers_ == nullptr) return;
    const std::uint32_t from = Channel::server_of(header->request_id);
    if (from < servers()) peers_->channel(from).on_reply(*header, std::move(message));
    return;
  }
  const auto header = decode_request(message.header());
  if (!header) {
    log::warn("{}: dropped a malformed message of {} bytes", name_, message.header().size());
    return;
  }
  // Nothing is answered before the server has joined: it could not check a secret yet.
  if (namespace_ != nullptr) dispatch(*header, std::move(message));
}

void Server::dispatch(const RequestHeader& header, Message message) {
  if (stopping() && header.opcode != Opcode::disconnect && header.opcode != Opcode::release_slot) {
    return refuse(header, message, Errc::io_error);
  }
  const Operation& operation = operation_of(header.opcode);
  // What tries to do it at once reads a payload once only; nobody else is to see it change.
  if (operation.attempt == nullptr) message.keep();
  if (header.opcode == Opcode::connect) return connect(*this, header, message);
  const auto found = connections_.find(header.cookie);
  if (found == connections_.end()) return refuse(header, message, Errc::not_connected);
  const std::uint64_t began = statistics_.note_request(header.opcode, operation.task != nullptr);
  Request request(found->second, header, std::move(message), began);
  const bool is_data = header.opcode == Opcode::write || header.opcode == Opcode::put_file;
  if (request.body.payload_bytes() > (is_data ? kMaxPieceBytes : kMaxBodyBytes) ||
      (!is_data && request.body.is_rendezvous())) {
    return reply(request, Errc::bad_message);
  }
  if (header.epoch < names().epoch()) return reply(request, Errc::stale);
  if (operation.at_once != nullptr) return operation.at_once(*this, request);
  if (operation.attempt != nullptr) {
    if (operation.attempt(*this, request)) return;
    request.body.keep();
  }
  loop().spawn(operation.task(*this, std::move(request)));
}

void Server::refuse(const RequestHeader& header, const Message& message, Errc error) {
  const auto known = connections_.find(header.cookie);
  Endpoint* const endpoint =
      known != connections_.end() ? known->second->endpoint.get() : message.reply_endpoint();
  if (endpoint == nullptr) return;
  ReplyHeader answer;
  answer.opcode = static_cast<std::uint8_t>(index_of(header.opcode) | kReplyBit);
  answer.error = to_errno(error);
  answer.request_id = header.request_id;
  endpoint->post(as_wire(answer));
}

void Server::note_reply(const Request& request, Errc error, std::uint64_t value) {
  const Opcode opcode = request.header.opcode;
  const bool moves_data = opcode == Opcode::write || opcode == Opcode::read ||
                          opcode == Opcode::stage_data || opcode == Opcode::put_file;
  const bool failed = error != Errc::ok;
  if (opcode == Opcode::write) value = unpack(request.header.length).length;
  statistics_.note_reply(opcode, request.began_ticks, failed, moves_data && !failed ? value : 0);
}

ReplyHeader Server::reply_header(const Request& request, Errc error) const {
  ReplyHeader header;
  header.opcode = static_cast<std::uint8_t>(index_of(request.header.opcode) | kReplyBit);
  header.error = to_errno(error);
  header.request_id = request.header.request_id;
  header.epoch = namespace_->epoch();
  return header;
}

void Server::reply(const Request& request, Errc error, std::uint64_t value, std::uint64_t second,
                   std::uint16_t flags, Bytes body) {
  note_reply(request, error, value);
  if (request.connection->dead) return;
  ReplyHeader header = reply_header(request, error);
  header.value = value;
  header.second = second;
  header.flags = flags;
  request.connection->endpoint->post(as_wire(header), body);
}

Task<void> Server::reply_with(const Request& request, ReplyHeader header, Bytes body) {
  note_reply(request, errc_from(header.error), header.value);
  if (request.connection->dead) co_return;
  Task<Status> sending = request.connection->endpoint->send(as_wire(header), body);
  // A peer that does not take its reply is dead, which its endpoint reports.
  const Status sent = co_await std::move(sending);
  if (!sent) log::debug("{}: a reply could not be sent", name_);
}

std::shared_ptr<Connection> Server::admit(std::unique_ptr<Endpoint> endpoint) {
  std::uint64_t cookie = 0;
  while (cookie == 0 || connections_.contains(cookie)) {
    MAYFLY_ASSERT(::getrandom(&cookie, sizeof cookie, 0) == sizeof cookie);
  }
  const std::size_t most_transfers =
      std::max<std::size_t>(1, parts_.pool.most(BufferClass::large) / 4);
  auto connection = std::make_shared<Connection>(cookie, std::move(endpoint), most_transfers);
  connections_.emplace(cookie, connection);
  return connection;
}

void Server::expel(std::shared_ptr<Connection> connection) {
  if (std::exchange(connection->dead, true)) return;
  connections_.erase(connection->cookie);
  ++retiring_;
  loop().spawn(retire(std::move(connection)));
}

Task<void> Server::retire(std::shared_ptr<Connection> connection) {
  // Closing the endpoint first ends payloads that a dead client will never finish sending; only
  // then can requests end, and only after both is no Buffer of theirs reachable by the peer any
  // more.
  co_await connection->endpoint->close();
  // What it held goes back before its requests end: they may wait for just these Buffers.
  connection->write_slots.clear();
  connection->read_slots.clear();
  for (const FileId directory : std::exchange(connection->frozen, {})) thaw(*this, directory);
  for (const auto& [parent, name] : std::exchange(connection->held, {})) {
    release_held(*this, parent, name);
  }
  file_locks_.cancel(connection->cookie);
  co_await connection->requests.closed();
  connection->write_slots.clear();
  connection->read_slots.clear();
  connection->staged.clear();
  release_opens(*connection);
  co_await file_locks_.release(connection->cookie);
  connection->endpoint.reset();
  --retiring_;
}

void Server::release_opens(Connection& connection) {
  for (const auto& [handle, count] : connection.opens) {
    for (std::uint32_t i = 0; i < count; ++i) settle(names().forget(handle.first, handle.second));
  }
  connection.opens.clear();
}

void Server::on_endpoint_failed(Endpoint& endpoint, Errc why) {
  if (peers_ != nullptr && peers_->on_endpoint_failed(endpoint, why)) return;
  const auto found = std::find_if(connections_.begin(), connections_.end(), [&](const auto& entry) {
    return entry.second->endpoint.get() == &endpoint;
  });
  if (found == connections_.end()) return;
  log::info("{}: a client is gone ({}); its slots and open files are released", name_,
            mayfly::describe(why));
  expel(found->second);
}

std::size_t Server::slot_share(const Connection& connection) const {
  const std::size_t for_writes = parts_.pool.total(BufferClass::large) * 3 / 4;
  std::size_t holders = 1;
  std::size_t leased_by_others = 0;
  for (const auto& [cookie, other] : connections_) {
    if (other.get() == &connection || other->leased == 0) continue;
    ++holders;
    leased_by_others += other->leased;
  }
  const std::size_t left = for_writes - std::min(for_writes, leased_by_others);
  return std::max<std::size_t>(1, std::min(left, for_writes / holders));
}

void Server::lend(Connection& connection, std::uint64_t lease, ReadSlot slot) {
  connection.read_slots.insert_or_assign(lease, std::move(slot));
  if (!reclaiming_.armed()) reclaiming_.arm(loop().now() + kBetweenReclaims);
}

void Server::reclaim(void* self) {
  auto& server = *static_cast<Server*>(self);
  const TimePoint overdue = server.loop().now() - 2 * kReadLease;
  bool is_any_left = false;
  for (const auto& [cookie, connection] : server.connections_) {
    std::erase_if(connection->read_slots,
                  [overdue](const auto& slot) { return slot.second.since <= overdue; });
    is_any_left |= !connection->read_slots.empty();
  }
  if (is_any_left) server.reclaiming_.arm(server.loop().now() + kBetweenReclaims);
}

std::shared_ptr<Server::FileData> Server::data_of(FileId file) {
  return written_files_.find_or_make(file).data;
}

std::int64_t Server::last_write_of(FileId file) const {
  const WrittenFile* const written = written_files_.find(file);
  return written == nullptr ? 0 : written->data->modified_ns;
}

void Server::forget_data(FileId file) {
  if (const WrittenFile* const written = written_files_.find(file)) written_files_.take(*written);
}

std::shared_ptr<Semaphore> Server::lock_of(FileId file) {
  auto& lock = locks_[file];
  if (lock == nullptr) lock = std::make_shared<Semaphore>(1);
  return lock;
}

void Server::drop_lock(FileId file) {
  const auto found = locks_.find(file);
  if (found != locks_.end() && found->second.use_count() == 1) locks_.erase(found);
}

void Server::on_loss(FileId file) {
  if (namespace_ != nullptr) loop().spawn(announce_loss(*this, file));
}

void Server::settle(const Result<Release>& release) {
  if (release && release->drop_data) drop_data(release->attributes);
}

}  // namespace mayfly
