// UcxPost: a small message, copied, while UCX works on it. Nobody waits for it.
//
// UCX 1.13 reads header and payload until it says that the message has left, which under
// back-pressure is long after the call; so both are copied here.
// Owner: its FreeList when idle, itself from send() to UCX's callback. Thread: the worker's.
#pragma once

#include <ucp/api/ucp.h>

#include <array>
#include <memory>
#include <optional>

#include "async/gate.h"
#include "transport/free_list.h"
#include "transport/message.h"

namespace mayfly {

class UcxPost {
 public:
  using Pool = FreeList<UcxPost>;
  explicit UcxPost(Pool& pool) : pool_(pool) {}

  struct Target {
    ucp_ep_h endpoint;
    unsigned id;    ///< of the active message
    bool is_first;  ///< UcxConnection::begins
    /// Whether the receiver is told the connection that it comes by.
    bool names_sender = false;
  };
  /// Sends `header` and the two parts of a payload. `pass` is held until the memory is free again.
  /// Errors are the endpoint's failure and not told here.
  void send(const Target& target, Gate::Pass pass, Bytes header, Bytes front, Bytes payload);

 private:
  /// A request of ours with a little payload; longer posts, which are rare, take from the heap.
  static constexpr std::size_t kOwnBytes = 384;

  static void sent(void* request, ucs_status_t status, void* self);
  std::byte* room_for(std::size_t bytes);
  void finish();

  Pool& pool_;
  std::optional<Gate::Pass> pass_;
  std::unique_ptr<std::byte[]> overflow_;
  std::array<std::byte, kOwnBytes> own_;
};

}  // namespace mayfly
