#include "protocol/bodies.h"

#include <gtest/gtest.h>

#include "protocol/session_info.h"

namespace mayfly {
namespace {

Bytes bytes_of(std::string_view text) { return std::as_bytes(std::span(text)); }

TEST(HeaderTest, ARequestSurvivesTheWire) {
  RequestHeader header;
  header.opcode = Opcode::write;
  header.request_id = 0x123456789abcdef0;
  header.length = pack({12345, 678});
  const auto decoded = decode_request(as_wire(header));
  ASSERT_TRUE(decoded);
  EXPECT_EQ(decoded->request_id, header.request_id);
  EXPECT_EQ(unpack(decoded->length).offset, 12345U);
  EXPECT_EQ(unpack(decoded->length).length, 678U);
}

TEST(HeaderTest, AWrongVersionOpcodeOrSizeIsABadMessage) {
  RequestHeader header;
  header.opcode = Opcode::write;
  header.version = kProtocolVersion + 1;
  EXPECT_EQ(decode_request(as_wire(header)).error(), Errc::bad_message);
  header.version = kProtocolVersion;
  header.opcode = Opcode::count_;
  EXPECT_EQ(decode_request(as_wire(header)).error(), Errc::bad_message);
  header.opcode = Opcode{};
  EXPECT_EQ(decode_request(as_wire(header)).error(), Errc::bad_message);
  header.opcode = Opcode::read;
  EXPECT_EQ(decode_request(as_wire(header).first(71)).error(), Errc::bad_message);
}

TEST(HeaderTest, EveryOpcodeHasAName) {
  for (std::size_t i = 1; i < kOpcodes; ++i) {
    EXPECT_STRNE(name_of(static_cast<Opcode>(i)), "?") << i;
  }
}

TEST(BodiesTest, ANameBodySurvivesTheWireWithAnyByteInItsName) {
  NewNameBody body;
  body.mode = 0640;
  body.layout.chunk_bytes = 65536;
  body.name = std::string_view("\x01\xff\n\"", 4);
  const WireBytes wire = encode(body);
  const auto decoded = decode_new_name(wire);
  ASSERT_TRUE(decoded);
  EXPECT_EQ(decoded->name, body.name);
  EXPECT_EQ(decoded->mode, body.mode);
  EXPECT_EQ(decoded->layout, body.layout);
}

TEST(BodiesTest, ATruncatedNameBodyOrATooLongNameIsABadMessage) {
  NewNameBody body;
  const std::string name(256, 'n');
  body.name = name;
  const WireBytes wire = encode(body);
  EXPECT_EQ(decode_new_name(wire).error(), Errc::bad_message);
  EXPECT_EQ(decode_new_name(Bytes(wire).first(10)).error(), Errc::bad_message);
}

TEST(BodiesTest, AWholeFileSurvivesTheWireAndOneThatIsShorterThanItSaysIsABadMessage) {
  const std::vector<std::byte> bytes(5000, std::byte{7});
  WholeFileBody body{0640, 1, 2, 3, -4, Layout{8192, 3, 1}, "name", bytes};
  const WireBytes wire = encode(body);
  EXPECT_EQ(wire[0], bytes[0]);
  const auto decoded = decode_whole_file(wire, bytes.size());
  ASSERT_TRUE(decoded);
  EXPECT_EQ(decoded->name, body.name);
  EXPECT_EQ(decoded->mode, body.mode);
  EXPECT_EQ(decoded->uid, body.uid);
  EXPECT_EQ(decoded->gid, body.gid);
  EXPECT_EQ(decoded->atime_ns, body.atime_ns);
  EXPECT_EQ(decoded->mtime_ns, body.mtime_ns);
  EXPECT_EQ(decoded->layout, body.layout);
  EXPECT_TRUE(std::equal(bytes.begin(), bytes.end(), decoded->bytes.begin()));
  EXPECT_EQ(decode_whole_file(wire, bytes.size() + 5).error(), Errc::bad_message);
  EXPECT_EQ(decode_whole_file(wire, ~std::uint64_t{0}).error(), Errc::bad_message);
  EXPECT_EQ(decode_whole_file(wire, 0).error(), Errc::bad_message);
  EXPECT_EQ(decode_whole_file(Bytes(wire).first(39), 0).error(), Errc::bad_message);
}

TEST(BodiesTest, ANameAloneIsItsBytesAndOneThatIsTooLongIsABadMessage) {
  const WireBytes wire = encode_name("file.12345");
  EXPECT_EQ(wire.size(), 10U);
  EXPECT_EQ(*decode_name(wire), "file.12345");
  EXPECT_EQ(decode_name(WireBytes(256)).error(), Errc::bad_message);
}

TEST(BodiesTest, APageOfEntriesSurvivesTheWire) {
  WireBytes page;
  DirectoryEntry first;
  first.id.serial = 7;
  first.name = "a";
  append(page, first);
  DirectoryEntry second;
  second.id.serial = 8;
  second.attributes.id.serial = 8;
  second.attributes.size = 99;
  second.name = "bb";
  append(page, second);
  const auto entries = decode_entries(page);
  ASSERT_TRUE(entries);
  ASSERT_EQ(entries->size(), 2U);
  EXPECT_FALSE((*entries)[0].attributes.id.valid());
  EXPECT_EQ((*entries)[1].attributes.size, 99U);
  EXPECT_EQ((*entries)[1].name, "bb");
  EXPECT_EQ(decode_entries(Bytes(page).first(page.size() - 1)).error(), Errc::bad_message);
}

TEST(BodiesTest, AConnectWithoutAddressIsABadMessage) {
  ConnectBody body;
  body.address = bytes_of("x");
  const WireBytes wire = encode(body);
  EXPECT_TRUE(decode_connect(wire));
  EXPECT_EQ(decode_connect(Bytes(wire).first(16)).error(), Errc::bad_message);
}

TEST(SessionInfoTest, ASessionSurvivesTheWireAndNothingElseIsOne) {
  SessionInfo info = new_session();
  info.servers.push_back({"node1", WireBytes(100, std::byte{7})});
  info.servers.push_back({"node2", WireBytes(200, std::byte{8})});
  const WireBytes wire = encode(info);
  const auto decoded = decode_session(wire);
  ASSERT_TRUE(decoded);
  EXPECT_EQ(decoded->id, info.id);
  EXPECT_TRUE(same_secret(decoded->secret, info.secret));
  EXPECT_EQ(decoded->servers[1].node, "node2");
  EXPECT_EQ(decoded->servers[1].address.size(), 200U);
  for (std::size_t cut = 0; cut < wire.size(); ++cut) {
    const auto partial = decode_session(Bytes(wire).first(cut));
    EXPECT_TRUE(!partial || partial->servers.size() == 1) << cut;
  }
}

TEST(SessionInfoTest, SecretsThatDifferInOneBitAreNotTheSame) {
  const SessionInfo info = new_session();
  Secret other = info.secret;
  other[15] ^= 1;
  EXPECT_FALSE(same_secret(info.secret, other));
}

TEST(BodiesTest, TwoNamesSurviveTheWireAndARenameWithoutANewParentIsABadMessage) {
  RenameBody body;
  body.new_parent = {.home_and_salt = 3, .serial = 9};
  body.old_name = "old";
  body.new_name = "new";
  const WireBytes wire = encode(body);
  const auto decoded = decode_rename(wire);
  ASSERT_TRUE(decoded);
  EXPECT_EQ(decoded->new_parent, body.new_parent);
  EXPECT_EQ(decoded->old_name, "old");
  EXPECT_EQ(decoded->new_name, "new");
  EXPECT_FALSE(decode_rename(Bytes(wire).first(20)));
  body.new_parent = {};
  EXPECT_FALSE(decode_rename(encode(body)));
}

TEST(BodiesTest, ADentryIsOfAKnownTypeAndLeadsSomewhere) {
  DentryBody body{{.home_and_salt = 3, .serial = 9}, DentryType::symbolic_link, "name"};
  const WireBytes wire = encode(body);
  const auto decoded = decode_dentry(wire);
  ASSERT_TRUE(decoded);
  EXPECT_EQ(decoded->id, body.id);
  EXPECT_EQ(decoded->type, body.type);
  EXPECT_EQ(decoded->name, "name");
  body.type = static_cast<DentryType>(5);
  EXPECT_FALSE(decode_dentry(encode(body)));
  EXPECT_FALSE(decode_dentry(encode(DentryBody{{}, DentryType::regular, "name"})));
}

TEST(BodiesTest, ALockOfNoKnownKindOrTypeOrOfARangeThatEndsBeforeItBeginsIsABadMessage) {
  LockBody body;
  body.begin = body.last = 7;
  EXPECT_TRUE(decode_lock(as_wire(body)));
  body.last = 6;
  EXPECT_FALSE(decode_lock(as_wire(body)));
  body.last = 7;
  body.type = LockType{3};
  EXPECT_FALSE(decode_lock(as_wire(body)));
  body.type = LockType::none;
  body.kind = LockKind{2};
  EXPECT_FALSE(decode_lock(as_wire(body)));
}

TEST(BodiesTest, WaitsSurviveTheWireAndOneThatIsCutOffIsABadMessage) {
  WireBytes wire;
  append(wire, {.id = 1, .waiter = {2, 3}, .holders = {{4, 5}, {6, 7}}});
  append(wire, {.id = 8, .waiter = {9, 10}, .holders = {}});
  const auto waits = decode_waits(wire);
  ASSERT_TRUE(waits);
  ASSERT_EQ(waits->size(), 2U);
  EXPECT_EQ((*waits)[0].holders[1], (LockOwner{6, 7}));
  EXPECT_EQ((*waits)[1].id, 8U);
  EXPECT_TRUE((*waits)[1].holders.empty());
  EXPECT_FALSE(decode_waits(Bytes(wire).first(wire.size() - 1)));
  EXPECT_FALSE(decode_waits(Bytes(wire).first(40)));
}

TEST(BodiesTest, SymbolicLinksAndNothingElseHaveATarget) {
  InodeBody body;
  body.attributes.mode = S_IFLNK | 0777;
  EXPECT_FALSE(decode_inode(encode(body)));
  body.target = "over/there";
  const WireBytes inode = encode(body);
  EXPECT_EQ(decode_inode(inode)->target, "over/there");
  body.attributes.mode = S_IFREG;
  EXPECT_FALSE(decode_inode(encode(body)));

  SymbolicLinkBody link;
  link.link.name = "l";
  EXPECT_FALSE(decode_symbolic_link(encode(link)));
  link.target = "t";
  const WireBytes wire = encode(link);
  const auto decoded = decode_symbolic_link(wire);
  ASSERT_TRUE(decoded);
  EXPECT_EQ(decoded->link.name, "l");
  EXPECT_EQ(decoded->target, "t");
}

}  // namespace
}  // namespace mayfly
