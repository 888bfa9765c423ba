// Session: the walk down a path to a name, and the request about that name.
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "client/session.h"

namespace mayfly {
namespace {

/// Symbolic links followed in one path, as on Linux.
constexpr unsigned kMaxLinks = 40;

/// Where the walk goes on that has met a symbolic link in `directory`, before `rest`.
std::string past_link(std::string_view directory, std::string_view target, std::string_view rest) {
  std::string path;
  if (target.front() != '/') path.append(directory).append("/");
  return path.append(target).append(rest);
}

/// The same of a path that is a directory throughout: without empty names and ".".
Result<std::string> normal(std::string path) {
  const std::size_t slash = path.front() == '#' ? path.find('/') : 0;
  MAYFLY_TRY(parts, split(path.substr(slash)));
  if (!parts.name.empty()) parts.parent.append("/").append(parts.name);
  return path.substr(0, slash) + parts.parent;
}

bool creates(const NamedRequest& request) { return (request.flags & request_flags::kCreate) != 0; }

bool removes(const NamedRequest& request) {
  return request.opcode == Opcode::remove_file || request.opcode == Opcode::remove_directory;
}

bool changes_names(const NamedRequest& request) {
  return request.opcode == Opcode::make_directory || request.opcode == Opcode::make_symbolic_link ||
         request.opcode == Opcode::link || removes(request) || creates(request);
}

/// Attributes of a directory, as far as may_access looks at them.
Attributes as_attributes(const KnownDirectory& directory) {
  Attributes attributes;
  attributes.mode = directory.mode;
  attributes.uid = directory.uid;
  attributes.gid = directory.gid;
  return attributes;
}

}  // namespace

bool is_link(const Result<Reply>& reply) {
  return reply && (reply->header.flags & reply_flags::kLink) != 0;
}

bool is_elsewhere(const Result<Reply>& reply) {
  return reply && (reply->header.flags & reply_flags::kElsewhere) != 0;
}

bool is_answer(const Result<Reply>& reply) {
  const bool leads_on = is_link(reply) || is_elsewhere(reply);
  return reply && !leads_on && reply->header.error != to_errno(Errc::stale);
}

FileId file_in(const Reply& reply) { return {reply.header.value, reply.header.second}; }

NamedRequest to_walk(bool follows_last) {
  NamedRequest request;
  request.opcode = Opcode::look_up;
  request.flags = request_flags::kWalk;
  request.follows_last = follows_last;
  return request;
}

Task<Result<FileId>> Session::ask_parent(FileId directory, std::uint64_t epoch) {
  RequestHeader header = about(Opcode::get_parent, directory);
  header.epoch = epoch;
  if (directory.home() >= servers()) co_return Errc::bad_message;
  auto reply = co_await channel(directory.home()).call(header);
  if (!reply) co_return reply.error();
  const Status status = reply->status();
  // Removed since it was found; by that name there may be another.
  if (!status && status.error() == Errc::no_entry) co_return Errc::stale;
  if (!status) co_return status.error();
  co_return file_in(*reply);
}

Task<Result<std::string>> Session::target_of(Reply& reply) {
  const auto bytes = co_await body_of(reply);
  if (!bytes) co_return bytes.error();
  MAYFLY_CO_TRY(body, decode_inode(*bytes));
  if (body.target.empty()) co_return Errc::bad_message;
  co_return std::string(body.target);
}

Task<Result<std::string>> Session::way_past(Reply& link) {
  auto target = co_await target_of(link);
  if (!target || target->front() != '/' || mount_point_.empty()) co_return target;
  const bool is_below =
      target->starts_with(mount_point_) &&
      (target->size() == mount_point_.size() || (*target)[mount_point_.size()] == '/');
  if (!is_below) co_return Errc::outside;
  target->erase(0, mount_point_.size());
  if (target->empty()) *target = "/";
  co_return target;
}

Session::Known Session::deepest_known(const std::string& path) const {
  std::size_t end = path.size();
  const KnownDirectory* directory = paths_.find(path);
  while (!directory && path.find('/') < end) {
    end = path.rfind('/', end - 1);
    directory = paths_.find(std::string_view(path).substr(0, end));
  }
  return {directory == nullptr ? std::nullopt : std::optional(*directory), end};
}

/// Of a directory that is reached: all above it may be searched.
KnownDirectory Session::known_from(const Attributes& attributes) const {
  return {attributes.id,
          attributes.mode,
          attributes.uid,
          attributes.gid,
          user_.may_access(attributes, X_OK),
          attributes.layout};
}

/// Where a path begins: the root, or a directory that is open.
Task<Result<KnownDirectory>> Session::fetch_base(std::string written, std::uint64_t epoch) {
  const FileId id = PathCache::base_of(written);
  const auto attributes =
      attributes_of(co_await ask_home(id, Opcode::look_up, request_flags::kWalk, epoch));
  if (!attributes) co_return attributes.error();
  if (!attributes->is_directory()) co_return Errc::not_a_directory;
  const KnownDirectory known = known_from(*attributes);
  if (epoch == epoch_) paths_.insert(written, known);
  co_return known;
}

Task<Result<FileId>> Session::parent_of(FileId directory) {
  auto parent = co_await ask_parent(directory, kAnyEpoch);
  co_return parent;
}

Task<Result<KnownDirectory>> Session::resolve_directory(std::string& path, unsigned& links) {
  const std::uint64_t epoch = epoch_;
  // In a loop, for a path may be 2,047 deep.
  Known known = deepest_known(path);
  for (;;) {
    if (!known.directory) {
      auto base = co_await fetch_base(path.substr(0, known.end), epoch);
      if (!base) co_return base.error();
      known.directory = *base;
    }
    const KnownDirectory above = *known.directory;
    if (known.end >= path.size()) co_return above;
    if (!above.is_reachable) co_return deny();
    const std::size_t begin = known.end + 1;
    const std::size_t end = std::min(path.find('/', begin), path.size());
    const std::string name = path.substr(begin, end - begin);
    if (name == "..") {
      auto parent = co_await ask_parent(above.id, epoch);
      if (!parent) co_return parent.error();
      path = written(*parent) + path.substr(end);
      known = deepest_known(path);
      continue;
    }
    auto reply = co_await ask_name(above, name, epoch);
    MAYFLY_CO_CHECKED(status_of(reply));
    if (is_link(reply)) {
      if (++links > kMaxLinks) co_return Errc::loop;
      auto target = co_await way_past(*reply);
      if (!target) co_return target.error();
      MAYFLY_CO_TRY(onward,
                    normal(past_link(path.substr(0, known.end), *target, path.substr(end))));
      path = std::move(onward);
      known = deepest_known(path);
      continue;
    }
    MAYFLY_CO_TRY(attributes, decode_attributes(reply->body.payload()));
    if (!attributes.is_directory()) co_return Errc::not_a_directory;
    known = {known_from(attributes), end};
    // What was found under an older epoch may have moved since.
    if (epoch == epoch_) paths_.insert(path.substr(0, end), *known.directory);
  }
}

/// Of a new file: what the caller asks for, else what its directory hands down, else the session's.
Layout Session::layout_for(const KnownDirectory& parent, const NamedRequest& request,
                           std::uint32_t inode_server) const {
  Layout layout = request.layout ? *request.layout : parent.layout;
  if (layout.chunk_bytes == 0) {
    layout = options_.layout;
    layout.first_server = kAnyServer;
  }
  if (layout.first_server == kLocalServer) {
    layout.first_server = local_server_;
    if (local_server_ != kAnyServer) layout.stripe_count = 1;
  }
  if (layout.first_server == kAnyServer) {
    layout.first_server = static_cast<std::uint16_t>(inode_server);
  }
  return layout;
}

/// What is made by that name, if there is none.
NewNameBody Session::new_name(const KnownDirectory& parent, std::string_view name,
                              const NamedRequest& request, std::uint32_t server) const {
  const bool makes_directory = request.opcode == Opcode::make_directory;
  NewNameBody body;
  body.mode = request.mode;
  body.name = name;
  body.layout = makes_directory ? parent.layout : layout_for(parent, request, server);
  body.gid = user_.groups.back();
  if ((parent.mode & S_ISGID) != 0) {
    // What is made there belongs to the directory's group, and hands that down.
    body.gid = parent.gid;
    if (makes_directory) body.mode |= S_ISGID;
  }
  return body;
}

WireBytes Session::whole_file(const KnownDirectory& parent, std::string_view name,
                              const NamedRequest& request, std::uint32_t server) const {
  const WholeFile& file = *request.whole;
  const NewNameBody made = new_name(parent, name, request, server);
  WholeFileBody body;
  body.mode = file.mode;
  body.uid = file.owner ? file.owner->first : user_.uid;
  body.gid = file.owner ? file.owner->second : made.gid;
  body.atime_ns = file.atime_ns;
  body.mtime_ns = file.mtime_ns;
  body.layout = made.layout;
  body.name = name;
  body.bytes = file.bytes;
  return encode(body);
}

Session::NameMessage Session::message_about(const KnownDirectory& parent, std::string_view name,
                                            const NamedRequest& request, std::uint16_t flags,
                                            std::uint64_t epoch) const {
  NameMessage message;
  message.server = server_of_name(parent.id, name, servers());
  message.header = about(request.opcode, parent.id);
  message.header.flags = flags;
  message.header.epoch = epoch;
  if (request.opcode != Opcode::look_up) message.header.uid_or_generation = user_.uid;
  if (request.opcode == Opcode::look_up || removes(request)) {
    message.wire = encode_name(name);
  } else if (request.opcode == Opcode::link) {
    message.wire = encode(DentryBody{request.dentry.id, request.dentry.type, name});
  } else if (request.whole != nullptr) {
    message.header.length = request.whole->bytes.size();
    message.wire = whole_file(parent, name, request, message.server);
  } else {
    const NewNameBody body = new_name(parent, name, request, message.server);
    const bool is_link = request.opcode == Opcode::make_symbolic_link;
    message.wire = is_link ? encode(SymbolicLinkBody{body, request.target}) : encode(body);
  }
  return message;
}

/// A look at a name on the way.
Task<Result<Reply>> Session::ask_name(KnownDirectory parent, const std::string& name,
                                      std::uint64_t epoch) {
  const NamedRequest look = to_walk();
  const NameMessage message = message_about(parent, name, look, look.flags, epoch);
  auto reply = co_await channel(message.server).call(message.header, message.wire);
  if (!is_elsewhere(reply)) co_return reply;
  co_return co_await ask_home(file_in(*reply), look.opcode, look.flags, epoch);
}

/// look_up and open of what a name or a path has led to: where the path was found under an older
/// epoch, that is stale.
Task<Result<Reply>> Session::ask_home(FileId file, Opcode opcode, std::uint16_t flags,
                                      std::uint64_t epoch) {
  const bool opens = opcode == Opcode::open_name;
  RequestHeader header = about(opens ? Opcode::open_id : Opcode::get_attributes, file);
  header.flags = flags;
  header.epoch = epoch;
  if (file.home() >= servers()) co_return Errc::bad_message;
  auto reply = co_await channel(file.home()).call(header);
  if (!reply) co_return reply;
  // The name was removed meanwhile, and with it the file.
  if (reply->header.error == to_errno(Errc::no_entry)) {
    reply->header.error = to_errno(Errc::stale);
  }
  co_return reply;
}

Task<Status> Session::check_there(FileId directory, std::uint64_t epoch) {
  co_return status_of(co_await ask_home(directory, Opcode::look_up, request_flags::kWalk, epoch));
}

/// The path has no last name: it is a directory's own.
Task<Result<Reply>> Session::ask_directory(FileId directory, SplitPath::Last last, Opcode opcode,
                                           std::uint16_t flags, std::uint64_t epoch) {
  const bool looks = opcode == Opcode::look_up || opcode == Opcode::open_name;
  const bool creates = (flags & request_flags::kCreate) != 0;
  if (looks && !creates) co_return co_await ask_home(directory, opcode, flags, epoch);
  // Whatever is wrong with the request, the directory must be there.
  MAYFLY_CO_CHECKED(co_await check_there(directory, epoch));
  switch (opcode) {
    case Opcode::open_name:
      if ((flags & request_flags::kExclusive) != 0) co_return Errc::exists;
      co_return Errc::is_a_directory;
    case Opcode::remove_file:
      co_return Errc::is_a_directory;
    case Opcode::remove_directory:
      if (last == SplitPath::Last::root) co_return Errc::busy;
      co_return last == SplitPath::Last::dot ? Errc::invalid : Errc::not_empty;
    default:
      co_return Errc::exists;
  }
}

Task<Result<Attributes>> Session::check_unlink(KnownDirectory parent, const std::string& name,
                                               std::uint64_t epoch) {
  const auto file = attributes_of(co_await ask_name(parent, name, epoch));
  if (!file) co_return file.error();
  if (!user_.may_access(as_attributes(parent), W_OK)) co_return deny();
  if (!user_.may_unlink(parent.mode, parent.uid, *file)) co_return Errc::not_permitted;
  co_return *file;
}

Task<Status> Session::check_replace(KnownDirectory parent, const std::string& name,
                                    std::uint64_t epoch) {
  const auto replaced = co_await check_unlink(parent, name, epoch);
  if (!replaced && replaced.error() != Errc::no_entry) co_return replaced.error();
  co_return user_.may_access(as_attributes(parent), W_OK) ? Status() : deny();
}

bool Session::may_change(const KnownDirectory& parent, const NamedRequest& request) const {
  if (user_.is_root() || !changes_names(request)) return true;
  const bool may_replace = removes(request) || request.whole != nullptr;
  if (may_replace && (parent.mode & S_ISVTX) != 0) return false;
  return user_.may_access(as_attributes(parent), W_OK);
}

Task<Status> Session::check_user(KnownDirectory parent, const std::string& name,
                                 const NamedRequest& request, std::uint16_t& flags,
                                 std::uint64_t epoch) {
  if (removes(request)) {
    const auto removed = co_await check_unlink(parent, name, epoch);
    co_return removed ? Status() : Status(removed.error());
  }
  if (request.whole != nullptr) co_return co_await check_replace(parent, name, epoch);
  // Whether the name is there comes before whether it may be made.
  const Status there = status_of(co_await ask_name(parent, name, epoch));
  if (!there) co_return there.error() == Errc::no_entry ? deny() : there.error();
  if (!creates(request)) co_return Errc::exists;
  if ((flags & request_flags::kExclusive) != 0) co_return Errc::exists;
  flags &= static_cast<std::uint16_t>(~request_flags::kCreate);
  co_return Status();
}

Task<Status> Session::check_rename(KnownDirectory from, const std::string& old_name,
                                   KnownDirectory to, const std::string& new_name,
                                   std::uint64_t epoch) {
  const auto moved = co_await check_unlink(from, old_name, epoch);
  if (!moved) co_return moved.error();
  MAYFLY_CO_CHECKED(co_await check_replace(to, new_name, epoch));
  // A directory that gets another parent is changed itself.
  const bool is_changed = from.id != to.id && moved->is_directory();
  if (is_changed && !user_.may_access(*moved, W_OK)) co_return Errc::access_denied;
  co_return Status();
}

/// O_CREAT with a slash behind the name; the parent may be one that is no longer there.
Task<Result<Reply>> Session::refuse_file(KnownDirectory parent, const std::string& name) {
  const Status found = status_of(co_await ask_name(parent, name, epoch_));
  if (found || found.error() == Errc::no_entry) co_return Errc::is_a_directory;
  co_return found.error();
}

std::optional<Session::NameMessage> Session::warm_message(const PathAt& path,
                                                          const NamedRequest& request) const {
  std::string_view parent;
  std::string_view name;
  Result<SplitPath> parts = Errc::invalid;
  const KnownDirectory* known = cut(path.text, parent, name) ? paths_.find(parent) : nullptr;
  if (known == nullptr) {
    parts = split(path);
    if (!parts || parts->name.empty() || parts->must_be_directory) return std::nullopt;
    name = parts->name;
    known = paths_.find(parts->parent);
  }
  if (known == nullptr || !known->is_reachable || !may_change(*known, request)) {
    return std::nullopt;
  }
  return message_about(*known, name, request, request.flags, epoch_);
}

Task<Result<Reply>> Session::follow(Reply link, FileId directory, const NamedRequest& request) {
  auto target = co_await way_past(link);
  if (!target) co_return target.error();
  co_return co_await walk(PathAt(directory, std::move(*target)), request, 1);
}

Task<Result<Reply>> Session::walk(PathAt path, const NamedRequest& request, unsigned links) {
  for (; links <= kMaxLinks; ++links) {
    MAYFLY_CO_TRY(parts, split(path));
    std::uint16_t flags = request.flags;
    // A link's target can end with a slash too.
    if (parts.must_be_directory && request.opcode == Opcode::open_name) {
      flags |= request_flags::kDirectory;
    }
    const std::uint64_t epoch = epoch_;
    const auto parent = co_await resolve_directory(parts.parent, links);
    if (!parent) co_return parent.error();
    if (!parent->is_reachable && parts.last != SplitPath::Last::root) co_return deny();
    if (parts.name.empty()) {
      co_return co_await ask_directory(parent->id, parts.last, request.opcode, flags, epoch);
    }
    if (creates(request) && parts.must_be_directory) {
      co_return co_await refuse_file(*parent, parts.name);
    }
    if (!may_change(*parent, request)) {
      MAYFLY_CO_CHECKED(co_await check_user(*parent, parts.name, request, flags, epoch));
    }
    const NameMessage message = message_about(*parent, parts.name, request, flags, epoch);
    auto reply = co_await channel(message.server).call(message.header, message.wire);
    if (is_elsewhere(reply)) {
      reply = co_await ask_home(file_in(*reply), request.opcode, flags, epoch);
    }
    if (!is_link(reply)) {
      if (!parts.must_be_directory || request.opcode != Opcode::look_up) co_return reply;
      const auto attributes = attributes_of(reply);
      if (!attributes) co_return attributes.error();
      if (!attributes->is_directory()) co_return Errc::not_a_directory;
      co_return reply;
    }
    if (!request.follows_last && !parts.must_be_directory) co_return reply;
    auto target = co_await way_past(*reply);
    if (!target) co_return target.error();
    if (parts.must_be_directory) target->append("/");
    path = PathAt(parent->id, std::move(*target));
  }
  co_return Errc::loop;
}

}  // namespace mayfly
