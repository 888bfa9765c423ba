// LoopbackMemory: memory of a LoopbackWorker that its peers may put to and get from, and
// LoopbackRemoteBuffer, a peer's view of it.
#pragma once

#include <vector>

#include "memory/slab.h"
#include "transport/loopback_network.h"
#include "transport/worker.h"

namespace mayfly {

class LoopbackMemory final : public RegisteredMemory {
 public:
  static Result<std::unique_ptr<RegisteredMemory>> allocate(LoopbackWorker& worker,
                                                            std::size_t bytes);
  LoopbackMemory(const LoopbackMemory&) = delete;
  LoopbackMemory& operator=(const LoopbackMemory&) = delete;
  ~LoopbackMemory() override;

  MutableBytes memory() const override { return slab_.memory().first(bytes_); }
  std::size_t huge_bytes() const override { return slab_.huge_bytes(); }
  Bytes exported() const override { return exported_; }

 private:
  LoopbackMemory(LoopbackWorker& worker, Slab slab, std::size_t bytes);

  LoopbackNetwork& network_;
  Slab slab_;
  std::size_t bytes_;
  std::uint64_t name_;
  std::vector<std::byte> exported_;
};

class LoopbackRemoteBuffer final : public RemoteBuffer {
 public:
  /// bad_message unless `exported` is memory of `peer`.
  static Result<std::unique_ptr<RemoteBuffer>> open(LoopbackNetwork& network, std::uint64_t peer,
                                                    Bytes exported);

  std::size_t size() const override { return size_; }
  bool is_one_sided() const override { return one_sided_; }
  std::uint64_t name() const { return name_; }

 private:
  LoopbackRemoteBuffer(std::uint64_t name, std::size_t size, bool one_sided)
      : name_(name), size_(size), one_sided_(one_sided) {}

  std::uint64_t name_;
  std::size_t size_;
  bool one_sided_;
};

}  // namespace mayfly
