// Request: one request on its way through a handler.
#pragma once

#include <memory>
#include <utility>

#include "async/gate.h"
#include "protocol/header.h"
#include "server/connection.h"
#include "transport/body.h"

namespace mayfly {

/// Owner: the handler. It keeps its connection alive and counts in its gate. Thread: the loop's.
class Request {
 public:
  Request(std::shared_ptr<Connection> connection, const RequestHeader& header, Body body,
          std::uint64_t began_ticks)
      : connection(std::move(connection)),
        header(header),
        body(std::move(body)),
        began_ticks(began_ticks),
        pass_(this->connection->requests) {}
  Request(Request&&) = default;

  bool has(std::uint16_t flag) const { return (header.flags & flag) != 0; }
  /// open, close: what the handle is for.
  Access access() const {
    if (!has(request_flags::kForWrite)) return Access::read;
    return has(request_flags::kAppend) ? Access::append : Access::write;
  }

  std::shared_ptr<Connection> connection;
  RequestHeader header;
  Body body;
  std::uint64_t began_ticks;  ///< 0: it is not timed

 private:
  Gate::Pass pass_;
};

}  // namespace mayfly
