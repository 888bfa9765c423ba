#include "shim/ticket_name.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string_view>

#include "shim/real.h"

namespace mayfly::shim {
namespace {

constexpr std::string_view kMark = "mayfly:";
constexpr std::string_view kMemfd = "/memfd:";
constexpr std::string_view kDigits = "0123456789abcdef";
/// Where a ticket has the flags of its open.
constexpr std::size_t kFlagsAt = 24;

int digit_of(char letter) {
  const std::size_t at = kDigits.find(letter);
  return at == std::string_view::npos ? -1 : static_cast<int>(at);
}

}  // namespace

TicketName::TicketName(const mayfly_ticket& ticket) {
  static_assert(kMark.size() + 2 * sizeof ticket.bytes + 1 == sizeof text_);
  char* at = text_.data() + kMark.copy(text_.data(), kMark.size());
  for (const unsigned char byte : ticket.bytes) {
    *at++ = kDigits[byte / 16];
    *at++ = kDigits[byte % 16];
  }
}

bool read_ticket_name(int fd, mayfly_ticket& ticket, int& flags) {
  char link[32];
  std::snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  char target[256];
  const ssize_t length = MAYFLY_REAL(readlink)(link, target, sizeof target);
  const std::size_t mark = kMemfd.size() + kMark.size();
  if (length < static_cast<ssize_t>(mark + 2 * sizeof ticket.bytes)) return false;
  const std::string_view name(target, static_cast<std::size_t>(length));
  if (!name.starts_with(kMemfd) || name.compare(kMemfd.size(), kMark.size(), kMark) != 0) {
    return false;
  }
  const char* at = target + mark;
  for (unsigned char& byte : ticket.bytes) {
    const int high = digit_of(*at++);
    const int low = digit_of(*at++);
    if (high < 0 || low < 0) return false;
    byte = static_cast<unsigned char>(high * 16 + low);
  }
  std::int32_t opened_with = 0;
  std::memcpy(&opened_with, ticket.bytes + kFlagsAt, sizeof opened_with);
  // What F_SETFL has changed since is with the kernel.
  constexpr int kChangeable = O_APPEND | O_NONBLOCK;
  flags = opened_with & ~(O_CLOEXEC | O_CREAT | O_EXCL | O_NOCTTY | O_TRUNC | kChangeable);
  flags |= MAYFLY_REAL(fcntl)(fd, F_GETFL) & kChangeable;
  return true;
}

void each_open_descriptor(void (*visit)(int fd)) {
  const int directory = MAYFLY_REAL(open)("/proc/self/fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (directory < 0) return;
  alignas(dirent64) char bytes[4096];
  long got = 0;
  while ((got = MAYFLY_REAL(syscall)(SYS_getdents64, directory, bytes, sizeof bytes)) > 0) {
    for (long at = 0; at < got;) {
      const auto* const entry = reinterpret_cast<const dirent64*>(bytes + at);
      at += entry->d_reclen;
      const int fd = std::atoi(entry->d_name);
      if (entry->d_name[0] != '.' && fd != directory) visit(fd);
    }
  }
  MAYFLY_REAL(close)(directory);
}

}  // namespace mayfly::shim
