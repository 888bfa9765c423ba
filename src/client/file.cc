#include "client/file.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "async/task_group.h"
#include "base/log.h"
#include "client/credentials.h"
#include "client/piece_io.h"

namespace mayfly {
namespace {

/// Reads longer than this ask for the size first.
constexpr std::uint64_t kClippedBytes = 16 * kMiB;
/// How often a record is given a place anew while others go on cutting the file.
constexpr int kMaxAppends = 64;

bool opens_for_write(int flags) { return (flags & O_ACCMODE) != O_RDONLY; }

std::uint16_t request_flags_of(int flags) {
  std::uint16_t result = 0;
  if (opens_for_write(flags)) result |= request_flags::kForWrite;
  if ((flags & O_CREAT) != 0) result |= request_flags::kCreate;
  if ((flags & (O_CREAT | O_EXCL)) == (O_CREAT | O_EXCL)) result |= request_flags::kExclusive;
  if ((flags & O_TRUNC) != 0) result |= request_flags::kTruncate;
  if ((flags & O_DIRECTORY) != 0) result |= request_flags::kDirectory;
  if ((flags & O_APPEND) != 0) result |= request_flags::kAppend;
  if ((flags & (O_ACCMODE | O_TRUNC | O_DIRECTORY | O_PATH)) == 0) {
    result |= request_flags::kWantsBytes;
  }
  return result;
}

}  // namespace

File::File(Session& session, const Attributes& attributes, int flags)
    : session_(session),
      id_(attributes.id),
      layout_(attributes.layout),
      opened_flags_(flags),
      flags_(flags),
      is_directory_(attributes.is_directory()),
      connection_(session.channel(attributes.id.home()).cookie()),
      generation_(attributes.truncate_generation),
      reading_shows_(mayfly::reading_shows(attributes, wall_clock_ns())) {}

bool File::is_given_up() const {
  const Channel& home = session_.channel(id_.home());
  return !home.is_open() || home.cookie() != connection_;
}

bool File::may_read() const { return (flags_ & O_ACCMODE) != O_WRONLY; }
bool File::may_write() const { return opens_for_write(flags_); }
bool File::appends() const { return (flags_ & O_APPEND) != 0; }

Task<Result<std::unique_ptr<File>>> File::open(Session& session, PathAt path, int flags,
                                               std::uint32_t mode, std::optional<Layout> layout) {
  if ((flags & O_ACCMODE) == O_ACCMODE) co_return Errc::invalid;
  // A file without a name would have to be made at a server that nobody could find again.
  if ((flags & O_TMPFILE) == O_TMPFILE) co_return Errc::not_supported;
  if (path.text.ends_with('/')) flags |= O_DIRECTORY;
  NamedRequest request;
  request.opcode = Opcode::open_name;
  request.flags = request_flags_of(flags);
  // Not before it is seen whether the user may write.
  const bool cuts_later = (flags & O_TRUNC) != 0 && !session.user().is_root();
  if (cuts_later) request.flags &= static_cast<std::uint16_t>(~request_flags::kTruncate);
  request.mode = mode;
  request.layout = layout;
  request.follows_last = (flags & O_NOFOLLOW) == 0;
  const TimePoint asked = session.loop().now();
  // As Session::named_call, with one coroutine less.
  auto warm = session.warm_message(path, request);
  Result<Reply> reply = Errc::stale;
  if (warm) reply = co_await session.send(*warm);
  if (!is_answer(reply)) {
    reply = co_await session.go_on(std::move(path), std::move(request), std::move(warm),
                                   std::move(reply));
  }
  if (!reply) co_return reply.error();
  MAYFLY_CO_CHECKED(reply->status());
  if (is_link(reply)) {
    co_return (flags & O_DIRECTORY) != 0 ? Errc::not_a_directory : Errc::loop;
  }
  const bool has_bytes = (reply->header.flags & reply_flags::kHasBytes) != 0;
  const bool is_here = !reply->body.is_rendezvous();
  WireBytes fetched;
  if (!is_here) {
    MAYFLY_CO_TRY(received, co_await session.body_of(*reply));
    fetched = std::move(received);
  }
  const Bytes body = is_here ? reply->body.payload() : Bytes(fetched);
  const std::size_t own = has_bytes ? std::min(body.size(), sizeof(Attributes)) : body.size();
  MAYFLY_CO_TRY(attributes, decode_attributes(body.first(own)));
  std::unique_ptr<File> file(new File(session, attributes, flags));
  if (has_bytes && is_here) {
    file->first_ = std::move(reply->body);
    file->first_until_ = asked + kFirstBytesLease;
  }
  const bool is_new = (reply->header.flags & reply_flags::kCreated) != 0;
  if (is_new || session.user().is_root()) co_return file;
  Status usable = file->check_user(attributes);
  if (usable && cuts_later) usable = co_await session.set_size(file->id_, 0);
  if (usable) co_return file;
  const Status closed = co_await file->close();
  co_return closed ? usable.error() : closed.error();
}

Task<Result<std::unique_ptr<File>>> File::reopen(Session& session, FileId id, int flags) {
  RequestHeader header;
  header.opcode = Opcode::open_id;
  header.file = id;
  // What made or cut it then must not do so again.
  header.flags = request_flags_of(flags & ~(O_CREAT | O_EXCL | O_TRUNC));
  header.flags &= static_cast<std::uint16_t>(~request_flags::kWantsBytes);
  auto reply = co_await session.inode_call(header);
  if (!reply) co_return reply.error();
  MAYFLY_CO_CHECKED(reply->status());
  MAYFLY_CO_TRY(attributes, decode_attributes(reply->body.payload()));
  co_return std::unique_ptr<File>(new File(session, attributes, flags));
}

Task<Status> File::set_append(bool appends) {
  const auto pass = uses_.enter();
  if (!pass) co_return Errc::bad_descriptor;
  // The home counts who appends, by open and close.
  if (appends && may_write() && (opened_flags_ & O_APPEND) == 0 && !is_appender_too_) {
    RequestHeader header = about(Opcode::open_id, id_);
    header.flags = request_flags::kForWrite | request_flags::kAppend;
    auto reply = co_await session_.inode_call(header);
    if (!reply) co_return reply.error();
    MAYFLY_CO_CHECKED(reply->status());
    is_appender_too_ = true;
  }
  flags_ = appends ? flags_ | O_APPEND : flags_ & ~O_APPEND;
  co_return Status();
}

/// What the user may do with a file that was there.
Status File::check_user(const Attributes& attributes) const {
  int mode = may_read() ? R_OK : 0;
  if (may_write() || (flags_ & O_TRUNC) != 0) mode |= W_OK;
  return session_.user().may_access(attributes, mode) ? Status() : Status(Errc::access_denied);
}

Task<Result<std::size_t>> File::pwrite(Segments<Bytes> bytes, std::uint64_t offset) {
  const auto pass = uses_.enter();
  if (!pass || !may_write()) co_return Errc::bad_descriptor;
  if (is_orphaned()) co_return Errc::io_error;
  if (bytes.empty()) co_return std::size_t{0};
  if (!appends()) co_return co_await write_range(bytes, offset);
  auto place = co_await append(bytes);
  if (!place) co_return place.error();
  co_return bytes.size();
}

Task<Result<std::size_t>> File::read(Segments<MutableBytes> into) {
  const auto pass = uses_.enter();
  if (!pass || !may_read()) co_return Errc::bad_descriptor;
  auto turn = co_await positioning_.acquire();
  auto count = co_await read_at(into, position_);
  if (count) position_ += *count;
  co_return count;
}

Task<Result<std::size_t>> File::write(Segments<Bytes> bytes) {
  const auto pass = uses_.enter();
  if (!pass || !may_write()) co_return Errc::bad_descriptor;
  if (bytes.empty()) co_return std::size_t{0};
  auto turn = co_await positioning_.acquire();
  if (is_orphaned()) co_return Errc::io_error;
  if (appends()) {
    auto place = co_await append(bytes);
    if (!place) co_return place.error();
    position_ = *place + bytes.size();
    co_return bytes.size();
  }
  auto count = co_await write_range(bytes, position_);
  if (count) position_ += *count;
  co_return count;
}

Task<Result<std::uint64_t>> File::seek(std::int64_t offset, int whence) {
  const auto pass = uses_.enter();
  if (!pass) co_return Errc::bad_descriptor;
  auto turn = co_await positioning_.acquire();
  if (whence == SEEK_DATA || whence == SEEK_HOLE) {
    auto landmark = co_await seek_landmark(offset, whence);
    if (landmark) position_ = *landmark;
    co_return landmark;
  }
  std::uint64_t base = 0;
  if (whence == SEEK_CUR) {
    base = position_;
  } else if (whence == SEEK_END) {
    auto attributes = co_await session_.get_attributes(id_);
    if (!attributes) co_return attributes.error();
    base = attributes->size;
  } else if (whence != SEEK_SET) {
    co_return Errc::invalid;
  }
  std::int64_t position = 0;
  if (__builtin_add_overflow(static_cast<std::int64_t>(base), offset, &position)) {
    co_return Errc::overflow;
  }
  if (position < 0) co_return Errc::invalid;
  position_ = static_cast<std::uint64_t>(position);
  co_return position_;
}

Task<Result<std::uint64_t>> File::seek_landmark(std::int64_t offset, int whence) {
  if (is_directory_) co_return Errc::invalid;
  // Data that is there when the size is seen is there when it is looked for, and not the other way
  // round: so the size comes first.
  auto attributes = co_await session_.get_attributes(id_);
  if (!attributes) co_return attributes.error();
  const auto from = static_cast<std::uint64_t>(offset);
  if (offset < 0 || from >= attributes->size) co_return Errc::no_such_address;
  Landmarks found;
  TaskGroup group;
  for (std::uint32_t column = 0; column < width(layout_, session_.servers()); ++column) {
    group.add(ask_landmarks(column, from, found));
  }
  MAYFLY_CO_CHECKED(co_await group.join());
  if (whence == SEEK_HOLE) co_return std::min(found.hole, attributes->size);
  if (found.data >= attributes->size) co_return Errc::no_such_address;
  co_return found.data;
}

Task<Status> File::ask_landmarks(std::uint32_t column, std::uint64_t offset, Landmarks& landmarks) {
  RequestHeader header = about(Opcode::seek_data, id_);
  header.offset = offset;
  header.length = layout_.chunk_bytes;
  header.argument = pack_column({column, width(layout_, session_.servers())});
  const std::uint32_t server = server_of_chunk(layout_, column, session_.servers());
  auto reply = co_await session_.channel(server).call(header);
  if (!reply) co_return reply.error();
  landmarks.data = std::min(landmarks.data, reply->header.value);
  landmarks.hole = std::min(landmarks.hole, reply->header.second);
  co_return reply->status();
}

Task<Result<std::uint64_t>> File::append(Segments<Bytes> bytes) {
  RequestHeader header = about(Opcode::append, id_);
  header.length = bytes.size();
  for (int attempt = 0; attempt < kMaxAppends; ++attempt) {
    auto reply = co_await session_.inode_call(header);
    if (!reply) co_return reply.error();
    if (is_orphaned()) co_return Errc::io_error;
    if (const Status status = reply->status(); !status) co_return status.error();
    const std::uint64_t place = reply->header.value;
    const auto generation = static_cast<std::uint32_t>(reply->header.second);
    Appending appending{generation};
    const auto written = co_await write_range(bytes, place, &appending);
    if (written) co_return place;
    if (written.error() == Errc::no_space && !unsure_) {
      co_await give_back(place + appending.reached, bytes.size() - appending.reached, generation);
    }
    // The file was cut since the place was given, which made it void: there is a new end.
    if (written.error() != Errc::stale) co_return written.error();
  }
  co_return Errc::io_error;
}

Task<void> File::give_back(std::uint64_t place, std::uint64_t length, std::uint32_t generation) {
  if (length == 0) co_return;
  RequestHeader header = about(Opcode::append, id_);
  header.flags = request_flags::kGiveBack;
  header.offset = place;
  header.length = length;
  header.argument = generation;
  const auto reply = co_await session_.inode_call(header);
  // The caller hears of the full file system, which came first; a hole is what is left otherwise.
  if (!reply) log::debug("a place for an appended record could not be given back");
}

Task<Result<std::size_t>> File::write_range(Segments<Bytes> bytes, std::uint64_t offset,
                                            Appending* appending) {
  if (offset > kMaxFileBytes || bytes.size() > kMaxFileBytes - offset) co_return Errc::file_too_big;
  Pieces pieces(layout_, session_.servers(), offset, bytes.size(), kPieceBytes);
  Piece piece;
  TaskGroup group;
  while (pieces.next(piece)) {
    if (piece.length == bytes.size()) {
      MAYFLY_CO_CHECKED(co_await write_one(piece, bytes, offset, appending));
      co_return bytes.size();
    }
    group.add(write_one(piece, bytes, offset, appending));
  }
  const Status status = co_await group.join();
  if (!status) co_return status.error();
  co_return bytes.size();
}

Task<Status> File::write_one(Piece piece, Segments<Bytes> bytes, std::uint64_t offset,
                             Appending* appending) {
  auto permit = co_await session_.window().acquire(
      std::min<std::uint64_t>(piece.length, session_.window_bytes()));
  const Moment began = now();
  std::vector<std::byte> gathered;
  std::optional<Bytes> part = bytes.contiguous(piece.range_offset, piece.length);
  if (!part) {
    gathered.resize(piece.length);
    bytes.gather(piece.range_offset, gathered);
    part = gathered;
  }
  WriteTerms terms;
  if (appending != nullptr) terms.appended_under = appending->generation;
  if (may_note_size(piece, bytes.size())) terms.notes_size = layout_.chunk_bytes;
  const auto effect = co_await write_piece(session_, id_, piece, *part, terms);
  if (!effect) {
    // Whatever else the server says, it says instead of writing.
    if (effect.error() == Errc::io_error) unsure_ = true;
    co_return effect.error();
  }
  const std::uint64_t end = piece.range_offset + piece.length;
  if (appending != nullptr) appending->reached = std::max(appending->reached, end);
  note_write(began, *effect, offset + end);
  co_return Status();
}

bool File::may_note_size(const Piece& piece, std::uint64_t bytes) {
  const bool is_whole = piece.length == bytes && piece.server == id_.home();
  if (dirty_ || appends() || !is_whole) return false;
  return !std::exchange(has_noted_, true);
}

void File::note_write(const Moment& began, WriteEffect effect, std::uint64_t end) {
  note_change(began, effect.pages_taken, effect.is_noted);
  if (effect.generation < generation_) return;  // cut since, or about to be
  if (effect.generation > generation_) written_end_ = 0;
  generation_ = effect.generation;
  written_end_ = std::max(written_end_, end);
}

void File::note_change(const Moment& began, std::int64_t pages, bool is_reported) {
  if (began.at > written_.at) written_ = began;
  reading_shows_ = true;
  if (is_reported) return;
  pages_ += pages;
  dirty_ = true;
}

std::optional<std::size_t> File::read_first(const Segments<MutableBytes>& into,
                                            std::uint64_t offset) {
  if (!first_) return std::nullopt;
  if (session_.loop().now() >= first_until_) {
    first_.reset();
    return std::nullopt;
  }
  const Bytes bytes = first_->payload().subspan(sizeof(Attributes));
  if (offset >= bytes.size()) return std::size_t{0};
  const std::size_t length = std::min<std::uint64_t>(into.size(), bytes.size() - offset);
  into.scatter(0, bytes.subspan(offset, length));
  return length;
}

Task<Status> File::note_reading() {
  RequestHeader header = about(Opcode::note_read, id_);
  if (dirty_) header.flags = request_flags::kForWrite;
  Channel& home = session_.channel(id_.home());
  if (home.may_notify()) {
    header.epoch = kAnyEpoch;
    home.notify(header);
    co_return Status();
  }
  co_return status_of(co_await session_.inode_call(header));
}

Task<Result<std::size_t>> File::pread(Segments<MutableBytes> into, std::uint64_t offset) {
  const auto pass = uses_.enter();
  if (!pass || !may_read()) co_return Errc::bad_descriptor;
  co_return co_await read_at(into, offset);
}

Task<Result<std::size_t>> File::read_at(Segments<MutableBytes> into, std::uint64_t offset) {
  if (is_directory_) co_return Errc::is_a_directory;
  if (is_orphaned()) co_return Errc::io_error;
  if (offset > kMaxFileBytes) co_return Errc::invalid;
  if (into.empty()) co_return std::size_t{0};
  into = into.first(std::min<std::uint64_t>(into.size(), kMaxFileBytes - offset));
  if (into.size() > kClippedBytes) {
    // Whoever asks for far more than there is pays for what there is.
    auto attributes = co_await session_.get_attributes(id_);
    if (!attributes) co_return attributes.error();
    if (attributes->size <= offset) co_return std::size_t{0};
    into = into.first(std::min<std::uint64_t>(into.size(), attributes->size - offset));
  }
  if (std::exchange(reading_shows_, false)) {
    MAYFLY_CO_CHECKED(co_await note_reading());
  }
  if (const auto bytes = read_first(into, offset)) co_return *bytes;
  std::uint64_t short_at = offset + into.size();
  MAYFLY_CO_CHECKED(co_await read_pieces(into, offset, short_at));
  if (short_at == offset + into.size()) co_return into.size();
  // Some chunk ends early: that is a hole or the end of the file, which its size tells.
  auto attributes = co_await session_.get_attributes(id_);
  if (!attributes) co_return attributes.error();
  // Others may have changed it since it was opened.
  reading_shows_ |= reading_shows(*attributes, wall_clock_ns());
  if (attributes->size <= offset) co_return std::size_t{0};
  const std::uint64_t length = std::min<std::uint64_t>(into.size(), attributes->size - offset);
  if (short_at < offset + length) {
    // Bytes below a size seen now may have been written after the first look: look again, so that
    // no byte of a write that made this size is given as a zero of the hole before it.
    MAYFLY_CO_CHECKED(co_await read_pieces(into.first(length), offset, short_at));
  }
  co_return std::size_t{length};
}

Task<Status> File::read_pieces(Segments<MutableBytes> into, std::uint64_t offset,
                               std::uint64_t& short_at) {
  Pieces pieces(layout_, session_.servers(), offset, into.size(), kPieceBytes);
  Piece piece;
  TaskGroup group;
  short_at = offset + into.size();
  while (pieces.next(piece)) {
    if (piece.length == into.size()) co_return co_await read_one(piece, into, short_at);
    group.add(read_one(piece, into, short_at));
  }
  co_return co_await group.join();
}

Task<Status> File::read_one(Piece piece, Segments<MutableBytes> into, std::uint64_t& short_at) {
  auto permit = co_await session_.window().acquire(
      std::min<std::uint64_t>(piece.length, session_.window_bytes()));
  std::vector<std::byte> scattered;
  std::optional<MutableBytes> part = into.contiguous(piece.range_offset, piece.length);
  if (!part) {
    scattered.resize(piece.length);
    part = scattered;
  }
  auto bytes = co_await read_piece(session_, id_, piece, *part);
  if (!bytes) co_return bytes.error();
  std::fill(part->begin() + static_cast<std::ptrdiff_t>(*bytes), part->end(), std::byte{0});
  if (!scattered.empty()) into.scatter(piece.range_offset, scattered);
  if (*bytes == part->size()) co_return Status();
  short_at = std::min(short_at, piece.chunk * layout_.chunk_bytes + piece.chunk_offset + *bytes);
  co_return Status();
}

Task<Result<Attributes>> File::stat() {
  const auto pass = uses_.enter();
  if (!pass) co_return Errc::bad_descriptor;
  co_return co_await session_.get_attributes(id_);
}

Task<Status> File::truncate(std::uint64_t size) {
  const auto pass = uses_.enter();
  if (!pass) co_return Errc::bad_descriptor;
  if (!may_write()) co_return Errc::invalid;
  if (is_orphaned()) co_return Errc::io_error;
  if (size > kMaxFileBytes) co_return Errc::file_too_big;
  co_return co_await session_.set_size(id_, size);
}

Task<Status> File::change_attributes(ChangeBody change) {
  const auto pass = uses_.enter();
  if (!pass) co_return Errc::bad_descriptor;
  const Credentials& user = session_.user();
  if (!user.is_root()) {
    const auto before =
        attributes_of(co_await session_.inode_call(about(Opcode::get_attributes, id_)));
    if (!before) co_return before.error();
    MAYFLY_CO_CHECKED(user.check_change(*before, change));
  }
  co_return co_await session_.set_attributes(id_, change);
}

}  // namespace mayfly
