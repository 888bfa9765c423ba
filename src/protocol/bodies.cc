#include "protocol/bodies.h"

#include <cstring>

namespace mayfly {
namespace {

struct NameWire {
  std::uint32_t mode;
  std::uint32_t gid;
  Layout layout;
};
static_assert(sizeof(NameWire) == 16);

struct EntryWire {
  std::uint64_t cookie;
  FileId id;
  std::uint32_t type;
  std::uint16_t name_bytes;
  std::uint16_t has_attributes;
};
static_assert(sizeof(EntryWire) == 32);

void append_bytes(WireBytes& wire, const void* data, std::size_t bytes) {
  const auto* begin = static_cast<const std::byte*>(data);
  wire.insert(wire.end(), begin, begin + bytes);
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

WireBytes encode(const NameBody& body) {
  WireBytes wire;
  const NameWire fixed{body.mode, body.gid, body.layout};
  wire.reserve(sizeof fixed + body.name.size());
  append_bytes(wire, &fixed, sizeof fixed);
  append_bytes(wire, body.name.data(), body.name.size());
  return wire;
}

Result<NameBody> decode_name(Bytes bytes) {
  NameWire fixed;
  if (!take(bytes, fixed) || bytes.size() > kMaxNameBytes) return Errc::bad_message;
  NameBody body;
  body.mode = fixed.mode;
  body.gid = fixed.gid;
  body.layout = fixed.layout;
  body.name = text(bytes);
  return body;
}

Result<ChangeBody> decode_change(Bytes bytes) {
  ChangeBody body;
  if (!take(bytes, body) || !bytes.empty()) return Errc::bad_message;
  return body;
}

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

Result<Attributes> decode_attributes(Bytes bytes) {
  Attributes attributes;
  if (!take(bytes, attributes) || !bytes.empty()) return Errc::bad_message;
  return attributes;
}

}  // namespace mayfly
