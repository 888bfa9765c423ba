// Peers: this server as a client of the others, for operations that touch many servers.
//
// Owner: the server. Thread: the loop's. Failure: the first error of any server; an unreachable
// server gives io_error within the deadline.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "async/task_group.h"
#include "layout/layout.h"
#include "protocol/channel.h"

namespace mayfly {

class Peers {
 public:
  Peers(EventLoop& loop, Worker& worker, const SessionInfo& session, Nanoseconds deadline);

  Channel& channel(std::uint32_t server) { return *channels_[server]; }

  /// The same request to every server of `targets`, at once, this one included (through its own
  /// worker, so that there is one code path). `result` takes in the replies' values.
  enum class Fold { sum, largest };
  Task<Status> ask(std::vector<std::uint32_t> targets, RequestHeader header, std::uint64_t& result,
                   Fold fold = Fold::sum);

  /// Requests sent to all of them since the beginning.
  RequestCounts sent() const;

  /// A request about the inode `header.file`, to its home. bad_message: there is no such server.
  Task<Result<Reply>> call_home(RequestHeader header);

  /// All servers of the session.
  std::vector<std::uint32_t> everyone() const;
  /// The servers that can hold chunks of a file with `layout`.
  std::vector<std::uint32_t> holders(const Layout& layout) const;

  bool on_endpoint_failed(Endpoint& endpoint, Errc why);
  Task<void> close();

 private:
  Task<Status> ask_one(std::uint32_t server, RequestHeader header, std::uint64_t& result,
                       Fold fold);

  std::uint32_t servers_;
  std::vector<std::unique_ptr<Channel>> channels_;
};

}  // namespace mayfly
