// The C interface, by processes of their own: readv, writev and their positioned forms.
#include <limits.h>

#include "c_api_fixture.h"

namespace mayfly {
namespace {

iovec place(std::string& text) { return {text.data(), text.size()}; }

TEST_F(CApiTest, SeveralPlacesAreWrittenAndReadAsOneRange) {
  in_member([] {
    const int fd = mayfly_open("/f", O_RDWR | O_CREAT, 0644);
    std::string one = "one";
    std::string none;
    std::string two = "twofour";
    const iovec from[] = {place(one), place(none), place(two)};
    EXPECT_EQ(mayfly_writev(fd, from, 3), 10);
    EXPECT_EQ(mayfly_pwritev(fd, from, 1, 20), 3);
    EXPECT_EQ(mayfly_lseek(fd, 1, SEEK_SET), 1);
    std::string first(4, '?');
    std::string second(5, '?');
    const iovec into[] = {place(first), place(second)};
    EXPECT_EQ(mayfly_readv(fd, into, 2), 9);
    EXPECT_EQ(first + second, "netwofour");
    EXPECT_EQ(mayfly_lseek(fd, 0, SEEK_CUR), 10);
    // Across a hole and past the end.
    EXPECT_EQ(mayfly_preadv(fd, into, 2, 18), 5);
    EXPECT_EQ(first, std::string("\0\0on", 4));
    EXPECT_EQ(second[0], 'e');
    EXPECT_EQ(error_of(mayfly_close(fd)), 0);
  });
}

TEST_F(CApiTest, PlacesOfAnySizeAcrossChunksAndServersKeepEveryByte) {
  in_member([] {
    const int fd = mayfly_open("/f", O_RDWR | O_CREAT, 0644);
    std::vector<std::string> places;
    std::string whole;
    for (std::size_t i = 0; i < 300; ++i) {
      std::string part((i * i * 37) % 30000, '\0');
      for (char& byte : part)
        byte = static_cast<char>('a' + (whole.size() + (&byte - &part[0])) % 23);
      whole += part;
      places.push_back(std::move(part));
    }
    std::vector<iovec> list;
    for (std::string& part : places) list.push_back(place(part));
    const auto length = static_cast<ssize_t>(whole.size());
    EXPECT_EQ(mayfly_pwritev(fd, list.data(), 300, 12345), length);
    std::string again(whole.size(), '?');
    EXPECT_EQ(mayfly_pread(fd, again.data(), again.size(), 12345), length);
    EXPECT_TRUE(again == whole);
    for (std::string& part : places) std::fill(part.begin(), part.end(), '?');
    EXPECT_EQ(mayfly_preadv(fd, list.data(), 300, 12345), length);
    std::string joined;
    for (const std::string& part : places) joined += part;
    EXPECT_TRUE(joined == whole);
    EXPECT_EQ(error_of(mayfly_close(fd)), 0);
  });
}

TEST_F(CApiTest, AVectorIsAppendedAsOneRecord) {
  in_member([] {
    ASSERT_TRUE(make_file("/f", "start "));
    const int fd = mayfly_open("/f", O_RDWR | O_APPEND, 0);
    std::string one = "one ";
    std::string two = "two";
    const iovec from[] = {place(one), place(two)};
    EXPECT_EQ(mayfly_writev(fd, from, 2), 7);
    EXPECT_EQ(bytes_of_file(fd), "start one two");
  });
}

TEST_F(CApiTest, AVectorThatCannotBeIsRefused) {
  in_member([] {
    const int fd = mayfly_open("/f", O_RDWR | O_CREAT, 0644);
    char byte = 0;
    const iovec good[] = {{&byte, 1}};
    EXPECT_EQ(error_of(mayfly_readv(fd, good, -1)), EINVAL);
    EXPECT_EQ(error_of(mayfly_writev(fd, good, IOV_MAX + 1)), EINVAL);
    EXPECT_EQ(error_of(mayfly_preadv(fd, good, 1, -1)), EINVAL);
    EXPECT_EQ(error_of(mayfly_pwritev(fd, good, 1, -1)), EINVAL);
    EXPECT_EQ(error_of(mayfly_readv(fd, nullptr, 1)), EFAULT);
    const iovec nowhere[] = {{nullptr, 1}};
    EXPECT_EQ(error_of(mayfly_writev(fd, nowhere, 1)), EFAULT);
    const iovec too_much[] = {{&byte, SSIZE_MAX}, {&byte, 1}};
    EXPECT_EQ(error_of(mayfly_readv(fd, too_much, 2)), EINVAL);
    EXPECT_EQ(mayfly_readv(fd, nullptr, 0), 0);
    EXPECT_EQ(error_of(mayfly_writev(99, good, 1)), EBADF);
    EXPECT_EQ(stat_of_path("/f").st_size, 0);
  });
}

}  // namespace
}  // namespace mayfly
