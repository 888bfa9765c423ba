// Message: what has arrived at a Worker, a Body with its header. Whoever has read the header moves
// the Body on, which is a pointer.
//
// Owner: whoever it was handed to; move-only. Thread: the loop's.
#pragma once

#include <array>
#include <cstddef>

#include "transport/body.h"

namespace mayfly {

/// Bytes of a message's header at the most; it is copied when posted and when received.
inline constexpr std::size_t kMaxHeaderBytes = 128;

class Endpoint;

class Message : public Body {
 public:
  /// `header` is copied, at most kMaxHeaderBytes. `reply_endpoint` leads back to the sender if it
  /// asked for that (post_with_reply), else null; it belongs to the Worker and lives as long as the
  /// sender's connection.
  Message(Bytes header, Body body, Endpoint* reply_endpoint);

  Bytes header() const { return {header_.data(), header_bytes_}; }
  Endpoint* reply_endpoint() const { return reply_endpoint_; }

 private:
  std::array<std::byte, kMaxHeaderBytes> header_;
  std::size_t header_bytes_;
  Endpoint* reply_endpoint_;
};

}  // namespace mayfly
