// The transports that the typed suite runs on. Each makes workers that can reach one another.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "transport/loopback_worker.h"
#include "transport/ucx_worker.h"

namespace mayfly {

inline std::unique_ptr<Worker> ucx_worker(const std::string& transports) {
  UcxOptions options;
  options.transports = transports;
  auto worker = UcxWorker::create(options);
  if (!worker) {
    ADD_FAILURE() << worker.error().sentence;
    std::abort();
  }
  return std::move(*worker);
}

struct UcxSharedMemory {
  static constexpr bool kIsOneSided = true;
  static constexpr bool kHasLanes = false;
  std::unique_ptr<Worker> make() { return ucx_worker("posix,cma,self"); }
};

/// Workers that have answered one another and take up the lane that was offered then.
struct UcxSharedLanes : UcxSharedMemory {
  static constexpr bool kHasLanes = true;
};

struct UcxTcp {
  static constexpr bool kIsOneSided = false;
  static constexpr bool kHasLanes = false;
  std::unique_ptr<Worker> make() { return ucx_worker("tcp,self"); }
};

struct Loopback {
  static constexpr bool kIsOneSided = true;
  static constexpr bool kHasLanes = false;
  std::unique_ptr<Worker> make() { return std::make_unique<LoopbackWorker>(network); }
  LoopbackNetwork network{7};
};

struct DelayedLoopback {
  static constexpr bool kIsOneSided = false;
  static constexpr bool kHasLanes = false;
  DelayedLoopback() {
    network.set_max_delay(5);
    network.set_one_sided(false);
  }
  std::unique_ptr<Worker> make() { return std::make_unique<LoopbackWorker>(network); }
  LoopbackNetwork network{11};
};

}  // namespace mayfly
