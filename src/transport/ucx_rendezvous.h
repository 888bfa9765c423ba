// UcxRendezvous: a payload that is still at its sender. Receiving it fetches it; dropping it
// without tells the sender that it is not wanted, which ends the sender's send().
#pragma once

#include <ucp/api/ucp.h>

#include "transport/message.h"

namespace mayfly {

class UcxWorker;

class UcxRendezvous final : public Payload {
 public:
  /// Takes over UCX's description of the payload. `sender` names the connection that it came by; it
  /// is compared and never followed, for UCX may have freed it meanwhile.
  UcxRendezvous(UcxWorker& worker, void* description, std::size_t size, ucp_ep_h sender)
      : worker_(worker), description_(description), size_(size), sender_(sender) {}
  UcxRendezvous(const UcxRendezvous&) = delete;
  UcxRendezvous& operator=(const UcxRendezvous&) = delete;
  ~UcxRendezvous() override;

  std::size_t size() const override { return size_; }
  Bytes inline_bytes() const override { return {}; }
  /// Once at the most.
  Task<Status> receive(MutableBytes into) override;

 private:
  UcxWorker& worker_;
  void* description_;
  std::size_t size_;
  ucp_ep_h sender_;
};

}  // namespace mayfly
