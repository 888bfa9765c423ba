// What libc keeps in one place for the whole process. UCX asks for it too, below a program's open
// or stat and between two calls of the program's own, so what is asked inside has a place apart.
#include <cstring>
#include <ctime>

#include "shim/library.h"
#include "shim/real.h"

using mayfly::shim::Inside;

MAYFLY_EXPORT char* strtok(char* text, const char* delimiters) noexcept {
  static char* of_program = nullptr;
  static thread_local char* of_library = nullptr;
  return ::strtok_r(text, delimiters, Inside::is_so() ? &of_library : &of_program);
}

MAYFLY_EXPORT tm* localtime(const time_t* time) noexcept {
  static thread_local tm of_library;
  return Inside::is_so() ? ::localtime_r(time, &of_library) : MAYFLY_REAL(localtime)(time);
}
