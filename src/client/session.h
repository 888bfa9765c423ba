// Session: one process's membership in a running file system.
//
// Owner: the C API (one per process) or a test (any number). Thread: any; every Task is run through
// run() or start()/wait(), which serialise on the Driver.
// Order: operations of one thread happen in its order; those of different threads side by side.
// Failure: errno values. A server that is gone gives io_error within the deadline, and one log line
//   with its name. Paths are absolute within the file system ("/a/b") or relative to a directory
//   that is open; their symbolic links are followed, but for the last where it is said otherwise.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "async/semaphore.h"
#include "client/credentials.h"
#include "client/driver.h"
#include "client/path_cache.h"
#include "client/slot_pool.h"
#include "layout/layout.h"
#include "protocol/bodies.h"
#include "protocol/channel.h"
#include "protocol/session_info.h"
#include "transport/worker.h"

namespace mayfly {

struct SessionOptions {
  Nanoseconds deadline = Channel::kDefaultDeadline;
  /// File data in flight at once, over all operations of the process.
  std::uint64_t window_bytes = 32 * kMiB;
  Layout layout;  ///< of new files; `first_server` is chosen per file
  /// For whom the process acts, throughout; default: its effective user as it joins.
  std::optional<Credentials> user = {};
  bool is_timed = false;  ///< how long requests and transfers take is measured
};

/// A file that is to be there as a whole.
struct WholeFile {
  std::uint32_t mode = 0;
  std::optional<std::pair<uid_t, gid_t>> owner = {};  ///< none: as of a file that is made
  std::int64_t atime_ns = 0;
  std::int64_t mtime_ns = 0;
  Bytes bytes;
};

/// A request about a name.
struct NamedRequest {
  Opcode opcode{};
  std::uint16_t flags = 0;
  std::uint32_t mode = 0;             ///< of what is made
  bool follows_last = false;          ///< a symbolic link by that name is not meant itself
  std::string target = {};            ///< of a symbolic link to be made
  std::optional<Layout> layout = {};  ///< of a file to be made; none: its directory's
  DentryBody dentry = {};             ///< of a hard link to be made
  const WholeFile* whole = nullptr;   ///< of put_file
};

struct FileSystemUsage {
  std::uint64_t capacity_bytes = 0;
  std::uint64_t used_bytes = 0;
};

class Session final : public Receiver {
 public:
  /// `worker` and `sleeper` outlive the session. Nothing is sent before the first operation.
  Session(SessionInfo info, Worker& worker, Sleeper& sleeper, const SessionOptions& options,
          const Clock& clock = Clock::steady());
  ~Session();

  template <class T>
  T run(Task<T> task) {
    return driver_.run(std::move(task));
  }
  Driver& driver() { return driver_; }
  EventLoop& loop() { return loop_; }

  // By path.
  /// Of a symbolic link itself unless `follows`.
  Task<Result<Attributes>> stat(PathAt path, bool follows = true);
  /// The same without what may have to be asked from others: sizes, and a directory's times and
  /// nlink, may be old.
  Task<Result<Attributes>> find(PathAt path, bool follows = true);
  Task<Status> make_directory(PathAt path, std::uint32_t mode);
  Task<Status> remove_directory(PathAt path);
  Task<Status> remove_file(PathAt path);
  /// `flags`: RENAME_NOREPLACE, RENAME_EXCHANGE.
  Task<Status> rename(PathAt from, PathAt to, unsigned flags);
  /// Another name for a file, or for a symbolic link itself unless `follows`.
  Task<Status> link(PathAt from, PathAt to, bool follows);
  Task<Status> make_symbolic_link(std::string target, PathAt path);
  /// By one request: the file takes the place of what has the name, as by a rename, once its bytes
  /// are written. `file` outlives the task. cross_device: it goes only in steps, for its server has
  /// not its first chunk, or that does not hold it.
  Task<Status> put_file(PathAt path, const WholeFile& file);
  /// The directory that a directory is in.
  Task<Result<FileId>> parent_of(FileId directory);
  /// invalid: not a symbolic link.
  Task<Result<std::string>> read_link(PathAt path);
  /// What new files in that directory, and directories in it, will have. Not its owner:
  /// not_permitted.
  Task<Status> set_layout(PathAt directory, Layout layout);
  /// Of a file, or what a directory hands down.
  Task<Result<Layout>> get_layout(PathAt path);
  /// Both check what the process's user may do; see Credentials.
  Task<Status> change_attributes(PathAt path, ChangeBody change, bool follows = true);
  Task<Status> truncate(PathAt path, std::uint64_t size);

  /// A name that begins so for what will be renamed to `path`, in the same directory: if that is
  /// known here already, one of the same server, where the rename then is one request.
  Task<std::string> name_beside(std::string path, std::string begin) const;

