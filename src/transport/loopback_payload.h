// LoopbackRendezvous: a payload of the loopback transport that is still in its sender's memory.
#pragma once

#include <memory>

#include "transport/loopback_link.h"
#include "transport/message.h"

namespace mayfly {

class LoopbackWorker;

class LoopbackRendezvous final : public Payload {
 public:
  /// What the sender holds ready until `operation` is over.
  struct Offer {
    std::uint64_t sender;
    std::uint64_t number;
    Bytes bytes;
    std::shared_ptr<LoopbackOperation> operation;
  };
  LoopbackRendezvous(LoopbackWorker& worker, Offer offer)
      : worker_(worker), offer_(std::move(offer)) {}
  LoopbackRendezvous(const LoopbackRendezvous&) = delete;
  LoopbackRendezvous& operator=(const LoopbackRendezvous&) = delete;
  /// Not received: the sender is told that it is not wanted.
  ~LoopbackRendezvous() override;

  std::size_t size() const override { return offer_.bytes.size(); }
  Bytes inline_bytes() const override { return {}; }
  Task<Status> receive(MutableBytes into) override;

 private:
  LoopbackWorker& worker_;
  Offer offer_;
  bool received_ = false;
};

}  // namespace mayfly
