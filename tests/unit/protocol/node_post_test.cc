#include "protocol/node_post.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <string>

namespace mayfly {
namespace {

std::string name() { return "mayfly-node-post-test-" + std::to_string(::getpid()); }

TEST(NodePostTest, AWordComesWithItsSendersPid) {
  const auto post = NodePost::listen(name());
  ASSERT_TRUE(post);
  EXPECT_FALSE(post->next());
  const std::string to = name();
  const pid_t child = ::fork();
  if (child == 0) ::_exit(NodePost::say(to, 'H') ? 0 : 1);
  int status = -1;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ASSERT_EQ(status, 0);
  const auto word = post->next();
  ASSERT_TRUE(word);
  EXPECT_EQ(word->kind, 'H');
  EXPECT_EQ(word->from, child);
  EXPECT_FALSE(post->next());
}

TEST(NodePostTest, NobodyHearsWhatIsSaidToNobody) {
  EXPECT_FALSE(NodePost::say(name() + "-none", 'H'));
}

TEST(NodePostTest, ANameHasOneListener) {
  const auto post = NodePost::listen(name());
  ASSERT_TRUE(post);
  EXPECT_FALSE(NodePost::listen(name()));
}

TEST(NodePostTest, OtherUsersAreNotHeard) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can become another user";
  const auto post = NodePost::listen(name());
  ASSERT_TRUE(post);
  const std::string to = name();
  const pid_t child = ::fork();
  if (child == 0) ::_exit(::setuid(65534) == 0 && NodePost::say(to, 'H') ? 0 : 1);
  int status = -1;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ASSERT_EQ(status, 0);
  EXPECT_FALSE(post->next());
}

}  // namespace
}  // namespace mayfly
