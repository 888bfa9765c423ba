#include "client/directory.h"

#include <algorithm>

#include "async/task_group.h"

namespace mayfly {

Directory::Directory(Session& session, FileId id)
    : session_(session), id_(id), shards_(session.servers()) {}

Task<Result<std::unique_ptr<Directory>>> Directory::open(Session& session, PathAt path) {
  auto attributes = co_await session.stat(std::move(path));
  if (!attributes) co_return attributes.error();
  if (!attributes->is_directory()) co_return Errc::not_a_directory;
  co_return std::unique_ptr<Directory>(new Directory(session, attributes->id));
}

void Directory::rewind() {
  items_.clear();
  std::fill(shards_.begin(), shards_.end(), Shard());
}

Task<Result<std::optional<Directory::Item>>> Directory::next() {
  const auto permit = co_await reading_.acquire();
  while (items_.empty()) {
    TaskGroup group;
    bool at_end = true;
    for (std::uint32_t server = 0; server < shards_.size(); ++server) {
      if (shards_[server].at_end) continue;
      at_end = false;
      group.add(read_page(server));
    }
    if (at_end) co_return std::optional<Item>();
    MAYFLY_CO_CHECKED(co_await group.join());
  }
  std::optional<Item> item(std::move(items_.front()));
  items_.pop_front();
  co_return item;
}

Task<Status> Directory::read_page(std::uint32_t server) {
  RequestHeader header;
  header.opcode = Opcode::read_directory;
  header.epoch = kAnyEpoch;
  header.file = id_;
  header.offset = shards_[server].cookie;
  auto reply = co_await session_.channel(server).call(header);
  if (!reply) co_return reply.error();
  const Status status = reply->status();
  if (!status) co_return status.error() == Errc::stale ? Errc::no_entry : status.error();
  std::vector<std::byte> page(reply->body.payload_bytes());
  if (page.size() > kMaxBodyBytes) co_return Errc::bad_message;
  MAYFLY_CO_CHECKED(co_await session_.channel(server).receive(*reply, page));
  const auto entries = decode_entries(page);
  if (!entries) co_return entries.error();
  for (const DirectoryEntry& entry : *entries) {
    items_.push_back(
        {std::string(entry.name), entry.id, static_cast<DentryType>(entry.type), entry.attributes});
  }
  shards_[server].cookie = reply->header.value;
  shards_[server].at_end = (reply->header.flags & reply_flags::kMore) == 0;
  co_return Status();
}

}  // namespace mayfly
