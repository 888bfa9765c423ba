#include "server/peers.h"

#include <algorithm>
#include <numeric>

namespace mayfly {

Peers::Peers(EventLoop& loop, Worker& worker, const SessionInfo& session, Nanoseconds deadline)
    : servers_(session.server_count()) {
  for (std::uint32_t server = 0; server < servers_; ++server) {
    channels_.push_back(std::make_unique<Channel>(loop, worker, session, server, deadline));
  }
}

Task<Status> Peers::ask(std::vector<std::uint32_t> targets, RequestHeader header,
                        std::uint64_t& result, Fold fold) {
  TaskGroup group;
  for (const std::uint32_t server : targets) group.add(ask_one(server, header, result, fold));
  co_return co_await group.join();
}

Task<Result<Reply>> Peers::call_home(RequestHeader header) {
  if (header.file.home() >= servers_) co_return Errc::bad_message;
  co_return co_await channels_[header.file.home()]->call(header);
}

Task<Status> Peers::ask_one(std::uint32_t server, RequestHeader header, std::uint64_t& result,
                            Fold fold) {
  auto reply = co_await channels_[server]->call(header);
  if (!reply) co_return reply.error();
  const std::uint64_t value = reply->header.value;
  result = fold == Fold::sum ? result + value : std::max(result, value);
  co_return reply->status();
}

RequestCounts Peers::sent() const { return sum_of_sent(channels_); }

std::vector<std::uint32_t> Peers::everyone() const {
  std::vector<std::uint32_t> all(servers_);
  std::iota(all.begin(), all.end(), 0U);
  return all;
}

std::vector<std::uint32_t> Peers::holders(const Layout& layout) const {
  return mayfly::holders(layout, servers_);
}

bool Peers::on_endpoint_failed(Endpoint& endpoint, Errc why) {
  for (auto& channel : channels_) {
    if (channel->on_endpoint_failed(endpoint, why)) return true;
  }
  return false;
}

Task<void> Peers::close() {
  // No goodbyes: the others are going too, and one that has gone could not answer.
  for (auto& channel : channels_) co_await channel->drop();
}

}  // namespace mayfly
