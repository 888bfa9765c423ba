// A doubly linked list whose hooks live in its elements: no allocation, O(1) removal, and an
// element that is destroyed leaves the list by itself. One thread.
#pragma once

#include "base/assert.h"

namespace mayfly {

class ListHook {
 public:
  ListHook() = default;
  ListHook(const ListHook&) = delete;
  ListHook& operator=(const ListHook&) = delete;
  ~ListHook() { unlink(); }

  bool is_linked() const { return next_ != this; }
  void unlink() {
    previous_->next_ = next_;
    next_->previous_ = previous_;
    next_ = previous_ = this;
  }

 private:
  template <class T>
  friend class IntrusiveList;

  void insert_before(ListHook* position) {
    MAYFLY_ASSERT(!is_linked());
    previous_ = position->previous_;
    next_ = position;
    previous_->next_ = this;
    position->previous_ = this;
  }

  ListHook* next_ = this;
  ListHook* previous_ = this;
};

/// `T` derives from ListHook. The list owns nothing; elements left in it at its end are unlinked.
template <class T>
class IntrusiveList {
 public:
  IntrusiveList() = default;
  ~IntrusiveList() {
    while (head_.is_linked()) head_.next_->unlink();
  }

  bool empty() const { return !head_.is_linked(); }
  void push_back(T* element) { element->ListHook::insert_before(&head_); }
  T* front() { return empty() ? nullptr : static_cast<T*>(head_.next_); }
  T* pop_front() {
    T* element = front();
    if (element != nullptr) element->ListHook::unlink();
    return element;
  }
  /// Moves every element of `other` to the end of this list.
  void append(IntrusiveList& other) {
    if (other.empty()) return;
    ListHook* first = other.head_.next_;
    ListHook* last = other.head_.previous_;
    other.head_.next_ = other.head_.previous_ = &other.head_;
    first->previous_ = head_.previous_;
    head_.previous_->next_ = first;
    last->next_ = &head_;
    head_.previous_ = last;
  }

 private:
  ListHook head_;
};

}  // namespace mayfly
