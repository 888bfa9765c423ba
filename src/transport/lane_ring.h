// LaneRing: messages of one process for one other, in memory that both have mapped. LaneWriter is
// its one end, LaneReader the other.
//
// There is one writer, and it marks a record as written last: one that dies in the middle of a
// record leaves nothing that the reader sees. The queues of UCX have many writers, and a place that
// a dead one has taken and not marked silences all others for ever.
// Layout: records begin on cache lines. A record is its mark (8 bytes), header and payload; it does
//   not go round the ring's end, where a mark may say that the next record is at the beginning.
//   Whatever line has been read has zeros in place of a mark, so what is not zero there was written
//   as one.
// Owner, thread: one of each end. Failure: the reader believes nothing; bad_message is for good.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "base/result.h"
#include "transport/message.h"

namespace mayfly {

inline constexpr std::size_t kLaneLineBytes = 64;

struct LaneRing {
  /// Whole lines, zeroed when the ring is new.
  MutableBytes records;
  /// Bytes that the reader has done with since the ring was new.
  std::atomic<std::uint64_t>* consumed;
};

class LaneWriter {
 public:
  explicit LaneWriter(LaneRing ring) : ring_(ring) {}
  /// False if there is no room now. A record takes half of the ring at the most, so that there is
  /// room for it in an empty one wherever that begins.
  bool write(Bytes header, Bytes payload);

 private:
  bool has_room(std::uint64_t bytes);

  LaneRing ring_;
  std::uint64_t written_ = 0;
  std::uint64_t consumed_ = 0;  ///< when it was last looked at
};

class LaneReader {
 public:
  explicit LaneReader(LaneRing ring) : ring_(ring) {}

  /// In the ring, until release(). Its writer may change it at any time: copy, then look.
  struct Record {
    Bytes header;
    Bytes payload;
  };
  bool has_record() const { return mark_at(place()).load(std::memory_order_acquire) != 0; }
  /// Empty if there is none. bad_message if it is none that a LaneWriter has written.
  Result<std::optional<Record>> next();
  /// Done with the record that next() gave.
  void release();

 private:
  std::uint64_t place() const { return read_ % ring_.records.size(); }
  std::atomic_ref<std::uint64_t> mark_at(std::uint64_t place) const;

  LaneRing ring_;
  std::uint64_t read_ = 0;
  std::uint64_t record_bytes_ = 0;
};

}  // namespace mayfly