  /// Returns once everything that was written so far, by anybody, is on the servers' devices.
  Task<Status> sync();
  /// Sum over all servers.
  Task<Result<FileSystemUsage>> usage();
  Task<Result<FileSystemUsage>> usage_of(std::uint32_t server);
  /// What a server counts, as JSON.
  Task<Result<std::string>> server_statistics(std::uint32_t server);
  /// Where programs see the root ("/mayfly"): absolute symbolic links count from there, and give
  /// `outside` if they lead elsewhere. Before the first path; without it they count from the root.
  void set_mount_point(std::string path) { mount_point_ = std::move(path); }
  /// Says goodbye to all servers; nothing may be under way. Needed before the destructor.
  Task<void> leave();
  /// Tells every server to stop; for the last client of a session.
  Task<Status> shut_down_servers();

  void on_message(Message message) override;
  void on_endpoint_failed(Endpoint& endpoint, Errc why) override;

  // For File, Directory and piece_io.
  /// What servers call this client where locks are concerned.
  std::uint64_t client_id() const { return client_id_; }
  /// Files on which this process may have fcntl's locks: closing any handle of theirs gives all up.
  std::unordered_set<FileId>& range_locked() { return range_locked_; }
  /// Permits for requests that wait for locks: fewer than a channel takes, so that what lets them
  /// go on gets through.
  Semaphore& lock_waits() { return lock_waits_; }

  /// One request about a name: resolves the parent, asks the name's server, goes where a symbolic
  /// link or a moved file leads, and resolves anew when the cached path turns out to be stale.
  Task<Result<Reply>> named_call(PathAt path, NamedRequest request);
  /// The same in steps, for whoever would rather have no coroutine for it: a request about a name,
  /// ready to be sent if all that it takes is known here, which is nearly always; else nothing.
  struct NameMessage {
    std::uint32_t server = 0;
    RequestHeader header;
    WireBytes wire;
  };
  std::optional<NameMessage> warm_message(const PathAt& path, const NamedRequest& request) const;
  Channel::Call send(const NameMessage& message) {
    return channel(message.server).call(message.header, message.wire);
  }
  /// The rest, where the reply to the warm message is no answer or there was none.
  Task<Result<Reply>> go_on(PathAt path, NamedRequest request, std::optional<NameMessage> warm,
                            Result<Reply> reply);
  /// What File and the paths above do to an inode, checks of the user apart.
  Task<Status> set_attributes(FileId file, ChangeBody change);
  Task<Status> set_size(FileId file, std::uint64_t size);
  /// One request about the inode `header.file`, to its home, under any epoch.
  Channel::Call inode_call(RequestHeader header, Bytes body = {});
  /// stat by id.
  Task<Result<Attributes>> get_attributes(FileId file);
  /// What a reply brings behind its header, of any length.
  Task<Result<WireBytes>> body_of(Reply& reply, std::size_t most = kMaxBodyBytes);
  /// `attributes`, with the true size, blocks and mtime asked from the chunk servers if they
  /// are not settled.
  Task<Result<Attributes>> settle(Attributes attributes);

  /// Requests sent to all servers since the beginning.
  RequestCounts sent() const { return sum_of_sent(channels_); }
  /// Tasks run for the application since the beginning.
  std::uint64_t operations() const { return driver_.started(); }
  /// Null: not timed.
  const CallTimes* times() const { return times_.get(); }

  Channel& channel(std::uint32_t server) { return *channels_[server]; }
  SlotPool& slots(std::uint32_t server) { return *slots_[server]; }
  Semaphore& window() { return window_; }
  std::uint64_t window_bytes() const { return options_.window_bytes; }
  std::uint32_t servers() const { return info_.server_count(); }
  const SessionInfo& info() const { return info_; }
  std::uint64_t epoch() const { return epoch_; }
  const Credentials& user() const { return user_; }

 private:
  /// The deepest directory on a path that is in the cache, if any, and where its own path ends.
  struct Known {
    std::optional<KnownDirectory> directory;
    std::size_t end;
  };
  Known deepest_known(const std::string& path) const;
  Layout layout_for(const KnownDirectory& parent, const NamedRequest& request,
                    std::uint32_t inode_server) const;
  KnownDirectory known_from(const Attributes& attributes) const;
  /// `path` becomes that of the directory itself, behind all links and "..".
  Task<Result<KnownDirectory>> resolve_directory(std::string& path, unsigned& links);
  Task<Result<KnownDirectory>> fetch_base(std::string written, std::uint64_t epoch);
  /// Whether the user may do this to a name in `parent` although may_change does not say so. For an
  /// open that would create what cannot be created: what is there may still be opened, and `flags`
  /// no longer create.
  Task<Status> check_user(KnownDirectory parent, const std::string& name,
                          const NamedRequest& request, std::uint16_t& flags, std::uint64_t epoch);
  Task<Status> check_rename(KnownDirectory from, const std::string& old_name, KnownDirectory to,
                            const std::string& new_name, std::uint64_t epoch);
  Task<Result<Attributes>> check_unlink(KnownDirectory parent, const std::string& name,
                                        std::uint64_t epoch);
  /// Whether something may get that name, in place of what has it, if anything does.
  Task<Status> check_replace(KnownDirectory parent, const std::string& name, std::uint64_t epoch);
  Task<Result<FileId>> ask_parent(FileId directory, std::uint64_t epoch);
  /// Of an operation by path that may be overtaken by what others change.
  class Retry {
   public:
    explicit Retry(Session& session) : session_(session) { begin(); }
    /// The path changes too fast to be found.
    bool is_hopeless() const { return attempts_ == kMost; }
    /// Whether the attempt that has ended so says nothing; what it relied on is forgotten.
    bool is_due(const Status& status);

