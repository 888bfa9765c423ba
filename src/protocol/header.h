// The two fixed headers of the wire: every message is one of them as the active message's header,
// and a body as its payload. Little-endian, no padding; docs/protocol.md says what each field holds
// for each opcode.
#pragma once

#include <bit>
#include <chrono>
#include <cstdint>
#include <span>
#include <type_traits>

#include "base/file_id.h"
#include "base/result.h"
#include "base/units.h"
#include "protocol/opcode.h"
#include "transport/message.h"

namespace mayfly {

static_assert(std::endian::native == std::endian::little, "the wire is little-endian");

inline constexpr std::uint8_t kProtocolVersion = 8;
/// Payload that travels inside the message; longer ones go by slot or by rendezvous. About what UCX
/// carries in one piece through shared memory (8,256 bytes).
inline constexpr std::size_t kInlineBytes = 8 * 1024;
/// Longest body that is not file data.
inline constexpr std::size_t kMaxBodyBytes = 64 * 1024;
/// Longest run of file data in one message: one large Buffer. No run crosses a multiple of it in
/// its chunk.
inline constexpr std::size_t kMaxPieceBytes = 1 << 20;
/// Where the byte `chunk_offset` of a chunk belongs in a slot that its writer puts it to.
inline constexpr std::uint64_t place_in_slot(std::uint64_t chunk_offset) {
  return chunk_offset % kMaxPieceBytes;
}

/// The epoch of requests that go by file id: no cached name can make them wrong.
inline constexpr std::uint64_t kAnyEpoch = ~std::uint64_t{0};

struct RequestHeader {
  std::uint8_t version = kProtocolVersion;
  Opcode opcode{};
  std::uint16_t flags = 0;              ///< RequestFlags
  std::uint32_t uid_or_generation = 0;  ///< creations: the caller's uid; close, report_size, and
                                        ///< writes with kAppend: a truncate generation
  std::uint64_t request_id = 0;
  std::uint64_t cookie = 0;         ///< of the connection; 0 in connect
  std::uint64_t epoch = kAnyEpoch;  ///< the sender's namespace epoch
  FileId file;
  std::uint64_t offset = 0;    ///< read, write: the index of the chunk
  std::uint64_t length = 0;    ///< read, write: pack(ChunkRange)
  std::uint64_t argument = 0;  ///< see docs/protocol.md
};
static_assert(sizeof(RequestHeader) == 72 && std::is_trivially_copyable_v<RequestHeader>);

/// A request about a file that says no more than that.
inline RequestHeader about(Opcode opcode, FileId file) {
  RequestHeader header;
  header.opcode = opcode;
  header.file = file;
  return header;
}

struct ReplyHeader {
  std::uint8_t version = kProtocolVersion;
  std::uint8_t opcode = 0;  ///< the request's | kReplyBit
  std::uint16_t flags = 0;  ///< ReplyFlags
  std::int32_t error = 0;   ///< errno, 0 for success
  std::uint64_t request_id = 0;
  std::uint64_t epoch = 0;  ///< the server's namespace epoch
  std::uint64_t value = 0;
  std::uint64_t second = 0;
};
static_assert(sizeof(ReplyHeader) == 40 && std::is_trivially_copyable_v<ReplyHeader>);

/// A client may trust what it got from a read slot for this long from when it asked for the read.
/// A server takes a slot back no earlier than after twice that from when it lent it, which was
/// later: so clocks may differ, and even run at different speeds. After that time the client asks
/// (release_slot with kConfirm) whether the slot was still its own.
inline constexpr std::chrono::nanoseconds kReadLease = std::chrono::seconds(1);

/// Bytes of a file that come with the answer to an open at the most.
inline constexpr std::size_t kFirstBytes = kPageBytes;
/// A client may believe them for this long from when it asked. Whoever is to write waits at the
/// server for twice that from when they left, or until no reader is left.
inline constexpr std::chrono::nanoseconds kFirstBytesLease = std::chrono::milliseconds(2);

inline constexpr std::uint8_t kReplyBit = 0x80;
/// cut_data: the generation that stands for "the file is gone".
inline constexpr std::uint64_t kDropGeneration = ~std::uint64_t{0};

namespace request_flags {
inline constexpr std::uint16_t kForWrite = 1;   ///< open, close: the handle may write; note_read:
                                                ///< it has written, and not reported that yet
inline constexpr std::uint16_t kCreate = 2;     ///< open_name: O_CREAT
inline constexpr std::uint16_t kExclusive = 4;  ///< open_name: O_EXCL
inline constexpr std::uint16_t kTruncate = 8;   ///< open_name: O_TRUNC
inline constexpr std::uint16_t kReserves =
    8;  ///< report_size: space is about to be taken; that is all
inline constexpr std::uint16_t kKeepSpace = 4;    ///< clear_data: the space stays the file's
inline constexpr std::uint16_t kSlot = 16;        ///< write: the bytes stand in the slot `argument`
inline constexpr std::uint16_t kKeepSlot = 32;    ///< write: leave the slot with the client
inline constexpr std::uint16_t kToSlot = 64;      ///< read: leave the bytes in a slot for a get
inline constexpr std::uint16_t kHasSize = 128;    ///< close: a size report comes with it; write:
                                                  ///< the file's home is to note what it has become
inline constexpr std::uint16_t kDirectory = 256;  ///< open_name: O_DIRECTORY; rename: the old name
                                                  ///< must be a directory's
inline constexpr std::uint16_t kConfirm = 1024;   ///< release_slot: say whether it was the sender's
inline constexpr std::uint16_t kAppend = 2048;    ///< open, close, write: O_APPEND
inline constexpr std::uint16_t kGiveBack = 4096;  ///< append: the place was not written to
inline constexpr std::uint16_t kUnsure = 512;     ///< close: a write failed that may yet be done
inline constexpr std::uint16_t kNewDirectory = 8192;  ///< rename: so must the new one, or nobody's
inline constexpr std::uint16_t kWalk = 16384;         ///< look_up: only id and type are wanted
inline constexpr std::uint16_t kWantsBytes = 32768;   ///< open_name, open_id: a file's first bytes
}  // namespace request_flags

namespace reply_flags {
inline constexpr std::uint16_t kCreated = 1;     ///< open_name: the file is new
inline constexpr std::uint16_t kSlotKept = 2;    ///< write: the slot `value` is the client's
inline constexpr std::uint16_t kInSlot = 4;      ///< read: the bytes stand in the slot `second`
inline constexpr std::uint16_t kMore = 8;        ///< read_directory: there is a next page
inline constexpr std::uint16_t kElsewhere = 16;  ///< look_up, open_name: value and second are the
                                                 ///< id of a file whose home must be asked
inline constexpr std::uint16_t kLink = 32;  ///< look_up, open_name, open_id, get_attributes: it is
                                            ///< a symbolic link, whose target follows
inline constexpr std::uint16_t kSizeNoted = 64;  ///< write: nothing of it is left to be reported
inline constexpr std::uint16_t kHasBytes = 128;  ///< open_name, open_id: all bytes of the file
                                                 ///< follow the attributes
}  // namespace reply_flags

/// A range within a chunk, as `length` of read and write holds it: chunks are at most 16 MiB.
struct ChunkRange {
  std::uint64_t offset;
  std::uint64_t length;
};
constexpr std::uint64_t pack(ChunkRange range) { return range.offset << 32 | range.length; }
constexpr ChunkRange unpack(std::uint64_t packed) { return {packed >> 32, packed & 0xffffffff}; }

/// What a write's reply says in `second`: the truncate generation under which it was done, and how
/// many pages it took.
struct WriteEffect {
  std::uint32_t generation = 0;
  std::uint32_t pages_taken = 0;
  bool is_noted = false;  ///< as reply_flags::kSizeNoted says
};
constexpr std::uint64_t pack_effect(WriteEffect effect) {
  return std::uint64_t{effect.pages_taken} << 32 | effect.generation;
}
constexpr WriteEffect unpack_effect(std::uint64_t packed) {
  return {static_cast<std::uint32_t>(packed), static_cast<std::uint32_t>(packed >> 32), false};
}

/// Which of the columns of a file a server holds, as `argument` of seek_data says it: its chunks
/// are those whose index leaves `column` when divided by `width`.
struct ColumnOf {
  std::uint64_t column;
  std::uint64_t width;
};
constexpr std::uint64_t pack_column(ColumnOf column) { return column.column << 32 | column.width; }
constexpr ColumnOf unpack_column(std::uint64_t packed) {
  return {packed >> 32, packed & 0xffffffff};
}
/// The first chunk at or behind `index` that is in the column.
constexpr std::uint64_t first_in_column(ColumnOf column, std::uint64_t index) {
  return index + (column.column + column.width - index % column.width) % column.width;
}
/// seek_data: there is no data at or behind the offset.
inline constexpr std::uint64_t kNowhere = ~std::uint64_t{0};

/// Whether a message's header is that of a reply. Looks at one byte; decode_* checks the rest.
inline bool is_reply(Bytes header) {
  return header.size() > 1 && (std::to_integer<std::uint8_t>(header[1]) & kReplyBit) != 0;
}

/// The header in `bytes`, or bad_message: wrong size, version or opcode.
Result<RequestHeader> decode_request(Bytes bytes);
Result<ReplyHeader> decode_reply(Bytes bytes);

/// The bytes of a wire struct.
template <class T>
requires std::is_trivially_copyable_v<T> Bytes as_wire(const T& value) {
  return std::as_bytes(std::span<const T, 1>(&value, 1));
}

}  // namespace mayfly
