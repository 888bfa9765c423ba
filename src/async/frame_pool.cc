#include "async/frame_pool.h"

#include <algorithm>
#include <array>
#include <new>

namespace mayfly {
namespace {

#if defined(__SANITIZE_ADDRESS__)
constexpr bool kPooled = false;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
constexpr bool kPooled = false;
#else
constexpr bool kPooled = true;
#endif
#else
constexpr bool kPooled = true;
#endif

struct FreeFrame {
  FreeFrame* next;
};

struct FreeList {
  FreeFrame* head = nullptr;
  std::size_t count = 0;
};

constexpr std::size_t kFrameClasses = FramePool::kLargestFrameBytes / FramePool::kGranuleBytes;

struct FreeLists {
  /// The last is of what is larger than frames are.
  std::array<FreeList, kFrameClasses + 1> classes;

  ~FreeLists() {
    for (FreeList& list : classes) {
      while (list.head != nullptr) {
        FreeFrame* frame = list.head;
        list.head = frame->next;
        ::operator delete(frame);
      }
    }
  }
};

thread_local FreeLists free_lists;

std::size_t class_of(std::size_t bytes) {
  return std::min((bytes - 1) / FramePool::kGranuleBytes, kFrameClasses);
}

std::size_t bytes_of(std::size_t size_class) {
  if (size_class == kFrameClasses) return FramePool::kLargestPooledBytes;
  return (size_class + 1) * FramePool::kGranuleBytes;
}

std::size_t most_kept(std::size_t size_class) {
  return size_class == kFrameClasses ? FramePool::kKeptLarge : FramePool::kKeptPerClass;
}

}  // namespace

void* FramePool::allocate(std::size_t bytes) {
  if (!kPooled || bytes > kLargestPooledBytes) return ::operator new(bytes);
  const std::size_t size_class = class_of(bytes);
  FreeList& list = free_lists.classes[size_class];
  if (list.head == nullptr) return ::operator new(bytes_of(size_class));
  FreeFrame* frame = list.head;
  list.head = frame->next;
  --list.count;
  return frame;
}

void FramePool::release(void* frame, std::size_t bytes) noexcept {
  if (!kPooled || bytes > kLargestPooledBytes) return ::operator delete(frame);
  const std::size_t size_class = class_of(bytes);
  FreeList& list = free_lists.classes[size_class];
  if (list.count == most_kept(size_class)) return ::operator delete(frame);
  auto* freed = static_cast<FreeFrame*>(frame);
  freed->next = list.head;
  list.head = freed;
  ++list.count;
}

}  // namespace mayfly
