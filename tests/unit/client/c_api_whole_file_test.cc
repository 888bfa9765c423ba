// mayfly_put_files: small files that are there as a whole.
#include <sys/types.h>

#include <vector>

#include "unit/client/c_api_fixture.h"

namespace mayfly {
namespace {

constexpr timespec kTime{1'600'000'000, 123};

struct stat status_of(const std::string& bytes, mode_t mode = 0640) {
  struct stat status {};
  status.st_mode = S_IFREG | mode;
  status.st_size = static_cast<off_t>(bytes.size());
  status.st_uid = 11;
  status.st_gid = 12;
  status.st_atim = {1, 2};
  status.st_mtim = kTime;
  return status;
}

/// The errno of one file; 0: it is there.
int put(const char* path, const std::string& bytes, int owner_too = 0, mode_t mode = 0640) {
  const struct stat status = status_of(bytes, mode);
  mayfly_whole_file file{path, &status, bytes.data(), owner_too, -1};
  const int error = error_of(mayfly_put_files(&file, 1));
  EXPECT_EQ(error, file.error);
  return error;
}

std::string content(const char* path) {
  const int fd = mayfly_open(path, O_RDONLY, 0);
  if (fd < 0) return describe(errc_from(errno));
  const std::string bytes = bytes_of_file(fd);
  EXPECT_EQ(error_of(mayfly_close(fd)), 0);
  return bytes;
}

fsblkcnt_t used_blocks() {
  struct statvfs usage {};
  EXPECT_EQ(error_of(mayfly_statfs(&usage)), 0);
  return usage.f_blocks - usage.f_bfree;
}

class CApiWholeFileTest : public CApiTest {};

TEST_F(CApiWholeFileTest, ItHasBytesModeTimesAndOwnerAsSaid) {
  in_member([] {
    for (const std::size_t size : {0, 1, 3901, 4096, 16000, 16384, 50'000, 65'536}) {
      const std::string bytes(size, static_cast<char>(size));
      ASSERT_EQ(put("/f", bytes, 1), 0) << size;
      EXPECT_EQ(content("/f"), bytes);
      const struct stat there = stat_of_path("/f");
      EXPECT_EQ(there.st_size, static_cast<off_t>(size));
      EXPECT_EQ(there.st_blocks, static_cast<blkcnt_t>((size + 4095) / 4096 * 8));
      EXPECT_EQ(there.st_mode, S_IFREG | 0640U);
      EXPECT_EQ(there.st_uid, 11U);
      EXPECT_EQ(there.st_gid, 12U);
      EXPECT_EQ(there.st_mtim.tv_sec, kTime.tv_sec);
      EXPECT_EQ(there.st_mtim.tv_nsec, kTime.tv_nsec);
      EXPECT_EQ(there.st_nlink, 1U);
    }
    ASSERT_EQ(put("/mine", "x"), 0);
    EXPECT_EQ(stat_of_path("/mine").st_uid, ::geteuid());
  });
}

TEST_F(CApiWholeFileTest, ItTakesThePlaceOfAFileThatLivesOnForWhoHasItOpenAndUnderOtherNames) {
  in_member([] {
    ASSERT_TRUE(make_file("/f", "old"));
    ASSERT_EQ(error_of(mayfly_link("/f", "/other")), 0);
    const int fd = mayfly_open("/f", O_RDONLY, 0);
    ASSERT_EQ(put("/f", "new"), 0);
    EXPECT_EQ(content("/f"), "new");
    EXPECT_EQ(content("/other"), "old");
    EXPECT_EQ(stat_of_path("/other").st_nlink, 1U);
    ASSERT_EQ(put("/other", "newer"), 0);
    EXPECT_EQ(bytes_of_file(fd), "old");
    EXPECT_EQ(error_of(mayfly_close(fd)), 0);
    ASSERT_EQ(error_of(mayfly_symlink("/f", "/link")), 0);
    ASSERT_EQ(put("/link", "no link"), 0);
    EXPECT_EQ(content("/f"), "new");
    EXPECT_EQ(content("/link"), "no link");
    // What was renamed away from its home.
    for (int i = 0; i < 20; ++i) {
      const std::string name = "/moved" + std::to_string(i);
      ASSERT_TRUE(make_file("/g", "g"));
      ASSERT_EQ(error_of(mayfly_rename("/g", name.c_str())), 0);
      ASSERT_EQ(put(name.c_str(), "h"), 0);
      ASSERT_EQ(error_of(mayfly_unlink(name.c_str())), 0);
    }
    for (const char* path : {"/f", "/other", "/link"}) ASSERT_EQ(error_of(mayfly_unlink(path)), 0);
    ASSERT_EQ(error_of(mayfly_sync()), 0);
    EXPECT_EQ(used_blocks(), 0U);
  });
}

TEST_F(CApiWholeFileTest, ASyncWaitsUntilTheSpaceOfWhatWasRemovedIsFree) {
  in_member([] {
    for (int i = 0; i < 30; ++i) {
      // Its home and its chunk are on any two servers.
      const std::string name = "/f" + std::to_string(i);
      ASSERT_TRUE(make_file(name.c_str(), "f"));
      ASSERT_EQ(error_of(mayfly_unlink(name.c_str())), 0);
      ASSERT_EQ(error_of(mayfly_sync()), 0);
      EXPECT_EQ(used_blocks(), 0U);
    }
  });
}

TEST_F(CApiWholeFileTest, WhatCannotBeSaysWhyAndChangesNothing) {
  in_member([] {
    ASSERT_EQ(error_of(mayfly_mkdir("/d", 0755)), 0);
    ASSERT_TRUE(make_file("/f", "f"));
    EXPECT_EQ(put("/d", "x"), EISDIR);
    EXPECT_EQ(put("/d/", "x"), EISDIR);
    EXPECT_EQ(put("/new/", "x"), EISDIR);
    EXPECT_EQ(put("/none/x", "x"), ENOENT);
    EXPECT_EQ(put("/f/x", "x"), ENOTDIR);
    EXPECT_EQ(put(("/" + std::string(256, 'n')).c_str(), "x"), ENAMETOOLONG);
    EXPECT_EQ(put("/f", std::string(MAYFLY_WHOLE_FILE_BYTES + 1, 'x')), EXDEV);
    EXPECT_EQ(put(nullptr, "x"), EFAULT);
    EXPECT_EQ(content("/f"), "f");
    mayfly_whole_file nothing{"/f", nullptr, "x", 0, 0};
    EXPECT_EQ(error_of(mayfly_put_files(&nothing, 1)), EFAULT);
    const struct stat status = status_of("x");
    mayfly_whole_file no_bytes{"/f", &status, nullptr, 0, 0};
    EXPECT_EQ(error_of(mayfly_put_files(&no_bytes, 1)), EFAULT);
    EXPECT_EQ(error_of(mayfly_put_files(nullptr, 1)), EFAULT);
    EXPECT_EQ(mayfly_put_files(nullptr, 0), 0);
  });
  in_process([] {
    const struct stat status = status_of("x");
    mayfly_whole_file file{"/f", &status, "x", 0, 0};
    EXPECT_EQ(error_of(mayfly_put_files(&file, 1)), ENOTCONN);
    EXPECT_EQ(file.error, ENOTCONN);
  });
}

TEST_F(CApiWholeFileTest, WhoseBytesBelongElsewhereIsNotPut) {
  in_member([] {
    ASSERT_EQ(error_of(mayfly_mkdir("/d", 0755)), 0);
    const mayfly_layout one{.chunk_bytes = 4096, .stripe_count = 1, .first_server = 0};
    ASSERT_EQ(error_of(mayfly_setstripe("/d", &one)), 0);
    int elsewhere = 0;
    for (int i = 0; i < 16; ++i) {
      const int error = put(("/d/" + std::to_string(i)).c_str(), "x");
      EXPECT_TRUE(error == 0 || error == EXDEV) << error;
      elsewhere += error == 0 ? 0 : 1;
    }
    // Names are on both servers.
    EXPECT_GT(elsewhere, 0);
    EXPECT_LT(elsewhere, 16);
    EXPECT_EQ(put("/d/long", std::string(4097, 'x')), EXDEV);
  });
}

TEST_F(CApiWholeFileTest, ManyAtOnceEachHasItsOwnError) {
  in_member([] {
    ASSERT_EQ(error_of(mayfly_mkdir("/d", 0755)), 0);
    std::vector<std::string> paths;
    std::vector<std::string> bytes;
    for (int i = 0; i < 500; ++i) {
      paths.push_back((i % 50 == 7 ? "/none/" : "/d/") + std::to_string(i));
      bytes.emplace_back(static_cast<std::size_t>(i * 40), static_cast<char>(i));
    }
    std::vector<struct stat> statuses;
    for (const std::string& content : bytes) statuses.push_back(status_of(content));
    std::vector<mayfly_whole_file> files;
    for (std::size_t i = 0; i < paths.size(); ++i) {
      files.push_back({paths[i].c_str(), &statuses[i], bytes[i].data(), 0, -1});
    }
    EXPECT_EQ(error_of(mayfly_put_files(files.data(), files.size())), ENOENT);
    for (std::size_t i = 0; i < paths.size(); ++i) {
      const bool is_there = i % 50 != 7;
      EXPECT_EQ(files[i].error, is_there ? 0 : ENOENT) << i;
      EXPECT_EQ(content(paths[i].c_str()), is_there ? bytes[i] : describe(Errc::no_entry)) << i;
    }
  });
}

}  // namespace
}  // namespace mayfly
