// piece_io: one piece of a read or write, over the path that its server allows.
//
// Inline up to kInlineBytes; beyond that put into or get from a slot where the server's memory is
// one-sided, else by rendezvous. The memory is in use until the task is done, which is when
// Channel::call would be; the task must not be destroyed earlier. Thread: the loop's.
#pragma once

#include <optional>

#include "client/session.h"
#include "layout/layout.h"

namespace mayfly {

/// Longest piece: what one large Buffer holds at any offset within a page.
inline constexpr std::uint64_t kPieceBytes = kMaxPieceBytes;

/// What a write is besides its bytes.
struct WriteTerms {
  /// Part of an appended record, whose place was given under this generation: stale, and nothing is
  /// written, if the file has been cut since.
  std::optional<std::uint32_t> appended_under;
  /// Not 0: the bytes of a chunk; the server, as the file's home, is to note the size. Not of an
  /// appended record.
  std::uint32_t notes_size = 0;
};

/// Writes `bytes`, the piece's own; gives the truncate generation that they were written under, and
/// the pages that they took.
Task<Result<WriteEffect>> write_piece(Session& session, FileId file, Piece piece, Bytes bytes,
                                      WriteTerms terms);

/// Reads into `into`, the piece's own; gives how many bytes lie below the chunk's end.
Task<Result<std::size_t>> read_piece(Session& session, FileId file, Piece piece, MutableBytes into);

}  // namespace mayfly
