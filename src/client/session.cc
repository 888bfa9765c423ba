#include "client/session.h"

#include <unistd.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "async/task_group.h"
#include "client/credentials.h"

namespace mayfly {
namespace {

/// How often a path is resolved anew before the answer is that it changes too fast to be found.
constexpr int kMaxResolutions = 16;

}  // namespace

RequestHeader about(Opcode opcode, FileId file) {
  RequestHeader header;
  header.opcode = opcode;
  header.file = file;
  return header;
}

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
      loop_(sleeper, clock),
      driver_(loop_, sleeper),
      window_(options.window_bytes) {
  worker_.set_receiver(this);
  loop_.add(worker_);
  for (std::uint32_t server = 0; server < servers(); ++server) {
    channels_.push_back(
        std::make_unique<Channel>(loop_, worker_, info_, server, options_.deadline));
    slots_.push_back(std::make_unique<SlotPool>(*channels_.back()));
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

Task<Result<FileId>> Session::resolve_directory(std::string path) {
  // Down from the deepest directory that is known; in a loop, for a path may be 2,047 deep.
  std::size_t end = path.size();
  std::optional<FileId> known = paths_.find(path);
  while (!known) {
    end = path.rfind('/', end - 1);
    known = paths_.find(end == 0 ? "/" : path.substr(0, end));
  }
  while (end < path.size()) {
    const std::size_t begin = end + 1;
    end = std::min(path.find('/', begin), path.size());
    NameBody body;
    body.name = std::string_view(path).substr(begin, end - begin);
    RequestHeader header;
    header.opcode = Opcode::look_up;
    header.epoch = epoch_;
    header.file = *known;
    const WireBytes wire = encode(body);
    const std::uint32_t server = server_of_name(*known, body.name, servers());
    const auto attributes = attributes_of(co_await channel(server).call(header, wire));
    if (!attributes) co_return attributes.error();
    if (!attributes->is_directory()) co_return Errc::not_a_directory;
    known = attributes->id;
    paths_.insert(path.substr(0, end), *known);
  }
  co_return *known;
}

Task<Result<Reply>> Session::named_call(Opcode opcode, SplitPath parts, std::uint16_t flags,
                                        std::uint32_t mode) {
  MAYFLY_ASSERT(!parts.name.empty());
  const bool makes = opcode == Opcode::make_directory || (flags & request_flags::kCreate) != 0;
  for (int attempt = 0; attempt < kMaxResolutions; ++attempt) {
    std::optional<FileId> parent = paths_.find(parts.parent);
    if (!parent) {
      auto resolved = co_await resolve_directory(parts.parent);
      if (!resolved && resolved.error() == Errc::stale) {
        paths_.clear();
        continue;
      }
      if (!resolved) co_return resolved.error();
      parent = *resolved;
    }
    const std::uint32_t server = server_of_name(*parent, parts.name, servers());
    NameBody body;
    body.mode = mode;
    // Who asks matters for what is made alone; asking the kernel costs as much as the message.
    if (makes) body.gid = ::getegid();
    body.layout = options_.layout;
    body.layout.first_server = static_cast<std::uint16_t>(server);
    body.name = parts.name;
    RequestHeader header;
    header.opcode = opcode;
    header.flags = flags;
    if (makes) header.uid_or_generation = ::geteuid();
    header.epoch = epoch_;
    header.file = *parent;
    const WireBytes wire = encode(body);
    auto reply = co_await channel(server).call(header, wire);
    if (!reply || reply->header.error != to_errno(Errc::stale)) co_return reply;
    paths_.clear();
  }
  co_return Errc::no_entry;
}

Task<Result<Reply>> Session::inode_call(RequestHeader header, Bytes body) {
  if (header.file.home() >= servers()) co_return Errc::bad_message;
  for (int attempt = 0; attempt < kMaxResolutions; ++attempt) {
    header.epoch = epoch_;
    auto reply = co_await channel(header.file.home()).call(header, body);
    // An id does not go stale; only our epoch did, and the reply has brought the new one.
    if (!reply || reply->header.error != to_errno(Errc::stale)) co_return reply;
  }
  co_return Errc::no_entry;
}

Task<Result<Attributes>> Session::stat(std::string path) {
  MAYFLY_CO_TRY(parts, split(path));
  const bool is_root = parts.name.empty();
  const bool must_be_directory = parts.must_be_directory;
  Task<Result<Reply>> call = is_root ? inode_call(about(Opcode::get_attributes, kRootId))
                                     : named_call(Opcode::look_up, std::move(parts), 0, 0);
  auto reply = co_await std::move(call);
  auto attributes = attributes_of(reply);
  if (!attributes) co_return attributes;
  if (must_be_directory && !attributes->is_directory()) co_return Errc::not_a_directory;
  if ((attributes->flags & kSizeUnsettled) == 0) co_return attributes;
  co_return co_await settle(*attributes);
}

Task<Result<Attributes>> Session::settle(Attributes attributes) {
  if ((attributes.flags & kSizeUnsettled) == 0) co_return attributes;
  std::uint64_t end = 0;
  TaskGroup group;
  for (std::uint32_t column = 0; column < width(attributes.layout, servers()); ++column) {
    group.add(ask_end(server_of_chunk(attributes.layout, column, servers()), attributes, end));
  }
  const Status status = co_await group.join();
  if (!status) co_return status.error();
  attributes.size = std::max(attributes.size, end);
  co_return attributes;
}

Task<Status> Session::ask_end(std::uint32_t server, Attributes file, std::uint64_t& end) {
  RequestHeader header;
  header.opcode = Opcode::data_end;
  header.epoch = kAnyEpoch;
  header.file = file.id;
  header.length = file.layout.chunk_bytes;
  auto reply = co_await channel(server).call(header);
  if (!reply) co_return reply.error();
  end = std::max(end, reply->header.value);
  co_return reply->status();
}

Task<Status> Session::make_directory(std::string path, std::uint32_t mode) {
  MAYFLY_CO_TRY(parts, split(path));
  if (parts.name.empty()) co_return Errc::exists;
  if (parts.last != SplitPath::Last::name) {
    const auto there = co_await stat(std::move(path));
    co_return there ? Errc::exists : there.error();
  }
  const auto made =
      attributes_of(co_await named_call(Opcode::make_directory, std::move(parts), 0, mode));
  co_return made ? Status() : Status(made.error());
}

Task<Status> Session::remove_directory(std::string path) {
  MAYFLY_CO_TRY(parts, split(path));
  if (parts.name.empty()) co_return Errc::busy;
  if (parts.last == SplitPath::Last::dot) co_return Errc::invalid;
  if (parts.last == SplitPath::Last::dot_dot) co_return Errc::not_empty;
  auto reply = co_await named_call(Opcode::remove_directory, std::move(parts), 0, 0);
  if (!reply) co_return reply.error();
  paths_.clear();
  co_return reply->status();
}

Task<Status> Session::remove_file(std::string path) {
  MAYFLY_CO_TRY(parts, split(path));
  if (parts.name.empty()) co_return Errc::is_a_directory;
  const bool must_be_directory = parts.must_be_directory;
  if (must_be_directory) {
    auto attributes = co_await stat(std::move(path));
    if (!attributes) co_return attributes.error();
    co_return Errc::is_a_directory;
  }
  auto reply = co_await named_call(Opcode::remove_file, std::move(parts), 0, 0);
  if (!reply) co_return reply.error();
  co_return reply->status();
}

Task<Status> Session::change_attributes(std::string path, ChangeBody change) {
  auto attributes = co_await stat(std::move(path));
  if (!attributes) co_return attributes.error();
  MAYFLY_CO_CHECKED(Credentials::effective().check_change(*attributes, change));
  co_return co_await set_attributes(attributes->id, change);
}

Task<Status> Session::truncate(std::string path, std::uint64_t size) {
  if (size > kMaxFileBytes) co_return Errc::file_too_big;
  auto attributes = co_await stat(std::move(path));
  if (!attributes) co_return attributes.error();
  if (!Credentials::effective().may_access(*attributes, W_OK)) co_return Errc::access_denied;
  co_return co_await set_size(attributes->id, size);
}

Task<Status> Session::set_attributes(FileId file, ChangeBody change) {
  const RequestHeader header = about(Opcode::set_attributes, file);
  const auto changed = attributes_of(co_await inode_call(header, as_wire(change)));
  co_return changed ? Status() : Status(changed.error());
}

Task<Status> Session::set_size(FileId file, std::uint64_t size) {
  RequestHeader header = about(Opcode::set_size, file);
  header.offset = size;
  const auto cut = attributes_of(co_await inode_call(header));
  co_return cut ? Status() : Status(cut.error());
}

Task<Result<FileSystemUsage>> Session::usage() {
  FileSystemUsage sum;
  TaskGroup group;
  for (std::uint32_t server = 0; server < servers(); ++server) group.add(ask_usage(server, sum));
  const Status status = co_await group.join();
  if (!status) co_return status.error();
  co_return sum;
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
