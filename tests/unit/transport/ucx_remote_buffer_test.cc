#include "transport/ucx_remote_buffer.h"

#include <gtest/gtest.h>
#include <sys/mman.h>

#include "base/units.h"
#include "memory/slab.h"
#include "transport/aligned_hole.h"
#include "unit/transport/inbox.h"
#include "unit/transport/transports.h"

namespace mayfly {
namespace {

bool begins_with_a_huge_page(const void* memory) {
  return reinterpret_cast<std::uintptr_t>(memory) % kHugePageBytes == 0;
}

TEST(AlignedHoleTest, TheNextMappingGoesThereAndNothingStays) {
  constexpr std::size_t kBytes = 6 * kMiB;
  std::vector<void*> maps;
  for (int i = 0; i < 5; ++i) {
    {
      const AlignedHole hole(kBytes - 5);
      maps.push_back(::mmap(nullptr, kBytes, PROT_READ, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
    }
    EXPECT_TRUE(begins_with_a_huge_page(maps.back()));
    // What is mapped next to it may be mapped again.
    void* const small = ::mmap(nullptr, kPageBytes, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    EXPECT_NE(small, MAP_FAILED);
    ::munmap(small, kPageBytes);
  }
  for (void* const map : maps) ::munmap(map, kBytes);
  const AlignedHole none(SIZE_MAX);
}

TEST(UcxRemoteBufferTest, MemoryOfThisMachineIsMappedFromAHugePagesBeginningOn) {
  Inbox inbox;
  const auto here = ucx_worker("posix,sysv,cma,self");
  const auto there = ucx_worker("posix,sysv,cma,self");
  here->set_receiver(&inbox);
  there->set_receiver(&inbox);
  const auto memory = there->allocate(6 * kMiB);
  ASSERT_TRUE(memory);
  auto endpoint = here->connect(there->address());
  ASSERT_TRUE(endpoint);
  auto remote = (*endpoint)->import((*memory)->exported());
  ASSERT_TRUE(remote);
  const std::byte* const local = static_cast<UcxRemoteBuffer&>(**remote).local();
  ASSERT_NE(local, nullptr);
  EXPECT_NE(local, (*memory)->memory().data()) << "a mapping of its own";
  EXPECT_TRUE(begins_with_a_huge_page(local));
}

}  // namespace
}  // namespace mayfly
