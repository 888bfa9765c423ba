// Operation: the handlers by opcode, one file each.
//
// A handler answers its request exactly once, through Server::reply. Those that are done at once
// are plain functions; those that wait are coroutines, spawned by the dispatcher and counted by the
// request's pass. What seldom waits may be attempted first, by a function that answers the request
// if that needs no waiting, or does nothing. Errors of a request go to its sender only.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <type_traits>

#include "protocol/bodies.h"
#include "server/server.h"

namespace mayfly {

struct Operation {
  void (*at_once)(Server&, Request&) = nullptr;
  Task<void> (*task)(Server&, Request) = nullptr;
  /// Whether it is done. The request's payload may be lent: see Receiver::on_message.
  bool (*attempt)(Server&, Request&) = nullptr;
};

/// The operation of `opcode`; both pointers null for one that a server does not answer here
/// (connect).
const Operation& operation_of(Opcode opcode);

/// connect is special: there is no connection yet. Checks the secret before anything else.
void connect(Server& server, const RequestHeader& header, const Message& message);

Task<void> disconnect(Server& server, Request request);
void shut_down(Server& server, const Request& request);
void ping(Server& server, const Request& request);

void look_up(Server& server, Request& request);
void open_name(Server& server, Request& request);
void open_id(Server& server, Request& request);
void close_file(Server& server, const Request& request);
void get_attributes(Server& server, Request& request);
void get_parent(Server& server, const Request& request);
Task<void> set_attributes(Server& server, Request request);
Task<void> set_layout(Server& server, Request request);
void report_size(Server& server, const Request& request);
void note_read(Server& server, const Request& request);
Task<void> set_size(Server& server, Request request);
Task<void> append(Server& server, Request request);
Task<void> make_directory(Server& server, Request request);
Task<void> make_symbolic_link(Server& server, Request request);
Task<void> link(Server& server, Request request);
Task<void> rename(Server& server, Request request);
Task<void> remove_directory(Server& server, Request request);
void remove_file(Server& server, Request& request);
Task<void> put_file(Server& server, Request request);
Task<void> read_directory(Server& server, Request request);

Task<void> set_lock(Server& server, Request request);
void test_lock(Server& server, const Request& request);
void set_extended(Server& server, const Request& request);
void get_extended(Server& server, Request& request);
void list_extended(Server& server, Request& request);
void remove_extended(Server& server, const Request& request);

Task<void> lease_slot(Server& server, Request request);
void release_slot(Server& server, const Request& request);
Task<void> write(Server& server, Request request);
bool try_write(Server& server, Request& request);
Task<void> read(Server& server, Request request);
bool try_read(Server& server, Request& request);
Task<void> stage_data(Server& server, Request request);
Task<void> settle_staged(Server& server, Request request);
Task<void> get_statistics(Server& server, Request request);
void data_end(Server& server, const Request& request);
void seek_data(Server& server, const Request& request);
Task<void> sync_data(Server& server, Request request);
void usage(Server& server, const Request& request);
Task<void> cut_data(Server& server, Request request);
Task<void> allocate_data(Server& server, Request request);
Task<void> clear_data(Server& server, Request request);

void freeze_directory(Server& server, const Request& request);
void thaw_directory(Server& server, const Request& request);
void entomb_directory(Server& server, const Request& request);
Task<void> hold_name(Server& server, Request request);
Task<void> put_name(Server& server, Request request);
void release_name(Server& server, const Request& request);
void add_link(Server& server, const Request& request);
void drop_link(Server& server, const Request& request);
void note_rename(Server& server, const Request& request);
void raise_epoch(Server& server, const Request& request);
void note_news(Server& server, const Request& request);
void note_lost(Server& server, const Request& request);
void take_news(Server& server, const Request& request);
Task<void> note_waits(Server& server, Request request);

/// A path has led to this by the id of a directory that was removed since, and lives on for those
/// who have it open. Whoever comes by what is open comes under any epoch.
inline bool is_gone_by_path(const Request& request, const Entry& entry) {
  return request.header.epoch != kAnyEpoch && entry.attributes &&
         entry.attributes->is_directory() && entry.attributes->nlink == 0;
}

/// A write to a chunk, from when its request came: `data` tells whether the file has gone since.
struct ChunkWrite {
  std::shared_ptr<Server::FileData> data;
  ChunkId chunk;
  ChunkRange range;
  std::optional<std::uint32_t> appended_under;  ///< a record's place: its truncate generation
  WriteEffect effect;                           ///< what the writer reports
};
/// A request's payload: in a Buffer, where ChunkStore::write wants it, or still in the message.
struct Arrived {
  Arrived() = default;
  explicit Arrived(Buffer in) : buffer(std::move(in)) {}
  explicit Arrived(Bytes in) : bytes(in) {}
  Buffer buffer;
  Bytes bytes;  ///< without a Buffer; the request's
};
/// The request's payload, which belongs to byte `offset` of a chunk, once the client has sent it.
Task<Result<Arrived>> receive_payload(Server& server, Request& request, std::uint64_t offset);
/// Writes the payload. no_entry: the file is gone. stale: it was cut since the record was given its
/// place.
Task<Transfer> write_chunk(Server& server, ChunkWrite& write, Arrived payload);

/// The answer to whoever looked for this entry: its attributes, with a symbolic link's target, or
/// where to ask for them. May take the request to answer later.
void reply_entry(Server& server, Request& request, const Entry& entry);

/// Whether `result` says that the name is held or its directory frozen: wait at the fence, and do
/// it again.
template <class T>
bool is_fenced(const Server& server, const Result<T>& result, FileId parent,
               std::string_view name) {
  return !result && result.error() == Errc::busy && server.fences().stands_before(parent, name);
}

/// What `attempt()` gives once no fence stands before it. `name` outlives the task. The caller goes
/// on some time after the attempt: what must happen together with it belongs into it.
template <class Attempt>
Task<std::invoke_result_t<Attempt>> when_free(Server& server, FileId parent, std::string_view name,
                                              Attempt attempt) {
  auto result = attempt();
  while (is_fenced(server, result, parent, name)) {
    co_await server.fences().wait(parent, name);
    result = attempt();
  }
  co_return result;
}

/// Cuts the file to `size` on every server that can hold its chunks, then in its inode. Shared by
/// set_size and by open with O_TRUNC. Holds the file's truncate lock.
Task<Result<Attributes>> truncate_file(Server& server, FileId file, std::uint64_t size);

/// Tells the directory's home that entries here have changed, if it does not know: before a change
/// is answered.
Task<void> announce(Server& server, FileId directory);
/// At the home: takes the news of all servers that have any.
Task<Status> settle_directory(Server& server, FileId directory);

/// Namespace::hold once the name is free, with its fence. release_held must follow.
Task<Result<std::optional<Entry>>> hold_when_free(Server& server, FileId parent, std::string name);
void release_held(Server& server, FileId parent, std::string_view name);

/// A new epoch everywhere: what clients know of paths and permissions is void. The tree is held.
Task<Status> raise_epochs(Server& server);
/// The tree, which one at a time holds (Namespace::hold), also from another server.
Task<Status> hold_tree(Server& server);
Task<void> release_tree(Server& server);

/// Namespace::put of a name in `parent`, which `to` outlives, once an rmdir of that is over.
/// invalid: `is_held()` says that it is no longer the caller's to change.
template <class IsHeld>
Task<Status> put_when_thawed(Server& server, FileId parent, DentryBody to, IsHeld is_held) {
  const auto attempt = [&]() -> Status {
    if (!is_held()) return Errc::invalid;
    return server.names().put(parent, to.name, to.id, to.type, wall_clock_ns());
  };
  const Status put = co_await when_free(server, parent, "", attempt);
  if (put) co_await announce(server, parent);
  co_return put;
}

/// add_link, drop_link or note_rename (into `parent`) at the inode's home.
Task<Status> tell_home(Server& server, Opcode opcode, FileId id, FileId parent = {});

/// Tells the file's home that data of it is lost.
Task<void> announce_loss(Server& server, FileId file);

/// The steps of an rmdir that its coordinator takes on all servers, this one included. The first
/// gives not_empty, and leaves nothing frozen if it fails; bury ends what it began.
Task<Status> freeze_if_empty(Server& server, FileId directory);
Task<Status> thaw_everywhere(Server& server, FileId directory);
Task<Status> bury(Server& server, FileId directory);
/// Lets the directory be used again on this server; whoever waited for that goes on.
void thaw(Server& server, FileId directory);

}  // namespace mayfly
