#include "mpi_launch/launch_word.h"

#include <gtest/gtest.h>

namespace mayfly {
namespace {

TEST(LaunchWord, CarriesAddressAndSession) {
  const WireBytes address = {std::byte{1}, std::byte{0}, std::byte{255}};
  SessionInfo session;
  session.id = 42;
  session.secret[15] = 7;
  const auto word = decode_word(encode_server(address, session));
  ASSERT_TRUE(word);
  EXPECT_EQ(word->session_id, 42U);
  EXPECT_EQ(word->secret, session.secret);
  EXPECT_EQ(word->address, address);
}

TEST(LaunchWord, CarriesAFailure) {
  const auto word = decode_word(encode_failure({Errc::no_entry, "The sentence."}));
  ASSERT_FALSE(word);
  EXPECT_EQ(word.error().code, Errc::no_entry);
  EXPECT_EQ(word.error().sentence, "The sentence.");
}

TEST(LaunchWord, CarriesTheWishForRoles) {
  const RoleOptions wish = decode_roles(encode(RoleOptions{3, {1, 5}}));
  EXPECT_EQ(wish.servers_per_node, 3U);
  EXPECT_EQ(wish.server_local_ranks, (std::vector<std::uint32_t>{1, 5}));
}

}  // namespace
}  // namespace mayfly
