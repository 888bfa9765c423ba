#include "cli/doctor/huge_pages.h"

#include <fmt/format.h>
#include <sys/mman.h>

#include <cstdint>
#include <span>

#include "base/units.h"
#include "cli/doctor/proc_file.h"
#include "memory/slab.h"

namespace mayfly {
namespace {

constexpr const char* kSettings = "/sys/kernel/mm/transparent_hugepage/";

/// "madvise" of "always [madvise] never"; the line itself if nothing in it is chosen.
std::string chosen_in(const std::string& line) {
  const std::size_t begin = line.find('[');
  const std::size_t end = line.find(']');
  if (begin == std::string::npos || end == std::string::npos || end < begin) return line;
  return line.substr(begin + 1, end - begin - 1);
}

std::size_t try_private() {
  const Result<Slab> slab = Slab::allocate(kHugePageBytes);
  return slab ? slab->huge_bytes() : 0;
}

std::size_t try_shared() {
  constexpr std::size_t kReserved = 2 * kHugePageBytes;
  void* raw = ::mmap(nullptr, kReserved, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (raw == MAP_FAILED) return 0;
  // The start of the shared object must lie on the huge page's border, not only the bytes in use.
  const auto address = reinterpret_cast<std::uintptr_t>(raw);
  std::byte* aligned = static_cast<std::byte*>(raw) + round_up(address, kHugePageBytes) - address;
  void* shared = ::mmap(aligned, kHugePageBytes, PROT_READ | PROT_WRITE,
                        MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
  const std::size_t bytes =
      shared == MAP_FAILED ? 0 : back_with_huge_pages(std::span(aligned, kHugePageBytes));
  ::munmap(raw, kReserved);
  return bytes;
}

}  // namespace

HugePageFacts observe_huge_pages() {
  return {chosen_in(first_line_of(std::string(kSettings) + "enabled")),
          chosen_in(first_line_of(std::string(kSettings) + "shmem_enabled")), try_private(),
          try_shared()};
}

Check check_huge_pages(const HugePageFacts& facts) {
  const std::string name = "huge pages";
  const std::string settings =
      fmt::format("settings: private {}, shared {}", facts.setting, facts.shared_setting);
  if (facts.shared_bytes >= kHugePageBytes) {
    return {name, Verdict::ok, "shared memory gets them; " + settings};
  }
  const std::string advice =
      facts.shared_setting == "deny"
          ? "have the administrator set transparent_hugepage/shmem_enabled to advise."
          : "run Linux 6.1 or later, which has MADV_COLLAPSE for shared memory, or have the "
            "administrator set transparent_hugepage/shmem_enabled to advise.";
  return {name, Verdict::fallback,
          fmt::format("shared memory gets none, private memory {}; {}",
                      facts.private_bytes > 0 ? "does" : "neither", settings),
          "pages of 4 KiB are used, which halves a fast drive's bandwidth; " + advice};
}

}  // namespace mayfly
