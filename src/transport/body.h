// Body: what a message carries beside its header; either here already (inline) or still at the
// sender (rendezvous).
//
// Owner: whoever it was handed to; move-only. Thread: the loop's. Dropping it frees an inline
// payload and refuses one that is still at the sender. An inline payload may be lent: it stands
// where it arrived, for a moment only, and its sender may change it meanwhile. keep() copies it.
#pragma once

#include <cstddef>
#include <memory>
#include <utility>

#include "async/task.h"
#include "base/bytes.h"
#include "base/result.h"

namespace mayfly {

/// The transport's hold on a payload that has arrived or is still at the sender.
class Payload {
 public:
  virtual ~Payload() = default;
  virtual std::size_t size() const = 0;
  /// The bytes if they are here already; empty for a rendezvous.
  virtual Bytes inline_bytes() const = 0;
  /// Fills `into`, which has the payload's size. The task must not be destroyed before it is done;
  /// Endpoint::close() makes it end early with an error when the sender is gone or too slow.
  virtual Task<Status> receive(MutableBytes into) = 0;
};

class Body {
 public:
  /// No payload.
  Body() = default;
  Body(std::unique_ptr<Payload> payload) : payload_(std::move(payload)) {}  // NOLINT: may be null
  static Body lent(Bytes payload) {
    Body body;
    body.lent_ = payload;
    return body;
  }
  Body(Body&& other) noexcept
      : payload_(std::move(other.payload_)), lent_(std::exchange(other.lent_, Bytes())) {}
  Body& operator=(Body&& other) noexcept {
    payload_ = std::move(other.payload_);
    lent_ = std::exchange(other.lent_, Bytes());
    return *this;
  }

  std::size_t payload_bytes() const { return payload_ ? payload_->size() : lent_.size(); }
  /// The inline payload; empty if there is none or if it is still at the sender.
  Bytes payload() const { return payload_ ? payload_->inline_bytes() : lent_; }
  bool is_rendezvous() const { return payload_ && payload_->inline_bytes().empty(); }
  /// Makes a lent payload the Body's own; what payload() gave before is not it any more.
  void keep();
  /// Copies or receives the payload into `into`, which has payload_bytes() bytes. See
  /// Payload::receive for cancellation.
  Task<Status> receive(MutableBytes into);

 private:
  std::unique_ptr<Payload> payload_;
  Bytes lent_;
};

}  // namespace mayfly
