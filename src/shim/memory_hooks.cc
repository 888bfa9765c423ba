// UCX writes a jump to itself over mmap and its like, as the program's first library has them: over
// ours, where MPI has loaded UCX before the first touch of the mount. It is led on to libc's, so
// that both see each call: ours first, and what goes on to libc UCX too.
#include <dlfcn.h>

#include "shim/real.h"

namespace {

bool is_ours(void* function) {
  static const int here = 0;
  Dl_info ours{};
  Dl_info theirs{};
  return ::dladdr(&here, &ours) != 0 && ::dladdr(function, &theirs) != 0 &&
         ours.dli_fbase == theirs.dli_fbase;
}

}  // namespace

/// UCX's own, which its other parts find by name. Later versions take fewer or more of the last
/// two.
MAYFLY_EXPORT int ucm_bistro_patch(void* function, void* hook, const char* symbol, void* original,
                                   void* restore) noexcept {
  using Patch = int(void*, void*, const char*, void*, void*);
  constexpr int kNotFound = -12;  // UCS_ERR_NO_ELEM
  void* const ucm = ::dlopen("libucm.so.0", RTLD_NOW | RTLD_NOLOAD);
  void* const patch = ucm == nullptr ? nullptr : ::dlsym(ucm, "ucm_bistro_patch");
  if (patch == nullptr) return kNotFound;
  if (is_ours(function)) {
    void* const behind = ::dlsym(RTLD_NEXT, symbol);
    if (behind != nullptr) function = behind;
  }
  return reinterpret_cast<Patch*>(patch)(function, hook, symbol, original, restore);
}
