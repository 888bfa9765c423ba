// Progress: how far a stage is; counted by its threads, read by whoever shows it.
#pragma once

#include <atomic>
#include <cstdint>

namespace mayfly {

struct Progress {
  std::atomic<std::uint64_t> files_found{0};
  std::atomic<std::uint64_t> bytes_found{0};
  std::atomic<bool> all_found{false};
  std::atomic<std::uint64_t> files_done{0};  ///< copied, or there already
  std::atomic<std::uint64_t> bytes_done{0};
  std::atomic<std::uint64_t> files_kept{0};  ///< of files_done: there already
  std::atomic<std::uint64_t> bytes_kept{0};
  std::atomic<std::uint64_t> bytes_by_servers{0};  ///< of those that were copied
  std::atomic<std::uint64_t> failures{0};
};

}  // namespace mayfly
