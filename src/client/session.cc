#include "client/session.h"

#include <sys/random.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <utility>

#include "async/task_group.h"

namespace mayfly {
namespace {

/// Of several each client takes its own; kAnyServer: there is none.
std::uint16_t server_on_this_node(const SessionInfo& info, std::uint64_t client_id) {
  std::array<char, 256> name{};
  if (::gethostname(name.data(), name.size() - 1) != 0) return kAnyServer;
  std::vector<std::uint16_t> here;
  for (std::uint32_t server = 0; server < info.server_count(); ++server) {
    if (info.servers[server].node == name.data())
      here.push_back(static_cast<std::uint16_t>(server));
  }
  return here.empty() ? kAnyServer : here[client_id % here.size()];
}

}  // namespace

Result<Attributes> attributes_of(const Result<Reply>& reply) {
  if (!reply) return reply.error();
  if (const Status status = reply->status(); !status) return status.error();
  return decode_attributes(reply->body.payload());
}

Session::Session(SessionInfo info, Worker& worker, Sleeper& sleeper, const SessionOptions& options,
                 const Clock& clock)
    : info_(std::move(info)),
      worker_(worker),
      options_(options),
      user_(options.user ? *options.user : Credentials::effective()),
      loop_(sleeper, clock),
      driver_(loop_, sleeper),
      times_(options.is_timed ? std::make_unique<CallTimes>() : nullptr),
      window_(options.window_bytes) {
  MAYFLY_ASSERT(::getrandom(&client_id_, sizeof client_id_, 0) == sizeof client_id_);
  local_server_ = server_on_this_node(info_, client_id_);
  worker_.set_receiver(this);
  loop_.add(worker_);
  for (std::uint32_t server = 0; server < servers(); ++server) {
    channels_.push_back(
        std::make_unique<Channel>(loop_, worker_, info_, server, options_.deadline));
    slots_.push_back(std::make_unique<SlotPool>(*channels_.back()));
    if (times_ != nullptr) channels_.back()->time_into(*times_);
  }
}

Session::~Session() { worker_.set_receiver(nullptr); }

void Session::on_message(Message message) {
  const auto header = decode_reply(message.header());
  if (!header) return;
  const std::uint32_t server = Channel::server_of(header->request_id);
  if (server >= servers()) return;
  learn_epoch(header->epoch);
  channels_[server]->on_reply(*header, std::move(message));
}

void Session::on_endpoint_failed(Endpoint& endpoint, Errc why) {
  for (auto& channel : channels_) {
    if (channel->on_endpoint_failed(endpoint, why)) return;
  }
}

void Session::learn_epoch(std::uint64_t epoch) {
  if (epoch <= epoch_) return;
  epoch_ = epoch;
  paths_.clear();
}

Channel::Call Session::inode_call(RequestHeader header, Bytes body) {
  if (header.file.home() >= servers()) return Channel::Call(Errc::bad_message);
  // An id does not go stale, whatever is renamed.
  header.epoch = kAnyEpoch;
  return channel(header.file.home()).call(header, body);
}

Task<Result<Attributes>> Session::get_attributes(FileId file) {
  auto reply = co_await inode_call(about(Opcode::get_attributes, file));
  const auto attributes = attributes_of(reply);
  if (!attributes) co_return attributes.error();
  co_return co_await settle(*attributes);
}

Task<Result<WireBytes>> Session::body_of(Reply& reply, std::size_t most) {
  WireBytes bytes(reply.body.payload_bytes());
  if (bytes.size() > most) co_return Errc::bad_message;
  const std::uint32_t server = Channel::server_of(reply.header.request_id);
  MAYFLY_CO_CHECKED(co_await channel(server).receive(reply, bytes));
  co_return bytes;
}

Task<Result<Attributes>> Session::settle(Attributes attributes) {
  // Of a directory its home has settled what there was to settle when it was asked.
  if ((attributes.flags & kUnsettled) == 0 || attributes.is_directory()) co_return attributes;
  Extent extent;
  TaskGroup group;
  for (const std::uint32_t server : holders(attributes.layout, servers())) {
    group.add(ask_extent(server, attributes, extent));
  }
  const Status status = co_await group.join();
  if (!status) co_return status.error();
  attributes.size = std::max(attributes.size, extent.end);
  attributes.blocks_512 = blocks_of(extent.rest.pages);
  const std::int64_t modified_ns = extent.rest.modified_ns;
  if (modified_ns > attributes.mtime_decided_ns) {
    attributes.mtime_ns = modified_ns;
    attributes.ctime_ns = std::max(attributes.ctime_ns, modified_ns);
  }
  co_return attributes;
}

Task<Status> Session::ask_extent(std::uint32_t server, Attributes file, Extent& extent) {
  RequestHeader header;
  header.opcode = Opcode::data_end;
  header.epoch = kAnyEpoch;
  header.file = file.id;
  header.length = file.layout.chunk_bytes;
  auto reply = co_await channel(server).call(header);
  if (!reply) co_return reply.error();
  MAYFLY_CO_CHECKED(reply->status());
  MAYFLY_CO_TRY(there, decode_extent(reply->body.payload()));
  extent.end = std::max(extent.end, reply->header.value);
  extent.rest.pages += there.pages;
  extent.rest.modified_ns = std::max(extent.rest.modified_ns, there.modified_ns);
  co_return Status();
}

Task<Status> Session::set_attributes(FileId file, ChangeBody change) {
  const RequestHeader header = about(Opcode::set_attributes, file);
  co_return status_of(co_await inode_call(header, as_wire(change)));
}

Task<Status> Session::set_size(FileId file, std::uint64_t size) {
  RequestHeader header = about(Opcode::set_size, file);
  header.offset = size;
  const auto cut = attributes_of(co_await inode_call(header));
  co_return cut ? Status() : Status(cut.error());
}

Task<Status> Session::sync() {
  TaskGroup group;
  for (std::uint32_t server = 0; server < servers(); ++server) group.add(ask_sync(server));
  co_return co_await group.join();
}

Task<Status> Session::ask_sync(std::uint32_t server) {
  co_return status_of(co_await channel(server).call(about(Opcode::sync_data, FileId())));
}

Task<Result<FileSystemUsage>> Session::usage() {
  FileSystemUsage sum;
  TaskGroup group;
  for (std::uint32_t server = 0; server < servers(); ++server) group.add(ask_usage(server, sum));
  const Status status = co_await group.join();
  if (!status) co_return status.error();
  co_return sum;
}

Task<Result<FileSystemUsage>> Session::usage_of(std::uint32_t server) {
  FileSystemUsage usage;
  const Status asked = co_await ask_usage(server, usage);
  if (!asked) co_return asked.error();
  co_return usage;
}

Task<Result<std::string>> Session::server_statistics(std::uint32_t server) {
  constexpr std::size_t kMostBytes = kMiB;
  RequestHeader header;
  header.opcode = Opcode::get_statistics;
  auto reply = co_await channel(server).call(header);
  if (!reply) co_return reply.error();
  if (const Status status = reply->status(); !status) co_return status.error();
  const auto body = co_await body_of(*reply, kMostBytes);
  if (!body) co_return body.error();
  co_return std::string(reinterpret_cast<const char*>(body->data()), body->size());
}

Task<Status> Session::ask_usage(std::uint32_t server, FileSystemUsage& sum) {
  RequestHeader header;
  header.opcode = Opcode::usage;
  header.epoch = kAnyEpoch;
  auto reply = co_await channel(server).call(header);
  if (!reply) co_return reply.error();
  sum.capacity_bytes += reply->header.value;
  sum.used_bytes += reply->header.second;
  co_return reply->status();
}

Task<Status> Session::shut_down_servers() {
  TaskGroup group;
  for (std::uint32_t server = 0; server < servers(); ++server) group.add(ask_shut_down(server));
  co_return co_await group.join();
}

Task<Status> Session::ask_shut_down(std::uint32_t server) {
  RequestHeader header;
  header.opcode = Opcode::shut_down;
  header.epoch = kAnyEpoch;
  auto reply = co_await channel(server).call(header);
  if (!reply) co_return reply.error();
  // From here on the server goes, which is no failure of it.
  co_await channel(server).drop();
  co_return reply->status();
}

Task<void> Session::leave() {
  // All at once: each that does not answer takes its time.
  TaskGroup goodbyes;
  for (auto& channel : channels_) goodbyes.add(say_goodbye(*channel));
  // A server that is gone needs no goodbye.
  const Status left = co_await goodbyes.join();
  MAYFLY_ASSERT(left.has_value());
}

Task<Status> Session::say_goodbye(Channel& channel) {
  co_await channel.close();
  co_return Status();
}

}  // namespace mayfly
