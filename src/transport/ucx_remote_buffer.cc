#include "transport/ucx_remote_buffer.h"

#include "transport/sealed_bytes.h"
#include "transport/ucx_memory.h"
#include "transport/ucx_status.h"

namespace mayfly {

Result<std::unique_ptr<UcxRemoteBuffer>> UcxRemoteBuffer::open(ucp_ep_h endpoint, Bytes exported) {
  MAYFLY_TRY(content, unseal(SealKind::ucx_memory, exported));
  MAYFLY_TRY(place, UcxMemory::Place::decode(content));
  ucp_rkey_h rkey = nullptr;
  const Bytes packed = content.subspan(UcxMemory::Place::kBytes);
  const ucs_status_t status = ucp_ep_rkey_unpack(endpoint, packed.data(), &rkey);
  if (status != UCS_OK) return errc_from(status);
  return std::unique_ptr<UcxRemoteBuffer>(new UcxRemoteBuffer(rkey, place.base, place.size));
}

UcxRemoteBuffer::UcxRemoteBuffer(ucp_rkey_h rkey, std::uint64_t base, std::size_t size)
    : rkey_(rkey), base_(base), size_(size) {
  void* local = nullptr;
  if (ucp_rkey_ptr(rkey_, base_, &local) == UCS_OK) local_ = static_cast<std::byte*>(local);
}

UcxRemoteBuffer::~UcxRemoteBuffer() { ucp_rkey_destroy(rkey_); }

}  // namespace mayfly
