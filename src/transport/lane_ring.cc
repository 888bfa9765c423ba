#include "transport/lane_ring.h"

#include <cstring>

#include "base/units.h"

namespace mayfly {
namespace {

constexpr std::size_t kMarkBytes = sizeof(std::uint64_t);
constexpr std::uint64_t kWritten = std::uint64_t{1} << 63;
/// In place of a header's length: the next record is at the ring's beginning.
constexpr std::uint64_t kGoesRound = 0xffff;

constexpr std::uint64_t mark_of(std::uint64_t header_bytes, std::uint64_t payload_bytes) {
  return kWritten | header_bytes << 32 | payload_bytes;
}
constexpr std::uint64_t header_bytes_of(std::uint64_t mark) { return (mark & ~kWritten) >> 32; }
constexpr std::uint64_t payload_bytes_of(std::uint64_t mark) { return mark & 0xffffffff; }

std::atomic_ref<std::uint64_t> mark_in(MutableBytes records, std::uint64_t place) {
  return std::atomic_ref(*reinterpret_cast<std::uint64_t*>(records.data() + place));
}

}  // namespace

bool LaneWriter::has_room(std::uint64_t bytes) {
  if (written_ + bytes - consumed_ <= ring_.records.size()) return true;
  consumed_ = ring_.consumed->load(std::memory_order_acquire);
  return written_ + bytes - consumed_ <= ring_.records.size();
}

bool LaneWriter::write(Bytes header, Bytes payload) {
  const std::uint64_t size = ring_.records.size();
  const std::uint64_t bytes = round_up(kMarkBytes + header.size() + payload.size(), kLaneLineBytes);
  MAYFLY_ASSERT(bytes <= size / 2);
  std::uint64_t place = written_ % size;
  const std::uint64_t skipped = bytes > size - place ? size - place : 0;
  if (!has_room(skipped + bytes)) return false;
  if (skipped != 0) {
    mark_in(ring_.records, place).store(mark_of(kGoesRound, 0), std::memory_order_release);
    place = 0;
  }
  std::byte* const body = ring_.records.data() + place + kMarkBytes;
  if (!header.empty()) std::memcpy(body, header.data(), header.size());
  if (!payload.empty()) std::memcpy(body + header.size(), payload.data(), payload.size());
  mark_in(ring_.records, place)
      .store(mark_of(header.size(), payload.size()), std::memory_order_release);
  written_ += skipped + bytes;
  return true;
}

std::atomic_ref<std::uint64_t> LaneReader::mark_at(std::uint64_t place) const {
  return mark_in(ring_.records, place);
}

Result<std::optional<LaneReader::Record>> LaneReader::next() {
  std::uint64_t mark = mark_at(place()).load(std::memory_order_acquire);
  if (header_bytes_of(mark) == kGoesRound && mark != 0) {
    if (place() == 0) return Errc::bad_message;
    mark_at(place()).store(0, std::memory_order_relaxed);
    read_ += ring_.records.size() - place();
    mark = mark_at(0).load(std::memory_order_acquire);
  }
  if (mark == 0) return std::optional<Record>();
  const std::uint64_t header_bytes = header_bytes_of(mark);
  const std::uint64_t payload_bytes = payload_bytes_of(mark);
  const std::uint64_t room = ring_.records.size() - place() - kMarkBytes;
  if ((mark & kWritten) == 0 || header_bytes > kMaxHeaderBytes ||
      header_bytes + payload_bytes > room) {
    return Errc::bad_message;
  }
  record_bytes_ = round_up(kMarkBytes + header_bytes + payload_bytes, kLaneLineBytes);
  const std::byte* const body = ring_.records.data() + place() + kMarkBytes;
  return std::optional(Record{{body, header_bytes}, {body + header_bytes, payload_bytes}});
}

void LaneReader::release() {
  for (std::uint64_t line = 0; line < record_bytes_; line += kLaneLineBytes) {
    mark_at(place() + line).store(0, std::memory_order_relaxed);
  }
  read_ += record_bytes_;
  ring_.consumed->store(read_, std::memory_order_release);
}

}  // namespace mayfly
