// UcxTransfer: an operation that somebody awaits, while UCX works on it.
//
// Owner: its FreeList when idle; else UCX's callback and a Lease in the waiting frame together: the
//   later one returns it. So a frame may go without leaving UCX with a dangling pointer, and a
//   transfer may be abandoned that UCX does not end.
// Thread: the worker's.
#pragma once

#include <ucp/api/ucp.h>

#include <array>
#include <optional>

#include "async/completion.h"
#include "async/gate.h"
#include "base/errc.h"
#include "base/intrusive_list.h"
#include "transport/free_list.h"
#include "transport/message.h"

namespace mayfly {

struct UcxFlight;

class UcxTransfer : public ListHook {
 public:
  using Pool = FreeList<UcxTransfer>;

  /// The waiting side's hold on a transfer.
  class Lease {
   public:
    /// `pass`, one of `flight`, is held until UCX is done with the operation.
    Lease(Pool& pool, UcxFlight& flight, Gate::Pass pass);
    Lease(const Lease&) = delete;
    Lease& operator=(const Lease&) = delete;
    ~Lease();
    UcxTransfer* operator->() { return transfer_; }

   private:
    UcxTransfer* transfer_;
  };

  explicit UcxTransfer(Pool& pool) : pool_(pool) {}

  /// Copies `header`, which UCX reads until the end of the operation.
  Bytes keep(Bytes header);
  /// What to give to UCX with the operation: all but a receive, and a receive.
  ucp_request_param_t parameters();
  ucp_request_param_t receive_parameters();
  /// Takes what UCX said to the operation.
  void started(ucs_status_ptr_t request);
  /// Done with an Errc as result.
  Completion& ended() { return *ended_; }
  bool is_receive() const { return is_receive_; }
  /// Ends it with not_connected for those who wait; UCX may come back to it later.
  void abandon() { end(Errc::not_connected); }

 private:
  static void sent(void* request, ucs_status_t status, void* self);
  static void received(void* request, ucs_status_t status, std::size_t bytes, void* self);
  void finish(ucs_status_t status);
  void end(Errc result);
  void let_go();

  Pool& pool_;
  std::optional<Completion> ended_;
  std::optional<Gate::Pass> pass_;
  int holders_ = 0;
  bool is_receive_ = false;
  std::array<std::byte, kMaxHeaderBytes> header_;
};

}  // namespace mayfly
