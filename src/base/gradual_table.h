// GradualTable: a hash table that owns its items and never halts to grow: when it is too full or
// too empty, every insertion and removal moves a few items to a larger or smaller array.
//
// Owner: whoever keeps items by it. Thread: one. An item stays at its address until it is taken.
// Cost: one array of 16-byte slots with linear probing, full to 3/4 at the most, and for the time
// of a change the one before it too. A look-up that fails touches no item; one that succeeds
// touches, but for equal hashes, that item alone. Hashes that follow one another, as those of ids
// given out in order may, lie side by side.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <new>
#include <utility>
#include <vector>

#include "base/assert.h"

namespace mayfly {

template <class Item>
class GradualTable {
 public:
  /// The item of that hash for which `is(item)`; null: none.
  template <class Is>
  Item* find(std::uint64_t hash, Is is) const {
    if (Item* const item = slots_.find(hash, 0, is)) return item;
    return old_.capacity() == 0 ? nullptr : old_.find(hash, moved_, is);
  }

  /// One that is not there.
  Item& insert(std::uint64_t hash, std::unique_ptr<Item> item) {
    const std::uint64_t capacity = slots_.capacity();
    if (old_.capacity() == 0 && (size_ + 1) * 4 > capacity * 3) begin_move(capacity * 2);
    move_some();
    ++size_;
    MAYFLY_ASSERT(size_ < slots_.capacity());
    slots_.place({hash, item.get()});
    return *item.release();
  }

  /// One that is there.
  std::unique_ptr<Item> take(std::uint64_t hash, const Item& item) {
    const auto is = [&item](const Item& other) { return &other == &item; };
    std::unique_ptr<Item> taken(slots_.take(hash, is));
    if (taken == nullptr) taken.reset(old_.bury(hash, moved_, is));
    --size_;
    const std::uint64_t capacity = slots_.capacity();
    const bool is_sparse = capacity > kLeastCapacity && size_ * 8 < capacity;
    if (old_.capacity() == 0 && is_sparse) begin_move(capacity / 2);
    move_some();
    return taken;
  }

  std::uint64_t size() const { return size_; }
  /// In no order. O(capacity).
  std::vector<const Item*> all() const {
    std::vector<const Item*> items;
    slots_.add_to(items, 0);
    old_.add_to(items, moved_);
    return items;
  }

  GradualTable() = default;
  GradualTable(const GradualTable&) = delete;
  GradualTable& operator=(const GradualTable&) = delete;
  ~GradualTable() {
    for (const Item* item : all()) delete item;
  }

 private:
  static constexpr std::uint64_t kLeastCapacity = 16;
  /// Slots moved by one change. From full to 3/4 to full again there are 3/4 as many insertions as
  /// slots before, from a shrinking until the smaller array is full 1/4 as many.
  static constexpr std::uint64_t kMovedAtOnce = 8;

  struct Slot {
    std::uint64_t hash;
    Item* item;
  };

  class Slots {
   public:
    Slots() = default;
    explicit Slots(std::uint64_t capacity)
        // calloc takes fresh pages, which are zero already and touched one by one.
        : slots_(static_cast<Slot*>(std::calloc(capacity, sizeof(Slot)))), capacity_(capacity) {
      if (slots_ == nullptr) throw std::bad_alloc();
    }
    std::uint64_t capacity() const { return capacity_; }
    Slot& operator[](std::uint64_t place) { return slots_[place]; }

    /// Those before `from` are no longer here.
    template <class Is>
    Item* find(std::uint64_t hash, std::uint64_t from, Is is) const {
      const Slot* const slot = find_slot(hash, from, is);
      return slot == nullptr ? nullptr : slot->item;
    }
    void place(const Slot& slot) {
      std::uint64_t place = slot.hash & mask();
      while (slots_[place].item != nullptr) place = (place + 1) & mask();
      slots_[place] = slot;
    }
    /// Closes the gap; null: not there.
    template <class Is>
    Item* take(std::uint64_t hash, Is is) {
      Slot* const slot = find_slot(hash, 0, is);
      if (slot == nullptr) return nullptr;
      Item* const item = slot->item;
      std::uint64_t gap = slot - slots_.get();
      for (std::uint64_t next = (gap + 1) & mask(); slots_[next].item != nullptr;
           next = (next + 1) & mask()) {
        const std::uint64_t home = slots_[next].hash & mask();
        // Only what would still be found from its home.
        if (((next - home) & mask()) < ((next - gap) & mask())) continue;
        slots_[gap] = slots_[next];
        gap = next;
      }
      slots_[gap] = {};
      return item;
    }
    /// Leaves the gap, for nothing is placed here any more.
    template <class Is>
    Item* bury(std::uint64_t hash, std::uint64_t from, Is is) {
      Slot* const slot = find_slot(hash, from, is);
      MAYFLY_ASSERT(slot != nullptr);
      slot->hash = kBuried;
      return std::exchange(slot->item, nullptr);
    }
    void add_to(std::vector<const Item*>& items, std::uint64_t from) const {
      for (std::uint64_t place = from; place < capacity_; ++place) {
        if (slots_[place].item != nullptr) items.push_back(slots_[place].item);
      }
    }

   private:
    /// A slot without an item and with a hash: the search goes on behind it.
    static constexpr std::uint64_t kBuried = 1;
    struct Free {
      void operator()(Slot* slots) const { std::free(slots); }
    };
    std::uint64_t mask() const { return capacity_ - 1; }
    template <class Is>
    Slot* find_slot(std::uint64_t hash, std::uint64_t from, Is is) const {
      for (std::uint64_t place = hash & mask();; place = (place + 1) & mask()) {
        Slot& slot = slots_[place];
        if (slot.item == nullptr && slot.hash != kBuried) return nullptr;
        if (slot.item != nullptr && slot.hash == hash && place >= from && is(*slot.item)) {
          return &slot;
        }
      }
    }

    std::unique_ptr<Slot[], Free> slots_;
    std::uint64_t capacity_ = 0;
  };

  void begin_move(std::uint64_t capacity) {
    old_ = std::exchange(slots_, Slots(capacity));
    moved_ = 0;
  }
  void move_some() {
    if (old_.capacity() == 0) return;
    const std::uint64_t end = std::min(moved_ + kMovedAtOnce, old_.capacity());
    for (; moved_ < end; ++moved_) {
      if (old_[moved_].item != nullptr) slots_.place(old_[moved_]);
    }
    if (moved_ == old_.capacity()) old_ = Slots();
  }

  Slots slots_{kLeastCapacity};
  Slots old_;                ///< of no capacity unless a move is under way
  std::uint64_t moved_ = 0;  ///< slots of old_ whose items are in slots_
  std::uint64_t size_ = 0;
};

}  // namespace mayfly
