// UcxLanes: all lanes of a worker: offers them, takes them, polls them, and sees to its sleep.
//
// UCX carries the offer; from then on each message that fits costs neither side any of UCX, and no
// death of the sender, at whatever moment, is heard by anybody but its own receiver.
// Owner: the UcxWorker. Thread: the worker's.
#pragma once

#include <memory>
#include <vector>

#include "async/sidestep.h"
#include "transport/lane_pool.h"
#include "transport/ucx_handles.h"
#include "transport/ucx_lane.h"
#include "transport/wake_socket.h"
#include "transport/worker.h"

namespace mayfly {

class UcxConnection;

class UcxLanes {
 public:
  /// Null if this worker's transports share no memory, or without descriptors for it.
  static std::unique_ptr<UcxLanes> open(UcxHandles& handles, const UcxOptions& options);
  UcxLanes(const UcxLanes&) = delete;
  UcxLanes& operator=(const UcxLanes&) = delete;
  ~UcxLanes();

  const WakeSocket::Name& name() const { return socket_.name(); }
  /// Readable when UCX or a lane has something, after arm().
  int event_fd() const { return event_fd_; }

  /// Has a lane ready for the connection's peer; what is to be sent to it. Empty if there is none.
  std::vector<std::byte> offer(UcxConnection& connection);
  /// Takes up what the connection's peer has offered.
  void take_up(UcxConnection& connection, Bytes offer);
  /// The connection ends: nothing is read from or written to its lane any more.
  void leave(UcxConnection& connection);

  /// Hands over what has arrived, some of each lane; returns how much that was.
  std::size_t poll(Receiver* receiver);
  /// False if something has arrived, or waits for room.
  bool arm();
  /// Leaves the core of whoever offered a lane, if the two share it and work in turns.
  void before_yield(TimePoint now);

 private:
  UcxLanes(UcxHandles& handles, WakeSocket socket, int event_fd)
      : handles_(handles), socket_(std::move(socket)), event_fd_(event_fd) {}
  void add(UcxConnection& connection, UcxLane lane);
  void set_asleep(bool asleep);
  void tell_core();
  std::size_t poll_one(std::size_t at, Receiver* receiver);

  UcxHandles& handles_;
  WakeSocket socket_;
  int event_fd_;
  LanePool pool_;
  /// Null: has left; taken out at the end of the next poll.
  std::vector<UcxConnection*> connections_;
  Sidestep sidestep_;
  unsigned polls_ = 0;
  bool is_asleep_ = false;
  bool may_have_slept_ = false;  ///< arm() has found nothing that spoke against it
};

}  // namespace mayfly
