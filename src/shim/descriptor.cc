#include "shim/descriptor.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <mutex>
#include <utility>

#include "shim/memfd.h"
#include "shim/position.h"
#include "shim/private_descriptor.h"
#include "shim/real.h"
#include "shim/ticket_name.h"

namespace mayfly::shim {
namespace {

constexpr int kPageSlots = 1024;
constexpr int kPages = 1024;

using Page = std::array<std::atomic<Description*>, kPageSlots>;

constinit std::array<std::atomic<Page*>, kPages> pages{};
constinit std::atomic<int> largest{-1};

/// Of whoever makes a Page, a Description or a handle. Anew in a forked child.
std::mutex& making() { return making_lock(); }

std::atomic<Description*>* slot_of(int fd) {
  if (fd < 0 || fd >= kPageSlots * kPages) return nullptr;
  Page* const page = pages[static_cast<std::size_t>(fd / kPageSlots)].load();
  return page == nullptr ? nullptr : &(*page)[static_cast<std::size_t>(fd % kPageSlots)];
}

std::atomic<Description*>* make_slot(int fd) {
  if (fd >= kPageSlots * kPages) return nullptr;
  auto& page = pages[static_cast<std::size_t>(fd / kPageSlots)];
  if (page.load() == nullptr) {
    const std::lock_guard lock(making());
    if (page.load() == nullptr) page.store(new Page{});
  }
  int before = largest.load();
  while (before < fd && !largest.compare_exchange_weak(before, fd)) {
  }
  return slot_of(fd);
}

/// Descriptions are never freed: find() may look at one that has just been let go.
struct Node {
  Description description;
  Node* next = nullptr;
};

Description* make_description() {
  static constinit Node* all = nullptr;
  const Inside inside;
  const std::lock_guard lock(making());
  for (Node* node = all; node != nullptr; node = node->next) {
    int free = 0;
    if (node->description.holders.compare_exchange_strong(free, 1)) return &node->description;
  }
  all = new Node{{}, all};
  all->description.holders = 1;
  return &all->description;
}

/// 0, or -1 and errno if this was the last hold and the file could not be closed well.
int let_go(Description* description) {
  // The last holder closes while it still holds: nobody else can find it any more.
  int holders = description->holders.load();
  while (holders > 1) {
    if (description->holders.compare_exchange_weak(holders, holders - 1)) return 0;
  }
  const int handle = description->handle.exchange(-1);
  const bool is_open = handle >= 0 && description->generation.load() == process_generation();
  const Library* const joined = is_open ? library_if_joined() : nullptr;
  const int closed = joined == nullptr ? 0 : call(joined->close, handle);
  description->holders.fetch_sub(1);
  return closed;
}

/// Nothing else may have the number yet.
bool assign(int fd, Description* description) {
  std::atomic<Description*>* const slot = make_slot(fd);
  if (slot == nullptr) return false;
  slot->store(description);
  return true;
}

}  // namespace

Held::~Held() {
  if (description_ == nullptr) return;
  const int error = errno;
  let_go(description_);
  errno = error;
}

int Held::handle() const {
  const Library* const joined = library();
  if (joined == nullptr) return -1;
  Description& mine = *description_;
  if (mine.generation.load() == process_generation()) return mine.handle.load();
  const std::lock_guard lock(making());
  if (mine.generation.load() == process_generation()) return mine.handle.load();
  const int handle = shim::call(joined->open_ticket, &mine.ticket);
  if (handle < 0) return -1;
  // It may have changed since it was opened.
  shim::call(joined->set_append, handle, mine.flags.load() & O_APPEND);
  mine.handle.store(handle);
  mine.generation.store(process_generation());
  return handle;
}

Held hold(int fd) {
  std::atomic<Description*>* const slot = slot_of(fd);
  if (slot == nullptr) return {};
  while (Description* const description = slot->load()) {
    int holders = description->holders.load();
    while (holders > 0 && !description->holders.compare_exchange_weak(holders, holders + 1)) {
    }
    if (holders == 0) continue;
    Held held(description);
    if (slot->load() == description) return held;
  }
  return {};
}

Held find(int fd) { return Inside::is_so() ? Held() : hold(fd); }

bool is_number_of_ours(int fd) {
  const std::atomic<Description*>* const slot = slot_of(fd);
  return slot != nullptr && slot->load() != nullptr;
}

bool is_ours(int fd) { return is_number_of_ours(fd) && !Inside::is_so(); }

int add(int handle, int flags, std::string path) {
  const Library* const joined = library();
  mayfly_ticket ticket{};
  int fd = -1;
  if (call(joined->get_ticket, handle, &ticket) == 0) {
    fd = make_number(flags);
  }
  if (fd < 0) {
    const int error = errno;
    call(joined->close, handle);
    errno = error;
    return -1;
  }
  Description* const description = make_description();
  description->ticket = ticket;
  description->flags = flags & ~(O_CLOEXEC | O_CREAT | O_EXCL | O_NOCTTY | O_TRUNC);
  description->path = std::move(path);
  description->handle = handle;
  description->position = 0;
  description->generation = process_generation();
  if (assign(fd, description)) return fd;
  let_go(description);
  MAYFLY_REAL(close)(fd);
  errno = EMFILE;
  return -1;
}

void share(const ChangingNumbers&, int old, int fd) {
  const Held held = hold(old);
  if (!held || old == fd) return;
  held->holders.fetch_add(1);
  if (!assign(fd, held.get())) let_go(held.get());
}

int forget(int fd) {
  std::atomic<Description*>* const slot = slot_of(fd);
  if (slot == nullptr || Inside::is_so()) return 0;
  Description* description = nullptr;
  {
    const ChangingNumbers changing;
    description = slot->exchange(nullptr);
  }
  return description == nullptr ? 0 : let_go(description);
}

int largest_ours() { return largest.load(); }

void take_up_inherited() {
  each_open_descriptor([](int fd) {
    mayfly_ticket ticket{};
    int flags = 0;
    if (!read_ticket_name(fd, ticket, flags)) return;
    Description* const description = make_description();
    description->ticket = ticket;
    description->flags = flags;
    description->path.clear();
    description->handle = -1;
    description->position = kShared;
    description->generation = 0;
    assign(fd, description);
  });
}

}  // namespace mayfly::shim
