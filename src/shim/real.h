// The functions that ours stand in front of: those of the next library, mostly libc.
#pragma once

#include <dlfcn.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>

namespace mayfly::shim {

/// Found once per use in the source. Thread: any; several may look at the same time and find the
/// same. A function that the C library does not have cannot have been called through us.
template <class Function>
Function* find_real(std::atomic<Function*>& found, const char* name) {
  Function* function = found.load(std::memory_order_relaxed);
  if (function != nullptr) return function;
  function = reinterpret_cast<Function*>(::dlsym(RTLD_NEXT, name));
  if (function == nullptr) {
    std::fprintf(stderr, "mayfly: there is no %s behind libmayfly_preload.so\n", name);
    std::abort();
  }
  found.store(function, std::memory_order_relaxed);
  return function;
}

}  // namespace mayfly::shim

/// MAYFLY_REAL(open)(path, flags)
#define MAYFLY_REAL(name)                                       \
  ([] {                                                         \
    using Function = std::remove_reference_t<decltype(::name)>; \
    static constinit std::atomic<Function*> found{nullptr};     \
    return ::mayfly::shim::find_real(found, #name);             \
  }())

/// Another name of one of our functions: on 64-bit systems open64 is open.
#define MAYFLY_SAME(alias, name) \
  asm(".globl " #alias "\n.type " #alias ", @function\n.set " #alias ", " #name)

/// What libc's callers find first.
#define MAYFLY_EXPORT extern "C" __attribute__((visibility("default")))
