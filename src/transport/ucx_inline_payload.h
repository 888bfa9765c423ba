// UcxInlinePayload: a payload that has arrived, where UCX has it.
#pragma once

#include <ucp/api/ucp.h>

#include "async/from_frame_pool.h"
#include "transport/body.h"

namespace mayfly {

class UcxInlinePayload final : public Payload, public FromFramePool {
 public:
  /// Shorter ones are cheaper to copy than to keep in UCX's receive buffer.
  static constexpr std::size_t kCopiedBytes = 1024;

  /// Takes over UCX's buffer, whose owner the callback has just become.
  UcxInlinePayload(ucp_worker_h worker, Bytes bytes) : worker_(worker), bytes_(bytes) {}
  UcxInlinePayload(const UcxInlinePayload&) = delete;
  UcxInlinePayload& operator=(const UcxInlinePayload&) = delete;
  ~UcxInlinePayload() override;

  std::size_t size() const override { return bytes_.size(); }
  Bytes inline_bytes() const override { return bytes_; }
  Task<Status> receive(MutableBytes into) override;

 private:
  ucp_worker_h worker_;
  Bytes bytes_;
};

}  // namespace mayfly
