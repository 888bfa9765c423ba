// fio, the measuring program, as a child process.
#pragma once

#include <cstdint>
#include <optional>

namespace mayfly {

struct FioRates {
  double write = 0;  ///< MiB/s
  double read = 0;
};

/// Writes and reads `bytes` of the open file `descriptor` in blocks of 1 MiB. Nothing if there is
/// no fio on PATH or if it does not work here.
std::optional<FioRates> run_fio(int descriptor, std::uint64_t bytes);

}  // namespace mayfly
