#include "shim/standard_stream.h"

#include <fcntl.h>
#include <stdio_ext.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <string>
#include <utility>

#include "shim/descriptor.h"
#include "shim/real.h"
#include "shim/stream.h"

namespace mayfly::shim {
namespace {

struct Standard {
  std::FILE** variable;  ///< stdin, stdout, stderr: what programs read
  const char* mode;
  std::FILE* ours = nullptr;      ///< made once: it works on the number, whatever that stands for
  std::FILE* original = nullptr;  ///< what was there before; nullptr: that is in place
};

std::array<Standard, 3>& standards() {
  static std::array<Standard, 3> all{{{&stdin, "r"}, {&stdout, "w"}, {&stderr, "w"}}};
  return all;
}

/// What has been written to `stream` and is still in its buffer.
std::string take_pending(std::FILE* stream) {
  const std::size_t pending = ::__fpending(stream);
  std::string bytes(stream->_IO_write_base, pending);
  ::__fpurge(stream);
  return bytes;
}

std::FILE* make_stream(int fd, const char* mode) {
  std::FILE* const stream = stream_on(fd, mode);
  if (stream != nullptr && fd == 2) std::setvbuf(stream, nullptr, _IONBF, 0);
  return stream;
}

void exchange(Standard& standard, std::FILE* with) {
  std::FILE* const old = *standard.variable;
  const bool writes = standard.mode[0] == 'w';
  const std::string pending = writes ? take_pending(old) : std::string();
  *standard.variable = with;
  if (!pending.empty()) MAYFLY_REAL(fwrite)(pending.data(), 1, pending.size(), with);
}

}  // namespace

void follow_descriptor(int fd) {
  if (fd < 0 || fd > 2) return;
  Standard& standard = standards()[static_cast<std::size_t>(fd)];
  const bool ours = is_ours(fd);
  if (ours && standard.original == nullptr) {
    if (standard.ours == nullptr) standard.ours = make_stream(fd, standard.mode);
    if (standard.ours == nullptr) return;
    ::clearerr(standard.ours);
    standard.original = *standard.variable;
    exchange(standard, standard.ours);
  } else if (!ours && standard.original != nullptr) {
    exchange(standard, std::exchange(standard.original, nullptr));
  }
}

void forget_stream(int fd) {
  if (fd < 0 || fd > 2) return;
  Standard& standard = standards()[static_cast<std::size_t>(fd)];
  standard.ours = nullptr;
  if (standard.original != nullptr) {
    *standard.variable = std::exchange(standard.original, nullptr);
  }
}

std::FILE* current_stream(std::FILE* stream) {
  for (const Standard& standard : standards()) {
    if (stream == standard.original && stream != nullptr) return *standard.variable;
  }
  return stream;
}

}  // namespace mayfly::shim

using mayfly::shim::current_stream;

// What libstdc++ calls for std::cin, cout and cerr, which have the streams of the program's start.
MAYFLY_EXPORT std::size_t fwrite(const void* bytes, std::size_t size, std::size_t count,
                                 std::FILE* stream) {
  return MAYFLY_REAL(fwrite)(bytes, size, count, current_stream(stream));
}

MAYFLY_EXPORT std::size_t fread(void* bytes, std::size_t size, std::size_t count,
                                std::FILE* stream) {
  return MAYFLY_REAL(fread)(bytes, size, count, current_stream(stream));
}

MAYFLY_EXPORT int putc(int byte, std::FILE* stream) {
  return MAYFLY_REAL(putc)(byte, current_stream(stream));
}
MAYFLY_SAME(_IO_putc, putc);

MAYFLY_EXPORT int getc(std::FILE* stream) { return MAYFLY_REAL(getc)(current_stream(stream)); }
MAYFLY_SAME(_IO_getc, getc);

MAYFLY_EXPORT int ungetc(int byte, std::FILE* stream) {
  return MAYFLY_REAL(ungetc)(byte, current_stream(stream));
}

MAYFLY_EXPORT int fflush(std::FILE* stream) { return MAYFLY_REAL(fflush)(current_stream(stream)); }
