#include "transport/loopback_memory.h"

#include <cstring>
#include <utility>

#include "transport/loopback_worker.h"
#include "transport/sealed_bytes.h"

namespace mayfly {
namespace {

struct Export {
  std::uint64_t worker;
  std::uint64_t name;
  std::uint64_t bytes;
};

}  // namespace

Result<std::unique_ptr<RegisteredMemory>> LoopbackMemory::allocate(LoopbackWorker& worker,
                                                                   std::size_t bytes) {
  if (bytes == 0) return Errc::invalid;
  MAYFLY_TRY(slab, Slab::allocate(bytes));
  return std::unique_ptr<RegisteredMemory>(new LoopbackMemory(worker, std::move(slab), bytes));
}

LoopbackMemory::LoopbackMemory(LoopbackWorker& worker, Slab slab, std::size_t bytes)
    : network_(worker.network()),
      slab_(std::move(slab)),
      bytes_(bytes),
      name_(network_.add_memory(slab_.memory().first(bytes))) {
  const Export content{worker.id(), name_, bytes};
  exported_ = seal(SealKind::loopback_memory, std::as_bytes(std::span(&content, 1)));
}

LoopbackMemory::~LoopbackMemory() { network_.remove_memory(name_); }

Result<std::unique_ptr<RemoteBuffer>> LoopbackRemoteBuffer::open(LoopbackNetwork& network,
                                                                 std::uint64_t peer,
                                                                 Bytes exported) {
  MAYFLY_TRY(content, unseal(SealKind::loopback_memory, exported));
  Export found;
  if (content.size() != sizeof found) return Errc::bad_message;
  std::memcpy(&found, content.data(), sizeof found);
  const bool exists = found.bytes != 0 && network.memory(found.name).size() == found.bytes;
  if (found.worker != peer || !exists) return Errc::bad_message;
  return std::unique_ptr<RemoteBuffer>(
      new LoopbackRemoteBuffer(found.name, found.bytes, network.is_one_sided()));
}

}  // namespace mayfly
