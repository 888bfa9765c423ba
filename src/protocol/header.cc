#include "protocol/header.h"

#include <cstring>

namespace mayfly {
namespace {

bool is_opcode(std::uint8_t value) { return value >= 1 && value < kOpcodes; }

}  // namespace

Result<RequestHeader> decode_request(Bytes bytes) {
  RequestHeader header;
  if (bytes.size() != sizeof header) return Errc::bad_message;
  std::memcpy(&header, bytes.data(), sizeof header);
  if (header.version != kProtocolVersion) return Errc::bad_message;
  if (!is_opcode(static_cast<std::uint8_t>(header.opcode))) return Errc::bad_message;
  return header;
}

Result<ReplyHeader> decode_reply(Bytes bytes) {
  ReplyHeader header;
  if (bytes.size() != sizeof header) return Errc::bad_message;
  std::memcpy(&header, bytes.data(), sizeof header);
  const auto opcode = static_cast<std::uint8_t>(header.opcode & ~kReplyBit);
  if (header.version != kProtocolVersion || header.error < 0 || header.error > 4095 ||
      (header.opcode & kReplyBit) == 0 || !is_opcode(opcode)) {
    return Errc::bad_message;
  }
  return header;
}

}  // namespace mayfly
