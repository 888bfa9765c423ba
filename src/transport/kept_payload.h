// KeptPayload: a copy of a payload that has arrived, behind the object.
#pragma once

#include <memory>

#include "async/frame_pool.h"
#include "transport/body.h"

namespace mayfly {

class KeptPayload final : public Payload {
 public:
  static std::unique_ptr<Payload> copy(Bytes bytes);

  std::size_t size() const override { return size_; }
  Bytes inline_bytes() const override {
    return {reinterpret_cast<const std::byte*>(this + 1), size_};
  }
  Task<Status> receive(MutableBytes into) override;

  static void* operator new(std::size_t) = delete;
  static void operator delete(KeptPayload* payload, std::destroying_delete_t) noexcept;

 private:
  explicit KeptPayload(std::size_t size) : size_(size) {}

  std::size_t size_;
};

}  // namespace mayfly
