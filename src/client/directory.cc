#include "client/directory.h"

#include <unistd.h>

#include <algorithm>

#include "async/task_group.h"

namespace mayfly {
namespace {

/// Positions: 0, 1 and 2 are before, between and behind "." and "..". Then a server's number, from
/// 1, stands above the cookie of the entry before it there.
constexpr int kCookieBits = 44;
constexpr std::uint64_t kBehindDots = 2;

std::uint64_t position_of(std::uint32_t server, std::uint64_t cookie) {
  return (std::uint64_t{server} + 1) << kCookieBits | cookie;
}

}  // namespace

Directory::Directory(Session& session, FileId id)
    : session_(session), id_(id), shards_(session.servers()) {}

Task<Result<std::unique_ptr<Directory>>> Directory::open(Session& session, PathAt path) {
  auto attributes = co_await session.stat(std::move(path));
  if (!attributes) co_return attributes.error();
  if (!attributes->is_directory()) co_return Errc::not_a_directory;
  if (!session.user().may_access(*attributes, R_OK)) co_return Errc::access_denied;
  co_return std::make_unique<Directory>(session, attributes->id);
}

void Directory::seek(std::uint64_t position) {
  position_ = position;
  is_fresh_ = true;
  const std::uint64_t place = position >> kCookieBits;
  current_ = place == 0 ? 0 : static_cast<std::uint32_t>(std::min(place - 1, shards_.size()));
  std::fill(shards_.begin(), shards_.end(), Shard());
  if (place == 0 || current_ == shards_.size()) return;
  shards_[current_].cookie = position & ((std::uint64_t{1} << kCookieBits) - 1);
}

Task<Result<std::optional<Directory::Item>>> Directory::next(bool plus) {
  const auto permit = co_await reading_.acquire();
  if (position_ < kBehindDots) co_return co_await next_dot();
  std::optional<Item> item;
  while (current_ < shards_.size() && !item) {
    Shard& shard = shards_[current_];
    if (shard.items.empty()) {
      if (shard.at_end) {
        ++current_;
      } else {
        MAYFLY_CO_CHECKED(co_await read_pages());
      }
      continue;
    }
    const bool must_ask = plus && !shard.items.front().attributes.id.valid();
    if (must_ask) {
      MAYFLY_CO_CHECKED(co_await complete(shard.items));
    }
    // One that has no attributes even now is gone.
    if (!plus || shard.items.front().attributes.id.valid()) item = std::move(shard.items.front());
    position_ = shard.items.front().position;
    shard.items.pop_front();
  }
  co_return item;
}

Task<Result<std::optional<Directory::Item>>> Directory::next_dot() {
  std::optional<Item> item(Item{".", id_, DentryType::directory, {}, 1});
  if (position_ == 1) {
    auto parent = co_await session_.parent_of(id_);
    if (!parent) co_return parent.error();
    item.emplace(Item{"..", *parent, DentryType::directory, {}, kBehindDots});
  }
  position_ = item->position;
  co_return item;
}

/// The first pages of all servers that are left at once: most directories are no longer than that.
Task<Status> Directory::read_pages() {
  if (!is_fresh_) co_return co_await read_page(current_);
  is_fresh_ = false;
  TaskGroup group;
  for (std::uint32_t server = current_; server < shards_.size(); ++server) {
    group.add(read_page(server));
  }
  co_return co_await group.join();
}

Task<Status> Directory::read_page(std::uint32_t server) {
  RequestHeader header = about(Opcode::read_directory, id_);
  header.offset = shards_[server].cookie;
  auto reply = co_await session_.channel(server).call(header);
  if (!reply) co_return reply.error();
  const Status status = reply->status();
  if (!status) co_return status.error() == Errc::stale ? Errc::no_entry : status.error();
  const auto page = co_await session_.body_of(*reply);
  if (!page) co_return page.error();
  const auto entries = decode_entries(*page);
  if (!entries) co_return entries.error();
  Shard& shard = shards_[server];
  for (const DirectoryEntry& entry : *entries) {
    shard.items.push_back({std::string(entry.name), entry.id, static_cast<DentryType>(entry.type),
                           entry.attributes, position_of(server, entry.cookie)});
    // Asked for when it is given, with others: so many that it pays, and as late as can be.
    if ((entry.attributes.flags & kUnsettled) != 0) shard.items.back().attributes.id = {};
  }
  shard.cookie = reply->header.value;
  shard.at_end = (reply->header.flags & reply_flags::kMore) == 0;
  co_return Status();
}

Task<Status> Directory::complete(std::deque<Item>& items) {
  TaskGroup group;
  for (Item& item : items) {
    if (!item.attributes.id.valid()) group.add(complete_one(item));
  }
  co_return co_await group.join();
}

Task<Status> Directory::complete_one(Item& item) {
  auto attributes = co_await session_.get_attributes(item.id);
  // Gone since the page was made, as it may be by the time that any entry is looked at.
  if (!attributes && attributes.error() == Errc::no_entry) co_return Status();
  if (!attributes) co_return attributes.error();
  item.attributes = *attributes;
  co_return Status();
}

}  // namespace mayfly
