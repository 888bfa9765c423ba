// UcxHandles: UCX's own objects, a ucp_context and a ucp_worker, and the settings that we need.
//
// Owner: a UcxWorker. Thread: one at a time.
#pragma once

#include <ucp/api/ucp.h>

#include <memory>
#include <vector>

#include "base/result.h"
#include "transport/message.h"
#include "transport/ucx_options.h"

namespace mayfly {

class UcxHandles {
 public:
  static Result<std::unique_ptr<UcxHandles>, Failure> open(const UcxOptions& options);
  /// Whether the transports that these options name include shared memory.
  static bool may_share_memory(const UcxOptions& options);
  UcxHandles(const UcxHandles&) = delete;
  UcxHandles& operator=(const UcxHandles&) = delete;
  /// All endpoints are closed and all memory is unmapped.
  ~UcxHandles();

  ucp_context_h context() const { return context_; }
  ucp_worker_h worker() const { return worker_; }
  int event_fd() const { return event_fd_; }
  /// The worker's own address.
  Bytes address() const { return address_; }

 private:
  UcxHandles() = default;
  ucs_status_t open_context(const UcxOptions& options);
  ucs_status_t open_worker();
  ucs_status_t read_address();

  ucp_context_h context_ = nullptr;
  ucp_worker_h worker_ = nullptr;
  int event_fd_ = -1;
  std::vector<std::byte> address_;
};

}  // namespace mayfly
