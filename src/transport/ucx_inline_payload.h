// UcxInlinePayload: a payload that has arrived. A short one is copied behind the object, because
// that is cheaper than keeping UCX's receive buffer; a longer one stays where UCX has it.
#pragma once

#include <ucp/api/ucp.h>

#include <memory>

#include "async/frame_pool.h"
#include "transport/message.h"

namespace mayfly {

class UcxInlinePayload final : public Payload {
 public:
  static constexpr std::size_t kCopiedBytes = 1024;

  /// A copy of `bytes`, of any length.
  static std::unique_ptr<Payload> copy(Bytes bytes);
  /// Takes over UCX's buffer, whose owner the callback has just become.
  static std::unique_ptr<Payload> hold(ucp_worker_h worker, Bytes bytes);
  ~UcxInlinePayload() override;

  std::size_t size() const override { return bytes_.size(); }
  Bytes inline_bytes() const override { return bytes_; }
  Task<Status> receive(MutableBytes into) override;

  static void* operator new(std::size_t) = delete;
  static void operator delete(UcxInlinePayload* payload, std::destroying_delete_t) noexcept;

 private:
  UcxInlinePayload(ucp_worker_h worker, Bytes bytes) : worker_(worker), bytes_(bytes) {}
  static UcxInlinePayload* make(std::size_t room, ucp_worker_h worker, Bytes bytes);

  /// Null: the bytes are a copy.
  ucp_worker_h worker_;
  Bytes bytes_;
};

}  // namespace mayfly
