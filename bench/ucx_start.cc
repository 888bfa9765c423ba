// What UCX takes to start, as every client needs it: a worker with an address. bench/shim.py
// compares with the first touch of a program under the shim.
#include <cstdio>
#include <cstdlib>

#include "transport/ucx_worker.h"

int main() {
  const auto worker = mayfly::UcxWorker::create(mayfly::UcxOptions());
  if (!worker) std::fprintf(stderr, "%s\n", worker.error().sentence.c_str());
  // Without the farewell, which is no part of the start.
  std::_Exit(worker ? EXIT_SUCCESS : EXIT_FAILURE);
}
