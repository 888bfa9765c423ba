// UcxMemory: memory that UCX has allocated, so that peers in shared memory can reach it one-sidedly
// (memory that is only registered they cannot), at an address that huge pages can back.
#pragma once

#include <ucp/api/ucp.h>

#include "transport/worker.h"

namespace mayfly {

class UcxMemory final : public RegisteredMemory {
 public:
  /// Where it lies in its owner's process; in front of the rkey in an export.
  struct Place {
    static constexpr std::size_t kBytes = 16;
    std::uint64_t base;
    std::uint64_t size;
    /// bad_message unless it is a range of addresses with an rkey behind it.
    static Result<Place> decode(Bytes content);
  };
  static_assert(sizeof(Place) == Place::kBytes);

  static Result<std::unique_ptr<RegisteredMemory>> allocate(ucp_context_h context,
                                                            std::size_t bytes);
  UcxMemory(const UcxMemory&) = delete;
  UcxMemory& operator=(const UcxMemory&) = delete;
  ~UcxMemory() override;

  MutableBytes memory() const override { return memory_; }
  std::size_t huge_bytes() const override { return huge_bytes_; }
  Bytes exported() const override { return exported_; }

 private:
  UcxMemory(ucp_context_h context, ucp_mem_h handle) : context_(context), handle_(handle) {}
  ucs_status_t locate(std::size_t bytes);
  ucs_status_t pack();

  ucp_context_h context_;
  ucp_mem_h handle_;
  MutableBytes memory_;
  std::size_t huge_bytes_ = 0;
  std::vector<std::byte> exported_;
};

}  // namespace mayfly
