// Worker, Endpoint, RemoteBuffer, RegisteredMemory: how processes reach each other. One of the two
// seams: UcxWorker speaks UCX, LoopbackWorker stays in the process; both pass the same tests.
//
// Owner: a server or a session owns its Worker; the Worker's user owns Endpoints, RemoteBuffers and
//   RegisteredMemory and destroys them before the Worker.
// Thread: the loop's. A Worker is an EventSource: everything completes in poll(). Messages and
//   failures reach the Receiver at the end of poll(), never from inside a library's callback.
// Order: messages posted to one endpoint arrive in the order of posting.
// Failure: an endpoint fails once and for good. What is pending on it, and every later operation,
//   ends with an error (not_connected unless the transport knows better).
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "async/event_loop.h"
#include "async/task.h"
#include "base/result.h"
#include "transport/message.h"

namespace mayfly {

/// Bytes of payload that post() takes on every connection.
inline constexpr std::size_t kMaxPostedPayloadBytes = 1024;

/// Memory of a peer, ready for put and get. Owner: whoever imported it, not longer than its
/// Endpoint.
class RemoteBuffer {
 public:
  virtual ~RemoteBuffer() = default;
  virtual std::size_t size() const = 0;
  /// Whether puts and gets need no help of the peer's processor (shared memory here). If not, the
  /// rendezvous path is the faster one.
  virtual bool is_one_sided() const = 0;
};

class Endpoint {
 public:
  virtual ~Endpoint() = default;

  /// Sends a message without payload, or with one that it posts(); both are copied. Nothing is
  /// awaited: an endpoint that has failed drops it, which the sender learns from
  /// on_endpoint_failed.
  virtual void post(Bytes header, Bytes payload = {}) = 0;
  /// Whether post() takes a payload so long: of kMaxPostedPayloadBytes always, of more where it
  /// costs no more than the copy.
  virtual bool posts(std::size_t payload_bytes) const = 0;
  /// post() of at most kMaxPostedPayloadBytes, which lets the receiver answer through
  /// Message::reply_endpoint().
  virtual void post_with_reply(Bytes header, Bytes payload = {}) = 0;
  /// Sends a message with a payload of any size; completes when the payload's memory is free again.
  /// Inline up to the transport's eager limit, else by rendezvous. `header` is copied. The task
  /// must not be destroyed before it is done; close() ends it.
  virtual Task<Status> send(Bytes header, Bytes payload) = 0;

  /// Opens a window on memory that the peer has exported (RegisteredMemory::exported()).
  virtual Result<std::unique_ptr<RemoteBuffer>> import(Bytes exported) = 0;
  /// One-sided write and read of a peer's memory. `offset` + size within the RemoteBuffer. put()
  /// completes when `local` may be changed; the peer sees the bytes once flush() has completed.
  /// Tasks must not be destroyed before they are done.
  virtual Task<Status> put(Bytes local, RemoteBuffer& remote, std::uint64_t offset) = 0;
  virtual Task<Status> get(MutableBytes local, RemoteBuffer& remote, std::uint64_t offset) = 0;
  /// Completes when everything put so far is visible at the peer.
  virtual Task<Status> flush() = 0;

  /// Sends what follows through memory shared with the peer, if the peer has offered that with its
  /// reply. To be called when everything posted so far has been answered: what is still on its way
  /// would be overtaken. The peer's answers come the same way from then on. Whether that was so.
  virtual bool take_up_lane() = 0;

  virtual bool has_failed() const = 0;
  /// Ends the connection now: every pending operation, receives of rendezvous payloads included,
  /// completes with an error before this task is done, and no memory is touched by the transport
  /// afterwards. Needed before the destructor if anything is pending.
  virtual Task<void> close() = 0;
};

/// Memory that peers may put to and get from, and that a ring may register. Freed at its end, after
/// all peers have been disconnected.
class RegisteredMemory {
 public:
  virtual ~RegisteredMemory() = default;
  /// Page-aligned, zeroed, prefaulted, on huge pages if the kernel gives them.
  virtual MutableBytes memory() const = 0;
  virtual std::size_t huge_bytes() const = 0;
  /// What Endpoint::import of a peer needs: base address, length and rkey, self-contained.
  virtual Bytes exported() const = 0;
};

class Receiver {
 public:
  /// Called within poll(), between two resumptions. Must not block; starts tasks by spawn(). The
  /// message's payload may be lent until this returns: whoever needs it longer, or must not see it
  /// change, keeps it (Body::keep).
  virtual void on_message(Message message) = 0;
  /// The peer is gone or unreachable. Called once per endpoint, not for those that close() ended.
  virtual void on_endpoint_failed(Endpoint& endpoint, Errc why) = 0;

 protected:
  ~Receiver() = default;
};

class Worker : public EventSource {
 public:
  /// Set before the first poll().
  virtual void set_receiver(Receiver* receiver) = 0;
  /// What peers need in order to connect, a few hundred bytes.
  virtual Bytes address() const = 0;
  /// An endpoint to the worker at `address`. Does not wait: a peer that cannot be reached shows as
  /// a failure of the endpoint. bad_message if `address` cannot be an address.
  virtual Result<std::unique_ptr<Endpoint>> connect(Bytes address) = 0;
  virtual Result<std::unique_ptr<RegisteredMemory>> allocate(std::size_t bytes) = 0;
};

}  // namespace mayfly
