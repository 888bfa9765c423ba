#include "protocol/bodies.h"

#include <cstring>

namespace mayfly {
namespace {

struct NewNameWire {
  std::uint32_t mode;
  std::uint32_t gid;
  Layout layout;
};
static_assert(sizeof(NewNameWire) == 16);

struct WholeFileWire {
  std::int64_t atime_ns;
  std::int64_t mtime_ns;
  Layout layout;
  std::uint32_t mode;
  std::uint32_t uid;
  std::uint32_t gid;
  std::uint32_t unused;
};
static_assert(sizeof(WholeFileWire) == 40);

struct EntryWire {
  std::uint64_t cookie;
  FileId id;
  std::uint32_t type;
  std::uint16_t name_bytes;
  std::uint16_t has_attributes;
};
static_assert(sizeof(EntryWire) == 32);

struct NodeFileWire {
  std::uint64_t inode;
  std::uint64_t size;
  std::int64_t modified_ns;
  std::uint64_t flags;
};
static_assert(sizeof(NodeFileWire) == 32);

void append_bytes(WireBytes& wire, const void* data, std::size_t bytes) {
  const auto* begin = static_cast<const std::byte*>(data);
  wire.insert(wire.end(), begin, begin + bytes);
}

void append_bytes(WireBytes& wire, std::string_view text) {
  append_bytes(wire, text.data(), text.size());
}

std::string_view text(Bytes bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// Takes a fixed struct off the front of `bytes`; false if it is too short.
template <class T>
bool take(Bytes& bytes, T& value) {
  if (bytes.size() < sizeof value) return false;
  std::memcpy(&value, bytes.data(), sizeof value);
  bytes = bytes.subspan(sizeof value);
  return true;
}

/// A name that is not the last thing of its body goes behind its length.
void append_name(WireBytes& wire, std::string_view name) {
  const auto length = static_cast<std::uint16_t>(name.size());
  append_bytes(wire, &length, sizeof length);
  append_bytes(wire, name);
}

bool take_name(Bytes& bytes, std::string_view& name) {
  std::uint16_t length = 0;
  if (!take(bytes, length) || length > kMaxNameBytes || length > bytes.size()) return false;
  name = text(bytes.first(length));
  bytes = bytes.subspan(length);
  return true;
}

/// A body that stands on the wire as it does in memory.
template <class Body>
Result<Body> decode_whole(Bytes bytes) {
  Body body{};
  if (!take(bytes, body) || !bytes.empty()) return Errc::bad_message;
  return body;
}

}  // namespace

WireBytes encode(const ConnectBody& body) {
  WireBytes wire;
  append_bytes(wire, body.secret.data(), body.secret.size());
  append_bytes(wire, body.address.data(), body.address.size());
  return wire;
}

Result<ConnectBody> decode_connect(Bytes bytes) {
  ConnectBody body;
  if (!take(bytes, body.secret) || bytes.empty() || bytes.size() > kMaxAddressBytes) {
    return Errc::bad_message;
  }
  body.address = bytes;
  return body;
}

WireBytes encode_name(std::string_view name) {
  const auto* begin = reinterpret_cast<const std::byte*>(name.data());
  return {begin, begin + name.size()};
}

Result<std::string_view> decode_name(Bytes bytes) {
  if (bytes.size() > kMaxNameBytes) return Errc::bad_message;
  return text(bytes);
}

WireBytes encode(const NewNameBody& body) {
  WireBytes wire;
  const NewNameWire fixed{body.mode, body.gid, body.layout};
  wire.reserve(sizeof fixed + body.name.size());
  append_bytes(wire, &fixed, sizeof fixed);
  append_bytes(wire, body.name.data(), body.name.size());
  return wire;
}

Result<NewNameBody> decode_new_name(Bytes bytes) {
  NewNameWire fixed;
  if (!take(bytes, fixed) || bytes.size() > kMaxNameBytes) return Errc::bad_message;
  NewNameBody body;
  body.mode = fixed.mode;
  body.gid = fixed.gid;
  body.layout = fixed.layout;
  body.name = text(bytes);
  return body;
}

WireBytes encode(const WholeFileBody& body) {
  const WholeFileWire fixed{
      body.atime_ns, body.mtime_ns, body.layout, body.mode, body.uid, body.gid, 0};
  WireBytes wire;
  wire.reserve(body.bytes.size() + body.name.size() + sizeof fixed);
  append_bytes(wire, body.bytes.data(), body.bytes.size());
  append_bytes(wire, body.name);
  append_bytes(wire, &fixed, sizeof fixed);
  return wire;
}

Result<WholeFileBody> decode_whole_file(Bytes wire, std::uint64_t bytes) {
  WholeFileWire fixed;
  if (wire.size() < sizeof fixed || bytes > wire.size() - sizeof fixed) return Errc::bad_message;
  WholeFileBody body;
  body.bytes = wire.first(bytes);
  const Bytes name = wire.subspan(bytes, wire.size() - bytes - sizeof fixed);
  if (name.size() > kMaxNameBytes) return Errc::bad_message;
  body.name = text(name);
  Bytes rest = wire.last(sizeof fixed);
  if (!take(rest, fixed) || fixed.unused != 0) return Errc::bad_message;
  body.mode = fixed.mode;
  body.uid = fixed.uid;
  body.gid = fixed.gid;
  body.atime_ns = fixed.atime_ns;
  body.mtime_ns = fixed.mtime_ns;
  body.layout = fixed.layout;
  return body;
}

WireBytes encode(const SymbolicLinkBody& body) {
  WireBytes wire;
  const NewNameWire fixed{body.link.mode, body.link.gid, body.link.layout};
  append_bytes(wire, &fixed, sizeof fixed);
  append_name(wire, body.link.name);
  append_bytes(wire, body.target);
  return wire;
}

Result<SymbolicLinkBody> decode_symbolic_link(Bytes bytes) {
  NewNameWire fixed;
  SymbolicLinkBody body;
  if (!take(bytes, fixed) || !take_name(bytes, body.link.name)) return Errc::bad_message;
  if (bytes.empty() || bytes.size() > kMaxTargetBytes) return Errc::bad_message;
  body.link.mode = fixed.mode;
  body.link.gid = fixed.gid;
  body.link.layout = fixed.layout;
  body.target = text(bytes);
  return body;
}

WireBytes encode(const DentryBody& body) {
  WireBytes wire;
  const auto type = static_cast<std::uint32_t>(body.type);
  append_bytes(wire, &body.id, sizeof body.id);
  append_bytes(wire, &type, sizeof type);
  append_bytes(wire, body.name);
  return wire;
}

Result<DentryBody> decode_dentry(Bytes bytes) {
  DentryBody body;
  std::uint32_t type = 0;
  if (!take(bytes, body.id) || !take(bytes, type)) return Errc::bad_message;
  body.type = static_cast<DentryType>(type);
  const bool is_known = body.type == DentryType::directory || body.type == DentryType::regular ||
                        body.type == DentryType::symbolic_link;
  if (!is_known || type > 0xff || !body.id.valid()) return Errc::bad_message;
  if (bytes.size() > kMaxNameBytes) return Errc::bad_message;
  body.name = text(bytes);
  return body;
}

WireBytes encode(const RenameBody& body) {
  WireBytes wire;
  append_bytes(wire, &body.new_parent, sizeof body.new_parent);
  append_name(wire, body.old_name);
  append_bytes(wire, body.new_name);
  return wire;
}

Result<RenameBody> decode_rename(Bytes bytes) {
  RenameBody body;
  if (!take(bytes, body.new_parent) || !take_name(bytes, body.old_name)) return Errc::bad_message;
  if (bytes.size() > kMaxNameBytes || !body.new_parent.valid()) return Errc::bad_message;
  body.new_name = text(bytes);
  return body;
}

WireBytes encode(const ExtendedBody& body) {
  WireBytes wire;
  append_name(wire, body.name);
  append_bytes(wire, body.value);
  return wire;
}

Result<ExtendedBody> decode_extended(Bytes bytes) {
  ExtendedBody body;
  if (!take_name(bytes, body.name) || body.name.empty()) return Errc::bad_message;
  body.value = text(bytes);
  return body;
}

Result<LockBody> decode_lock(Bytes bytes) {
  LockBody body;
  if (!take(bytes, body) || !bytes.empty()) return Errc::bad_message;
  const bool is_known = body.type <= LockType::none && body.kind <= LockKind::whole;
  if (!is_known || body.waits > 1) return Errc::bad_message;
  if (body.last < body.begin) return Errc::bad_message;
  return body;
}

void append(WireBytes& wire, const WaitBody& wait) {
  const std::uint64_t count = wait.holders.size();
  append_bytes(wire, &wait.id, sizeof wait.id);
  append_bytes(wire, &wait.waiter, sizeof wait.waiter);
  append_bytes(wire, &count, sizeof count);
  append_bytes(wire, wait.holders.data(), count * sizeof wait.holders[0]);
}

Result<std::vector<WaitBody>> decode_waits(Bytes bytes) {
  std::vector<WaitBody> waits;
  while (!bytes.empty()) {
    WaitBody wait;
    std::uint64_t count = 0;
    if (!take(bytes, wait.id) || !take(bytes, wait.waiter) || !take(bytes, count) ||
        count > bytes.size() / sizeof(LockOwner)) {
      return Errc::bad_message;
    }
    wait.holders.resize(count);
    for (LockOwner& holder : wait.holders) take(bytes, holder);
    waits.push_back(std::move(wait));
  }
  return waits;
}

Result<Layout> decode_layout(Bytes bytes) { return decode_whole<Layout>(bytes); }
Result<ChangeBody> decode_change(Bytes bytes) { return decode_whole<ChangeBody>(bytes); }
Result<std::int64_t> decode_time(Bytes bytes) { return decode_whole<std::int64_t>(bytes); }
Result<ExtentBody> decode_extent(Bytes bytes) { return decode_whole<ExtentBody>(bytes); }

void append(WireBytes& page, const DirectoryEntry& entry) {
  const bool has_attributes = entry.attributes.id.valid();
  const EntryWire fixed{entry.cookie, entry.id, entry.type,
                        static_cast<std::uint16_t>(entry.name.size()),
                        static_cast<std::uint16_t>(has_attributes ? 1 : 0)};
  append_bytes(page, &fixed, sizeof fixed);
  if (has_attributes) append_bytes(page, &entry.attributes, sizeof entry.attributes);
  append_bytes(page, entry.name.data(), entry.name.size());
}

Result<std::vector<DirectoryEntry>> decode_entries(Bytes bytes) {
  std::vector<DirectoryEntry> entries;
  while (!bytes.empty()) {
    EntryWire fixed;
    DirectoryEntry entry;
    if (!take(bytes, fixed) || fixed.has_attributes > 1) return Errc::bad_message;
    if (fixed.has_attributes == 1 && !take(bytes, entry.attributes)) return Errc::bad_message;
    if (fixed.name_bytes == 0 || fixed.name_bytes > kMaxNameBytes ||
        fixed.name_bytes > bytes.size()) {
      return Errc::bad_message;
    }
    entry.cookie = fixed.cookie;
    entry.id = fixed.id;
    entry.type = fixed.type;
    entry.name = text(bytes.first(fixed.name_bytes));
    bytes = bytes.subspan(fixed.name_bytes);
    entries.push_back(entry);
  }
  return entries;
}

WireBytes encode(const InodeBody& body) {
  WireBytes wire;
  wire.reserve(sizeof body.attributes + body.target.size());
  append_bytes(wire, &body.attributes, sizeof body.attributes);
  append_bytes(wire, body.target);
  return wire;
}

Result<Attributes> decode_attributes(Bytes bytes) {
  Attributes attributes;
  if (!take(bytes, attributes) || bytes.size() > kMaxTargetBytes) return Errc::bad_message;
  if (bytes.empty() == attributes.is_symbolic_link()) return Errc::bad_message;
  return attributes;
}

Result<InodeBody> decode_inode(Bytes bytes) {
  MAYFLY_TRY(attributes, decode_attributes(bytes));
  return InodeBody{attributes, text(bytes.subspan(sizeof attributes))};
}

WireBytes encode(const NodeFileBody& body) {
  const NodeFileWire fixed{body.inode, body.size, body.modified_ns, body.flags};
  WireBytes wire;
  append_bytes(wire, &fixed, sizeof fixed);
  append_bytes(wire, body.path);
  return wire;
}

Result<NodeFileBody> decode_node_file(Bytes bytes) {
  NodeFileWire fixed{};
  if (!take(bytes, fixed) || bytes.empty() || bytes.size() > kMaxPathBytes)
    return Errc::bad_message;
  NodeFileBody body{fixed.inode, fixed.size, fixed.modified_ns,
                    static_cast<std::uint32_t>(fixed.flags), text(bytes)};
  const bool is_path = body.path.front() == '/' && body.path.find('\0') == std::string_view::npos;
  if (!is_path) return Errc::bad_message;
  return body;
}

}  // namespace mayfly
