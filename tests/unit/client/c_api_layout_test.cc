// Layouts through the C interface.
#include "unit/client/c_api_fixture.h"

namespace mayfly {
namespace {

mayfly_layout layout_of(const char* path) {
  mayfly_layout layout{};
  EXPECT_EQ(error_of(mayfly_getstripe(path, &layout)), 0);
  return layout;
}

void expect(const char* path, const mayfly_layout& expected) {
  const mayfly_layout layout = layout_of(path);
  EXPECT_EQ(layout.chunk_bytes, expected.chunk_bytes) << path;
  EXPECT_EQ(layout.stripe_count, expected.stripe_count) << path;
  EXPECT_EQ(layout.first_server, expected.first_server) << path;
}

TEST_F(CApiTest, ADirectoryHandsItsLayoutDown) {
  in_member([] {
    ASSERT_EQ(mayfly_mkdir("/d", 0755), 0);
    expect("/d", {1 << 20, 0, MAYFLY_ANY_SERVER});
    ASSERT_TRUE(make_file("/d/before", ""));
    const mayfly_layout wanted{64 << 10, 1, 1};
    EXPECT_EQ(error_of(mayfly_setstripe("/d", &wanted)), 0);
    expect("/d", wanted);
    ASSERT_TRUE(make_file("/d/f", std::string(200'000, 'x')));
    expect("/d/f", wanted);
    EXPECT_EQ(layout_of("/d/before").chunk_bytes, 1U << 20);
    ASSERT_EQ(mayfly_mkdir("/d/e", 0755), 0);
    ASSERT_TRUE(make_file("/d/e/f", ""));
    expect("/d/e", wanted);
    expect("/d/e/f", wanted);
    const int fd = mayfly_open("/d/f", O_RDONLY, 0);
    EXPECT_EQ(bytes_of_file(fd), std::string(200'000, 'x'));
    EXPECT_EQ(mayfly_close(fd), 0);
  });
}

TEST_F(CApiTest, AFileMayHaveALayoutOfItsOwn) {
  in_member([] {
    const mayfly_layout wanted{4096, 2, 0};
    const int fd = mayfly_open_striped("/f", O_RDWR | O_CREAT, 0644, &wanted);
    ASSERT_GE(fd, 0);
    expect("/f", wanted);
    const std::string bytes(50'000, 'y');
    EXPECT_EQ(mayfly_pwrite(fd, bytes.data(), bytes.size(), 0), 50'000);
    EXPECT_EQ(bytes_of_file(fd), bytes);
    EXPECT_EQ(mayfly_close(fd), 0);
    EXPECT_EQ(stat_of_path("/f").st_blksize, 4096);
  });
}

TEST_F(CApiTest, LayoutsThatCannotBeAreRefused) {
  in_member([] {
    const mayfly_layout wrong[] = {{4095, 0, -1}, {32 << 20, 0, -1}, {4096, 3, -1},
                                   {4096, 0, 2},  {4096, 0, -3},     {4096, 1 << 20, -1}};
    for (const mayfly_layout& layout : wrong) {
      EXPECT_EQ(error_of(mayfly_setstripe("/", &layout)), EINVAL);
      EXPECT_EQ(error_of(mayfly_open_striped("/f", O_RDWR | O_CREAT, 0644, &layout)), EINVAL);
    }
    const mayfly_layout right{0, 0, MAYFLY_LOCAL_SERVER};
    ASSERT_TRUE(make_file("/f", ""));
    EXPECT_EQ(error_of(mayfly_setstripe("/f", &right)), ENOTDIR);
    EXPECT_EQ(error_of(mayfly_setstripe("/none", &right)), ENOENT);
    EXPECT_EQ(error_of(mayfly_setstripe("/", nullptr)), EFAULT);
    EXPECT_EQ(error_of(mayfly_getstripe("/", nullptr)), EFAULT);
    EXPECT_EQ(error_of(mayfly_setstripe("/", &right)), 0);
    expect("/", {1 << 20, 0, MAYFLY_LOCAL_SERVER});
    ASSERT_TRUE(make_file("/g", "bytes"));
  });
}

}  // namespace
}  // namespace mayfly
