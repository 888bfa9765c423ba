// SharedBuffer: a Buffer with several holders: a cache that keeps it, a device that moves it, peers
// that read from it. The last one to let go gives it back to its pool.
//
// Owner: all holders. Thread: the loop's. Failure: none. Cost: the pool counts the holders; sharing
//   allocates nothing.
#pragma once

#include <utility>

#include "memory/buffer_pool.h"

namespace mayfly {

class SharedBuffer {
 public:
  SharedBuffer() = default;
  explicit SharedBuffer(Buffer buffer)
      : pool_(std::exchange(buffer.pool_, nullptr)), data_(buffer.data_), class_(buffer.class_) {
    if (pool_ != nullptr) pool_->holders(data_) = 1;
  }
  SharedBuffer(const SharedBuffer& other)
      : pool_(other.pool_), data_(other.data_), class_(other.class_) {
    if (pool_ != nullptr) ++pool_->holders(data_);
  }
  SharedBuffer(SharedBuffer&& other) noexcept
      : pool_(std::exchange(other.pool_, nullptr)), data_(other.data_), class_(other.class_) {}
  SharedBuffer& operator=(SharedBuffer other) noexcept {
    std::swap(pool_, other.pool_);
    std::swap(data_, other.data_);
    std::swap(class_, other.class_);
    return *this;
  }
  ~SharedBuffer() {
    if (pool_ != nullptr) pool_->let_go(data_, class_);
  }

  explicit operator bool() const { return pool_ != nullptr; }
  /// Page-aligned.
  std::byte* data() const { return data_; }
  std::size_t size() const { return kBufferBytes[static_cast<std::size_t>(class_)]; }
  BufferClass size_class() const { return class_; }
  std::uint64_t slab_offset() const {
    return static_cast<std::uint64_t>(data_ - pool_->slab().data());
  }
  bool has_other_holders() const { return pool_->holders(data_) > 1; }
  /// The Buffer, which nobody else holds.
  Buffer take() {
    MAYFLY_ASSERT(!has_other_holders());
    return Buffer(std::exchange(pool_, nullptr), data_, class_);
  }

 private:
  BufferPool* pool_ = nullptr;
  std::byte* data_ = nullptr;
  BufferClass class_ = BufferClass::large;
};

}  // namespace mayfly
