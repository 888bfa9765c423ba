#include "async/frame_pool.h"

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

struct FreeLists {
  std::array<FreeList, FramePool::kLargestPooledBytes / FramePool::kGranuleBytes> classes;

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

std::size_t class_of(std::size_t bytes) { return (bytes - 1) / FramePool::kGranuleBytes; }

}  // namespace

void* FramePool::allocate(std::size_t bytes) {
  if (!kPooled || bytes > kLargestPooledBytes) return ::operator new(bytes);
  FreeList& list = free_lists.classes[class_of(bytes)];
  if (list.head == nullptr) return ::operator new((class_of(bytes) + 1) * kGranuleBytes);
  FreeFrame* frame = list.head;
  list.head = frame->next;
  --list.count;
  return frame;
}

void FramePool::release(void* frame, std::size_t bytes) noexcept {
  if (!kPooled || bytes > kLargestPooledBytes) return ::operator delete(frame);
  FreeList& list = free_lists.classes[class_of(bytes)];
  if (list.count == kKeptPerClass) return ::operator delete(frame);
  auto* freed = static_cast<FreeFrame*>(frame);
  freed->next = list.head;
  list.head = freed;
  ++list.count;
}

}  // namespace mayfly
