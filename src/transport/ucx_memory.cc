#include "transport/ucx_memory.h"

#include <sys/mman.h>

#include <cstring>

#include "base/units.h"
#include "memory/aligned_room.h"
#include "memory/slab.h"
#include "transport/sealed_bytes.h"
#include "transport/ucx_status.h"

namespace mayfly {

Result<UcxMemory::Place> UcxMemory::Place::decode(Bytes content) {
  if (content.size() <= kBytes) return Errc::bad_message;
  Place place;
  std::memcpy(&place, content.data(), kBytes);
  if (place.base == 0 || place.size == 0 || place.size > UINT64_MAX - place.base) {
    return Errc::bad_message;
  }
  return place;
}

Result<std::unique_ptr<RegisteredMemory>> UcxMemory::allocate(ucp_context_h context,
                                                              std::size_t bytes) {
  if (bytes == 0) return Errc::invalid;
  const std::size_t size = round_up(bytes, kHugePageBytes);
  ucp_mem_map_params_t params{};
  params.field_mask = UCP_MEM_MAP_PARAM_FIELD_ADDRESS | UCP_MEM_MAP_PARAM_FIELD_LENGTH |
                      UCP_MEM_MAP_PARAM_FIELD_FLAGS;
  // It stays reserved until UCX puts its memory there (MAP_FIXED, SHM_REMAP): an unmapped hole
  // could be taken by another thread, whose memory UCX would then replace.
  params.address = reserve_aligned_room(size, PROT_NONE);
  params.length = size;
  params.flags = UCP_MEM_MAP_ALLOCATE | UCP_MEM_MAP_FIXED;
  if (params.address == nullptr) return Errc::out_of_memory;
  ucp_mem_h handle = nullptr;
  ucs_status_t status = ucp_mem_map(context, &params, &handle);
  if (status != UCS_OK) {
    ::munmap(params.address, size);
    return errc_from(status);
  }

  std::unique_ptr<UcxMemory> memory(new UcxMemory(context, handle));
  status = memory->locate(bytes);
  if (status != UCS_OK) return errc_from(status);
  memory->huge_bytes_ = back_with_huge_pages({memory->memory_.data(), size});
  status = memory->pack();
  if (status != UCS_OK) return errc_from(status);
  return std::unique_ptr<RegisteredMemory>(std::move(memory));
}

ucs_status_t UcxMemory::locate(std::size_t bytes) {
  ucp_mem_attr_t attributes{};
  attributes.field_mask = UCP_MEM_ATTR_FIELD_ADDRESS | UCP_MEM_ATTR_FIELD_LENGTH;
  const ucs_status_t status = ucp_mem_query(handle_, &attributes);
  if (status != UCS_OK) return status;
  memory_ = {static_cast<std::byte*>(attributes.address), bytes};
  return attributes.length >= bytes ? UCS_OK : UCS_ERR_NO_MEMORY;
}

ucs_status_t UcxMemory::pack() {
  void* rkey = nullptr;
  std::size_t rkey_bytes = 0;
  const ucs_status_t status = ucp_rkey_pack(context_, handle_, &rkey, &rkey_bytes);
  if (status != UCS_OK) return status;
  const Place place{reinterpret_cast<std::uint64_t>(memory_.data()), memory_.size()};
  std::vector<std::byte> content(Place::kBytes + rkey_bytes);
  std::memcpy(content.data(), &place, Place::kBytes);
  std::memcpy(content.data() + Place::kBytes, rkey, rkey_bytes);
  ucp_rkey_buffer_release(rkey);
  exported_ = seal(SealKind::ucx_memory, content);
  return UCS_OK;
}

UcxMemory::~UcxMemory() { ucp_mem_unmap(context_, handle_); }

}  // namespace mayfly
