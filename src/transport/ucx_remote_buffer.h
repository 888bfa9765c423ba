// UcxRemoteBuffer: a peer's memory as its rkey opens it. Owner and thread: see RemoteBuffer.
#pragma once

#include <ucp/api/ucp.h>

#include <vector>

#include "transport/worker.h"

namespace mayfly {

class UcxRemoteBuffer final : public RemoteBuffer {
 public:
  /// bad_message if `exported` is not an export of a UcxMemory.
  static Result<std::unique_ptr<UcxRemoteBuffer>> open(ucp_ep_h endpoint, Bytes exported);
  UcxRemoteBuffer(const UcxRemoteBuffer&) = delete;
  UcxRemoteBuffer& operator=(const UcxRemoteBuffer&) = delete;
  ~UcxRemoteBuffer() override;

  std::size_t size() const override { return size_; }
  /// True in shared memory only. An RDMA NIC would qualify too, but UCX 1.13 has no call that tells
  /// it from emulation over messages, and the rendezvous path is right on both.
  bool is_one_sided() const override { return local_ != nullptr; }
  /// Where it is mapped here; null if it is not in shared memory.
  std::byte* local() const { return local_; }
  /// These bytes are about to be used: maps them at once. One fault for each page, at the first use
  /// of each, takes several times as long.
  void touch(std::uint64_t offset, std::size_t bytes);
  std::uint64_t base() const { return base_; }
  ucp_rkey_h rkey() const { return rkey_; }

 private:
  UcxRemoteBuffer(ucp_rkey_h rkey, std::uint64_t base, std::size_t size);

  ucp_rkey_h rkey_;
  std::uint64_t base_;
  std::size_t size_;
  std::byte* local_ = nullptr;
  std::vector<bool> touched_;  ///< by page
};

}  // namespace mayfly
