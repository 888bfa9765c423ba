// FreeList: objects that are used over and over, the last returned first because it is still in the
// cache. Thread: the owner's.
#pragma once

#include <cstddef>
#include <memory>
#include <vector>

namespace mayfly {

/// Keeps at most `kKept` idle objects; those handed out are bounded by what the owner has in
/// flight. Objects handed out do not belong to the list until they are returned.
template <class T, std::size_t kKept = 1024>
class FreeList {
 public:
  template <class... Arguments>
  T* take(Arguments&&... arguments) {
    if (idle_.empty()) return new T(std::forward<Arguments>(arguments)...);
    T* object = idle_.back().release();
    idle_.pop_back();
    return object;
  }
  void give_back(T* object) {
    std::unique_ptr<T> owned(object);
    if (idle_.size() < kKept) idle_.push_back(std::move(owned));
  }

 private:
  std::vector<std::unique_ptr<T>> idle_;
};

}  // namespace mayfly
