#include "cli/doctor/io_uring.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <liburing.h>
#include <sys/utsname.h>

#include <array>
#include <cstdlib>
#include <utility>

#include "base/errc.h"
#include "base/units.h"
#include "cli/doctor/proc_file.h"

namespace mayfly {
namespace {

constexpr unsigned kProbeDepth = 8;

/// errno of making a ring with `flags`; 0 if it works.
int try_ring(unsigned flags) {
  io_uring ring{};
  const int error = io_uring_queue_init(kProbeDepth, &ring, flags);
  if (error == 0) io_uring_queue_exit(&ring);
  return -error;
}

int try_fixed_buffer(io_uring& ring) {
  alignas(kPageBytes) static std::array<std::byte, kPageBytes> page;
  const iovec piece{page.data(), page.size()};
  return -io_uring_register_buffers(&ring, &piece, 1);
}

/// What the storage and the event loop submit.
std::vector<std::string> find_missing_operations(io_uring& ring) {
  constexpr std::array<std::pair<int, const char*>, 7> kNeeded = {{
      {IORING_OP_READ, "READ"},
      {IORING_OP_WRITE, "WRITE"},
      {IORING_OP_READ_FIXED, "READ_FIXED"},
      {IORING_OP_WRITE_FIXED, "WRITE_FIXED"},
      {IORING_OP_FSYNC, "FSYNC"},
      {IORING_OP_FALLOCATE, "FALLOCATE"},
      {IORING_OP_POLL_ADD, "POLL_ADD"},
  }};
  std::vector<std::string> missing;
  io_uring_probe* probe = io_uring_get_probe_ring(&ring);
  for (const auto& [operation, name] : kNeeded) {
    if (probe == nullptr || io_uring_opcode_supported(probe, operation) == 0) {
      missing.emplace_back(name);
    }
  }
  io_uring_free_probe(probe);
  return missing;
}

std::string advice_without_ring(const IoUringFacts& facts) {
  if (facts.plain_error == ENOSYS) return "run a kernel with io_uring: Linux 5.10 or later.";
  if (facts.plain_error == ENOMEM) {
    return "the limit of locked memory is too low for a ring: raise it (ulimit -l).";
  }
  if (facts.disabled_sysctl == "1" || facts.disabled_sysctl == "2") {
    return "have the administrator set the sysctl kernel.io_uring_disabled to 0, or to 1 with you "
           "in kernel.io_uring_group.";
  }
  return "the kernel refuses io_uring, most likely by the container's seccomp filter: start the "
         "container with one that allows it.";
}

Check check_ring(const IoUringFacts& facts) {
  const std::string name = "io_uring";
  if (facts.plain_error != 0) {
    std::string found = "refused: " + describe(errc_from(facts.plain_error));
    if (!facts.disabled_sysctl.empty()) {
      found += fmt::format(" (kernel.io_uring_disabled is {})", facts.disabled_sysctl);
    }
    return {name, Verdict::problem, found, advice_without_ring(facts)};
  }
  if (!facts.missing_operations.empty()) {
    return {name, Verdict::problem,
            fmt::format("lacks {}", fmt::join(facts.missing_operations, ", ")),
            "run a newer kernel: Linux 5.10 or later."};
  }
  if (facts.single_issuer_error != 0) {
    return {name, Verdict::fallback, "works, without SINGLE_ISSUER and DEFER_TASKRUN",
            "a plain ring is used, which costs some CPU; Linux 6.1 has both."};
  }
  return {name, Verdict::ok, "works, with SINGLE_ISSUER and DEFER_TASKRUN"};
}

}  // namespace

IoUringFacts observe_io_uring() {
  IoUringFacts facts;
  utsname name{};
  ::uname(&name);
  facts.kernel = name.release;
  facts.disabled_sysctl = first_line_of("/proc/sys/kernel/io_uring_disabled");
  facts.single_issuer_error =
      try_ring(IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN | IORING_SETUP_TASKRUN_FLAG);
  io_uring ring{};
  facts.plain_error = -io_uring_queue_init(kProbeDepth, &ring, 0);
  if (facts.plain_error != 0) return facts;
  facts.missing_operations = find_missing_operations(ring);
  facts.fixed_buffer_error = try_fixed_buffer(ring);
  io_uring_queue_exit(&ring);
  return facts;
}

std::vector<Check> check_io_uring(const IoUringFacts& facts) {
  std::vector<Check> checks;
  checks.push_back({"kernel", Verdict::ok, "Linux " + facts.kernel});
  checks.push_back(check_ring(facts));
  if (facts.plain_error != 0) return checks;
  if (facts.fixed_buffer_error == 0) {
    checks.push_back({"fixed buffers", Verdict::ok, "can be registered"});
  } else {
    checks.push_back({"fixed buffers", Verdict::fallback,
                      "refused: " + describe(errc_from(facts.fixed_buffer_error)),
                      "buffers go unregistered, which costs some CPU; see locked memory."});
  }
  return checks;
}

}  // namespace mayfly
