// TicketName: a ticket as the name of a memfd, which whoever inherits the descriptor can read.
#pragma once

#include <array>

#include "mayfly/mayfly.h"

namespace mayfly::shim {

class TicketName {
 public:
  explicit TicketName(const mayfly_ticket& ticket);
  const char* text() const { return text_.data(); }

 private:
  std::array<char, 8 + 2 * sizeof(mayfly_ticket)> text_{};
};

/// Whether `fd` is a memfd of that kind; then the ticket, and what fcntl(F_GETFL) is to say.
bool read_ticket_name(int fd, mayfly_ticket& ticket, int& flags);

/// Calls `visit` for every descriptor of the process; not in the order of numbers.
void each_open_descriptor(void (*visit)(int fd));

}  // namespace mayfly::shim
