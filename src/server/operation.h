// Operation: the handlers by opcode, one file each.
//
// A handler answers its request exactly once, through Server::reply. Those that are done at once
// are plain functions; those that wait are coroutines, spawned by the dispatcher and counted by the
// request's pass. Errors of a request go to its sender only.
#pragma once

#include "server/server.h"

namespace mayfly {

struct Operation {
  void (*at_once)(Server&, const Request&) = nullptr;
  Task<void> (*task)(Server&, Request) = nullptr;
};

/// The operation of `opcode`; both pointers null for one that a server does not answer here
/// (connect).
const Operation& operation_of(Opcode opcode);

/// connect is special: there is no connection yet. Checks the secret before anything else.
void connect(Server& server, const RequestHeader& header, const Message& message);

Task<void> disconnect(Server& server, Request request);
void shut_down(Server& server, const Request& request);
void ping(Server& server, const Request& request);

void look_up(Server& server, const Request& request);
Task<void> open_name(Server& server, Request request);
Task<void> open_id(Server& server, Request request);
void close_file(Server& server, const Request& request);
void get_attributes(Server& server, const Request& request);
void set_attributes(Server& server, const Request& request);
void report_size(Server& server, const Request& request);
Task<void> set_size(Server& server, Request request);
Task<void> append(Server& server, Request request);
Task<void> make_directory(Server& server, Request request);
Task<void> remove_directory(Server& server, Request request);
void remove_file(Server& server, const Request& request);
Task<void> read_directory(Server& server, Request request);

Task<void> lease_slot(Server& server, Request request);
void release_slot(Server& server, const Request& request);
Task<void> write(Server& server, Request request);
Task<void> read(Server& server, Request request);
void data_end(Server& server, const Request& request);
void seek_data(Server& server, const Request& request);
Task<void> sync_data(Server& server, Request request);
void usage(Server& server, const Request& request);
Task<void> cut_data(Server& server, Request request);

void freeze_directory(Server& server, const Request& request);
void thaw_directory(Server& server, const Request& request);
void entomb_directory(Server& server, const Request& request);

/// Cuts the file to `size` on every server that can hold its chunks, then in its inode. Shared by
/// set_size and by open with O_TRUNC. Holds the file's truncate lock.
Task<Result<Attributes>> truncate_file(Server& server, FileId file, std::uint64_t size);

/// Lets the directory be used again; whoever waited for that goes on.
void thaw(Server& server, FileId directory);
/// Waits until the directory is no longer frozen.
Task<void> wait_for_thaw(Server& server, FileId directory);

}  // namespace mayfly
