// PlainUcx: one side of an exchange in the plainest UCX code there is. What ours costs is measured
// against it.
//
// Owner: a bench, one on each side; the options outlive it. Thread: one.
// Failure: gives up.
#pragma once

#include <ucp/api/ucp.h>

#include <cstdint>
#include <string>
#include <vector>

#include "base/units.h"
#include "bench/line.h"

namespace mayfly {

/// Of a small message.
constexpr std::size_t kHeaderBytes = 64;
constexpr std::size_t kSmallPayloadBytes = 100;

struct PlainUcxOptions {
  /// put: write and flush each block; get: read; am: send by rendezvous; rpc: a small message there
  /// and back, one at a time.
  std::string operation = "rpc";
  std::uint64_t block = kMiB;
  unsigned window = 1;
  unsigned places = 1;     ///< blocks of the memory that they go through; not below `window`
  std::string transports;  ///< as UCX_TLS; empty: UCX's choice
};

class PlainUcx {
 public:
  /// Exchanges addresses with the other side's constructor. The peer answers small messages and
  /// receives large ones.
  PlainUcx(const PlainUcxOptions& options, Line& line, bool is_peer);

  void poll() { ucp_worker_progress(worker_); }
  /// Both give a rate per second; the peer polls meanwhile.
  double round_trips(double seconds);
  double blocks(double seconds, Bytes local);

 private:
  struct Place {
    std::uint64_t base;
    std::vector<std::byte> rkey;
  };

  void open(const std::string& transports);
  void open_worker();
  Place allocate(std::size_t bytes);
  void exchange(Line& line, const Place& mine);
  void connect(const std::vector<std::byte>& address);
  void post(const void* header, std::size_t header_bytes, const void* data, std::size_t bytes);
  ucs_status_ptr_t begin(Bytes local, std::uint64_t offset);
  void wait(ucs_status_ptr_t request);
  static ucs_status_t arrived(void* self, const void* header, std::size_t header_bytes, void* data,
                              std::size_t bytes, const ucp_am_recv_param_t* param);
  void take(void* description, std::size_t bytes);

  const PlainUcxOptions& options_;
  bool is_peer_;
  ucp_context_h context_ = nullptr;
  ucp_worker_h worker_ = nullptr;
  ucp_ep_h endpoint_ = nullptr;
  ucp_rkey_h rkey_ = nullptr;
  std::uint64_t base_ = 0;
  MutableBytes memory_;
  std::size_t next_slot_ = 0;
  std::uint64_t answers_ = 0;
};

}  // namespace mayfly
