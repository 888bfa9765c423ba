#include "transport/ucx_remote_buffer.h"

#include <sys/mman.h>

#include <algorithm>

#include "base/units.h"
#include "transport/aligned_hole.h"
#include "transport/sealed_bytes.h"
#include "transport/ucx_memory.h"
#include "transport/ucx_status.h"

namespace mayfly {

Result<std::unique_ptr<UcxRemoteBuffer>> UcxRemoteBuffer::open(ucp_ep_h endpoint, Bytes exported) {
  MAYFLY_TRY(content, unseal(SealKind::ucx_memory, exported));
  MAYFLY_TRY(place, UcxMemory::Place::decode(content));
  ucp_rkey_h rkey = nullptr;
  const Bytes packed = content.subspan(UcxMemory::Place::kBytes);
  // If it is of this machine, UCX maps it now.
  const AlignedHole hole(place.size);
  const ucs_status_t status = ucp_ep_rkey_unpack(endpoint, packed.data(), &rkey);
  if (status != UCS_OK) return errc_from(status);
  return std::unique_ptr<UcxRemoteBuffer>(new UcxRemoteBuffer(rkey, place.base, place.size));
}

UcxRemoteBuffer::UcxRemoteBuffer(ucp_rkey_h rkey, std::uint64_t base, std::size_t size)
    : rkey_(rkey), base_(base), size_(size) {
  void* local = nullptr;
  if (ucp_rkey_ptr(rkey_, base_, &local) != UCS_OK) return;
  local_ = static_cast<std::byte*>(local);
  touched_.resize(size / kPageBytes);
}

void UcxRemoteBuffer::touch(std::uint64_t offset, std::size_t bytes) {
  const std::uint64_t first = offset / kPageBytes;
  const std::uint64_t end =
      std::min<std::uint64_t>(touched_.size(), round_up(offset + bytes, kPageBytes) / kPageBytes);
  if (first >= end || (touched_[first] && touched_[end - 1])) return;
  // A kernel that does not know it maps them one by one, as they are used.
  ::madvise(local_ + first * kPageBytes, (end - first) * kPageBytes, MADV_POPULATE_WRITE);
  std::fill(touched_.begin() + static_cast<std::ptrdiff_t>(first),
            touched_.begin() + static_cast<std::ptrdiff_t>(end), true);
}

UcxRemoteBuffer::~UcxRemoteBuffer() { ucp_rkey_destroy(rkey_); }

}  // namespace mayfly