   private:
    static constexpr int kMost = 16;
    void begin() {
      denials_ = session_.denials_;
      epoch_ = session_.epoch_;
    }
    Session& session_;
    std::uint64_t denials_ = 0;
    std::uint64_t epoch_ = 0;
    int attempts_ = 0;
    bool was_denied_ = false;
  };
  Task<Result<Attributes>> look_up(PathAt path, NamedRequest request);
  /// The same request the long way, behind `links` symbolic links.
  Task<Result<Reply>> walk(PathAt path, const NamedRequest& request, unsigned links);
  /// Behind the first link, which is in `directory`.
  Task<Result<Reply>> follow(Reply link, FileId directory, const NamedRequest& request);
  /// Whether the user may do this to names in `parent`, as far as that alone says so.
  bool may_change(const KnownDirectory& parent, const NamedRequest& request) const;
  WireBytes whole_file(const KnownDirectory& parent, std::string_view name,
                       const NamedRequest& request, std::uint32_t server) const;
  NewNameBody new_name(const KnownDirectory& parent, std::string_view name,
                       const NamedRequest& request, std::uint32_t server) const;
  NameMessage message_about(const KnownDirectory& parent, std::string_view name,
                            const NamedRequest& request, std::uint16_t flags,
                            std::uint64_t epoch) const;
  Task<Result<Reply>> ask_name(KnownDirectory parent, const std::string& name, std::uint64_t epoch);
  Task<Result<Reply>> ask_directory(FileId directory, SplitPath::Last last, Opcode opcode,
                                    std::uint16_t flags, std::uint64_t epoch);
  Task<Result<Reply>> refuse_file(KnownDirectory parent, const std::string& name);
  Task<Result<Reply>> ask_home(FileId file, Opcode opcode, std::uint16_t flags,
                               std::uint64_t epoch);
  Task<Status> check_there(FileId directory, std::uint64_t epoch);
  Task<Result<Reply>> try_rename(const PathAt& from, const PathAt& to, unsigned flags);
  Task<Status> refuse_slash(PathAt path);
  /// access_denied by what is cached here, which may be old.
  Errc deny() {
    ++denials_;
    return Errc::access_denied;
  }
  Task<Result<std::string>> target_of(Reply& reply);
  /// Where a walk goes on behind a symbolic link; `outside` if that is another file system.
  Task<Result<std::string>> way_past(Reply& link);
  /// What all chunk servers together know of a file.
  struct Extent {
    std::uint64_t end = 0;
    ExtentBody rest;
  };
  Task<Status> ask_extent(std::uint32_t server, Attributes file, Extent& extent);
  Task<Status> ask_sync(std::uint32_t server);
  Task<Status> ask_usage(std::uint32_t server, FileSystemUsage& sum);
  Task<Status> ask_shut_down(std::uint32_t server);
  static Task<Status> say_goodbye(Channel& channel);
  void learn_epoch(std::uint64_t epoch);

  SessionInfo info_;
  std::string mount_point_;  ///< empty: the root of the file system
  Worker& worker_;
  SessionOptions options_;
  Credentials user_;
  EventLoop loop_;
  Driver driver_;
  std::unique_ptr<CallTimes> times_;
  std::vector<std::unique_ptr<Channel>> channels_;
  std::vector<std::unique_ptr<SlotPool>> slots_;
  PathCache paths_;
  Semaphore window_;
  std::uint64_t epoch_ = 1;
  std::uint64_t denials_ = 0;
  std::uint64_t client_id_;
  std::uint16_t local_server_ = kAnyServer;  ///< one on this node, if any is
  std::unordered_set<FileId> range_locked_;
  Semaphore lock_waits_{Channel::kMaxPending / 2};
};

/// Whether it is about a symbolic link, whose target follows the attributes.
bool is_link(const Result<Reply>& reply);
/// Whether it says no more than where to ask: the home of file_in.
bool is_elsewhere(const Result<Reply>& reply);
/// It says what became of the request, be it an error of the operation's own.
bool is_answer(const Result<Reply>& reply);
/// The id in a reply whose value it is.
FileId file_in(const Reply& reply);
/// A look at a name on the way: what it is, and its permissions, are enough.
NamedRequest to_walk(bool follows_last = false);
/// The attributes in a reply, or its error.
Result<Attributes> attributes_of(const Result<Reply>& reply);

}  // namespace mayfly
