#include "base/assert.h"

#include <cstdio>
#include <cstdlib>

namespace mayfly {

void assertion_failed(const char* condition, const char* file, int line) noexcept {
  std::fprintf(stderr, "mayfly: broken invariant at %s:%d: %s\n", file, line, condition);
  std::abort();
}

}  // namespace mayfly
