// Session by path: the walk down to a name, and what is done there.
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "client/credentials.h"
#include "client/session.h"

namespace mayfly {
namespace {

/// How often a path is resolved anew before the answer is that it changes too fast to be found.
constexpr int kMaxResolutions = 16;
/// Symbolic links followed in one path, as on Linux.
constexpr unsigned kMaxLinks = 40;

Status status_of(const Result<Reply>& reply) { return reply ? reply->status() : reply.error(); }

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

bool makes_inode(const NamedRequest& request) {
  return request.opcode == Opcode::make_directory || request.opcode == Opcode::make_symbolic_link ||
         (request.flags & request_flags::kCreate) != 0;
}

}  // namespace

Task<Result<FileId>> Session::ask_parent(FileId directory, std::uint64_t epoch) {
  RequestHeader header = about(Opcode::get_parent, directory);
  header.epoch = epoch;
  if (directory.home() >= servers()) co_return Errc::bad_message;
  auto reply = co_await channel(directory.home()).call(header);
  if (!reply) co_return reply.error();
  MAYFLY_CO_CHECKED(reply->status());
  co_return FileId{reply->header.value, reply->header.second};
}

Task<Result<std::string>> Session::target_of(Reply& reply) {
  std::vector<std::byte> bytes(reply.body.payload_bytes());
  if (bytes.size() > kMaxBodyBytes) co_return Errc::bad_message;
  const std::uint32_t server = Channel::server_of(reply.header.request_id);
  MAYFLY_CO_CHECKED(co_await channel(server).receive(reply, bytes));
  MAYFLY_CO_TRY(body, decode_inode(bytes));
  if (body.target.empty()) co_return Errc::bad_message;
  co_return std::string(body.target);
}

Session::Known Session::deepest_known(const std::string& path) const {
  std::size_t end = path.size();
  std::optional<FileId> id = paths_.find(path);
  while (!id) {
    end = path.rfind('/', end - 1);
    id = paths_.find(path.substr(0, end));
  }
  return {*id, end};
}

Task<Result<FileId>> Session::parent_of(FileId directory) {
  auto parent = co_await ask_parent(directory, kAnyEpoch);
  co_return parent;
}

/// `path` becomes that of the directory itself, behind all links and "..".
Task<Result<FileId>> Session::resolve_directory(std::string& path, unsigned& links) {
  const std::uint64_t epoch = epoch_;
  // In a loop, for a path may be 2,047 deep.
  Known known = deepest_known(path);
  while (known.end < path.size()) {
    const std::size_t begin = known.end + 1;
    const std::size_t end = std::min(path.find('/', begin), path.size());
    const std::string name = path.substr(begin, end - begin);
    if (name == "..") {
      auto parent = co_await ask_parent(known.id, epoch);
      if (!parent) co_return parent.error();
      path = written(*parent) + path.substr(end);
      known = deepest_known(path);
      continue;
    }
    NamedRequest request;
    request.opcode = Opcode::look_up;
    request.flags = request_flags::kWalk;
    auto reply = co_await ask_name(known.id, name, request, epoch);
    MAYFLY_CO_CHECKED(status_of(reply));
    if ((reply->header.flags & reply_flags::kLink) != 0) {
      if (++links > kMaxLinks) co_return Errc::loop;
      auto target = co_await target_of(*reply);
      if (!target) co_return target.error();
      MAYFLY_CO_TRY(onward,
                    normal(past_link(path.substr(0, known.end), *target, path.substr(end))));
      path = std::move(onward);
      known = deepest_known(path);
      continue;
    }
    MAYFLY_CO_TRY(attributes, decode_attributes(reply->body.payload()));
    if (!attributes.is_directory()) co_return Errc::not_a_directory;
    known = {attributes.id, end};
    // What was found under an older epoch may have moved since.
    if (epoch == epoch_) paths_.insert(path.substr(0, end), known.id);
  }
  co_return known.id;
}

Task<Result<Reply>> Session::ask_name(FileId parent, const std::string& name,
                                      const NamedRequest& request, std::uint64_t epoch) {
  const std::uint32_t server = server_of_name(parent, name, servers());
  NameBody body;
  body.mode = request.mode;
  body.layout = options_.layout;
  body.layout.first_server = static_cast<std::uint16_t>(server);
  body.name = name;
  RequestHeader header;
  header.opcode = request.opcode;
  header.flags = request.flags;
  header.epoch = epoch;
  header.file = parent;
  // Who asks matters for what is made alone; asking the kernel costs as much as the message.
  if (makes_inode(request)) {
    body.gid = ::getegid();
    header.uid_or_generation = ::geteuid();
  }
  WireBytes wire;
  if (request.opcode == Opcode::make_symbolic_link) {
    wire = encode(SymbolicLinkBody{body, request.target});
  } else if (request.opcode == Opcode::link) {
    wire = encode(DentryBody{request.dentry.id, request.dentry.type, name});
  } else {
    wire = encode(body);
  }
  auto reply = co_await channel(server).call(header, wire);
  if (!reply || (reply->header.flags & reply_flags::kElsewhere) == 0) co_return reply;
  const FileId file{reply->header.value, reply->header.second};
  co_return co_await ask_home(file, request, epoch);
}

/// look_up and open of what a name or a path has led to: where the path was found under an older
/// epoch, that is stale.
Task<Result<Reply>> Session::ask_home(FileId file, const NamedRequest& request,
                                      std::uint64_t epoch) {
  const bool opens = request.opcode == Opcode::open_name;
  RequestHeader header = about(opens ? Opcode::open_id : Opcode::get_attributes, file);
  header.flags = request.flags;
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

/// The path has no last name: it is a directory's own.
Task<Result<Reply>> Session::ask_directory(FileId directory, SplitPath::Last last,
                                           const NamedRequest& request, std::uint64_t epoch) {
  const bool creates = (request.flags & request_flags::kCreate) != 0;
  const bool looks = request.opcode == Opcode::look_up || request.opcode == Opcode::open_name;
  if (looks && !creates) co_return co_await ask_home(directory, request, epoch);
  // Whatever is wrong with the request, the directory must be there.
  NamedRequest probe;
  probe.opcode = Opcode::look_up;
  probe.flags = request_flags::kWalk;
  auto found = co_await ask_home(directory, probe, epoch);
  if (!status_of(found)) co_return found;
  switch (request.opcode) {
    case Opcode::open_name:
      if ((request.flags & request_flags::kExclusive) != 0) co_return Errc::exists;
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

/// O_CREAT with a slash behind the name; the parent may be one that is no longer there.
Task<Result<Reply>> Session::refuse_file(FileId parent, const std::string& name) {
  NamedRequest request;
  request.opcode = Opcode::look_up;
  const Status found = status_of(co_await ask_name(parent, name, request, epoch_));
  if (found || found.error() == Errc::no_entry) co_return Errc::is_a_directory;
  co_return found.error();
}

Task<Result<Reply>> Session::try_named_call(PathAt path, NamedRequest request) {
  for (unsigned links = 0; links <= kMaxLinks; ++links) {
    MAYFLY_CO_TRY(parts, split(path));
    // A link's target can end with a slash too.
    if (parts.must_be_directory && request.opcode == Opcode::open_name) {
      request.flags |= request_flags::kDirectory;
    }
    const std::uint64_t epoch = epoch_;
    std::optional<FileId> parent = paths_.find(parts.parent);
    if (!parent) {
      auto resolved = co_await resolve_directory(parts.parent, links);
      if (!resolved) co_return resolved.error();
      parent = *resolved;
    }
    if (parts.name.empty()) co_return co_await ask_directory(*parent, parts.last, request, epoch);
    const bool creates = (request.flags & request_flags::kCreate) != 0;
    if (creates && parts.must_be_directory) co_return co_await refuse_file(*parent, parts.name);
    auto reply = co_await ask_name(*parent, parts.name, request, epoch);
    const bool follows = request.follows_last || parts.must_be_directory;
    if (!reply || (reply->header.flags & reply_flags::kLink) == 0) {
      if (parts.must_be_directory && request.opcode == Opcode::look_up) {
        const auto attributes = attributes_of(reply);
        if (!attributes) co_return attributes.error();
        if (!attributes->is_directory()) co_return Errc::not_a_directory;
      }
      co_return reply;
    }
    if (!follows) co_return reply;
    auto target = co_await target_of(*reply);
    if (!target) co_return target.error();
    if (parts.must_be_directory) target->append("/");
    path = PathAt(*parent, std::move(*target));
  }
  co_return Errc::loop;
}

Task<Result<Reply>> Session::named_call(PathAt path, NamedRequest request) {
  for (int attempt = 0; attempt < kMaxResolutions; ++attempt) {
    auto reply = co_await try_named_call(path, request);
    const Status status = status_of(reply);
    if (status || status.error() != Errc::stale) co_return reply;
    paths_.clear();
  }
  co_return Errc::no_entry;
}

Task<Result<Attributes>> Session::stat(PathAt path) {
  NamedRequest request;
  request.opcode = Opcode::look_up;
  request.follows_last = true;
  const auto attributes = attributes_of(co_await named_call(std::move(path), std::move(request)));
  if (!attributes || (attributes->flags & kUnsettled) == 0) co_return attributes;
  co_return co_await settle(*attributes);
}

Task<Result<Attributes>> Session::stat_link(PathAt path) {
  NamedRequest request;
  request.opcode = Opcode::look_up;
  auto reply = co_await named_call(std::move(path), std::move(request));
  MAYFLY_CO_CHECKED(status_of(reply));
  if ((reply->header.flags & reply_flags::kLink) == 0) {
    MAYFLY_CO_TRY(attributes, decode_attributes(reply->body.payload()));
    co_return co_await settle(attributes);
  }
  std::vector<std::byte> bytes(reply->body.payload_bytes());
  const std::uint32_t server = Channel::server_of(reply->header.request_id);
  MAYFLY_CO_CHECKED(co_await channel(server).receive(*reply, bytes));
  co_return decode_attributes(bytes);
}

Task<Result<std::string>> Session::read_link(PathAt path) {
  NamedRequest request;
  request.opcode = Opcode::look_up;
  auto reply = co_await named_call(std::move(path), std::move(request));
  MAYFLY_CO_CHECKED(status_of(reply));
  if ((reply->header.flags & reply_flags::kLink) == 0) co_return Errc::invalid;
  co_return co_await target_of(*reply);
}

Task<Status> Session::make_directory(PathAt path, std::uint32_t mode) {
  NamedRequest request;
  request.opcode = Opcode::make_directory;
  request.mode = mode;
  co_return status_of(co_await named_call(std::move(path), std::move(request)));
}

Task<Status> Session::make_symbolic_link(std::string target, PathAt path) {
  if (target.empty()) co_return Errc::no_entry;
  if (target.size() > kMaxTargetBytes) co_return Errc::name_too_long;
  NamedRequest request;
  request.opcode = Opcode::make_symbolic_link;
  request.mode = 0777;
  request.target = std::move(target);
  MAYFLY_CO_TRY(parts, split(path));
  if (!parts.name.empty() && parts.must_be_directory) co_return co_await refuse_slash(path);
  co_return status_of(co_await named_call(std::move(path), std::move(request)));
}

Task<Status> Session::link(PathAt from, PathAt to, bool follows) {
  NamedRequest request;
  request.opcode = Opcode::link;
  Task<Result<Attributes>> look = follows ? stat(std::move(from)) : stat_link(std::move(from));
  const auto file = co_await std::move(look);
  if (!file) co_return file.error();
  request.dentry.id = file->id;
  request.dentry.type = static_cast<DentryType>(IFTODT(file->mode));
  MAYFLY_CO_TRY(parts, split(to));
  if (!parts.name.empty() && parts.must_be_directory) co_return co_await refuse_slash(to);
  co_return status_of(co_await named_call(std::move(to), std::move(request)));
}

/// What link and symlink say to a new name with a slash behind it: nothing that a slash could
/// follow comes to be.
Task<Status> Session::refuse_slash(PathAt path) {
  while (path.text.ends_with('/')) path.text.pop_back();
  const auto there = co_await stat_link(std::move(path));
  co_return there ? Errc::exists : there.error();
}

Task<Status> Session::remove_directory(PathAt path) {
  NamedRequest request;
  request.opcode = Opcode::remove_directory;
  const Status removed = status_of(co_await named_call(std::move(path), std::move(request)));
  if (removed) paths_.clear();
  co_return removed;
}

Task<Status> Session::remove_file(PathAt path) {
  MAYFLY_CO_TRY(parts, split(path));
  NamedRequest request;
  request.opcode = Opcode::remove_file;
  if (!parts.name.empty() && parts.must_be_directory) {
    while (path.text.ends_with('/')) path.text.pop_back();
    const auto attributes = co_await stat_link(std::move(path));
    if (!attributes) co_return attributes.error();
    co_return attributes->is_directory() ? Errc::is_a_directory : Errc::not_a_directory;
  }
  co_return status_of(co_await named_call(std::move(path), std::move(request)));
}

Task<Status> Session::rename(PathAt from, PathAt to, unsigned flags) {
  for (int attempt = 0; attempt < kMaxResolutions; ++attempt) {
    const Status renamed = status_of(co_await try_rename(from, to, flags));
    if (renamed || renamed.error() != Errc::stale) co_return renamed;
    paths_.clear();
  }
  co_return Errc::no_entry;
}

Task<Result<Reply>> Session::try_rename(PathAt from, PathAt to, unsigned flags) {
  MAYFLY_CO_TRY(old_parts, split(from));
  MAYFLY_CO_TRY(new_parts, split(to));
  const std::uint64_t epoch = epoch_;
  unsigned links = 0;
  auto old_parent = co_await resolve_directory(old_parts.parent, links);
  if (!old_parent) co_return old_parent.error();
  auto new_parent = co_await resolve_directory(new_parts.parent, links);
  Errc refusal = new_parent ? Errc::ok : new_parent.error();
  if (new_parent && new_parts.name.empty()) {
    refusal = (flags & RENAME_NOREPLACE) != 0 ? Errc::exists : Errc::busy;
  }
  if (new_parent && old_parts.name.empty()) refusal = Errc::busy;
  if (refusal != Errc::ok) {
    // What is wrong with the new name counts only if the old one's directory is still there.
    NamedRequest probe;
    probe.opcode = Opcode::look_up;
    probe.flags = request_flags::kWalk;
    MAYFLY_CO_CHECKED(status_of(co_await ask_home(*old_parent, probe, epoch)));
    if (new_parent) {
      MAYFLY_CO_CHECKED(status_of(co_await ask_home(*new_parent, probe, epoch)));
    }
    co_return refusal;
  }
  RenameBody body;
  body.new_parent = *new_parent;
  body.old_name = old_parts.name;
  body.new_name = new_parts.name;
  const std::uint32_t server = server_of_name(*old_parent, body.old_name, servers());
  RequestHeader header = about(Opcode::rename, *old_parent);
  header.epoch = epoch;
  header.argument = flags;
  // With a slash behind it either name must be a directory's.
  if (old_parts.must_be_directory) header.flags |= request_flags::kDirectory;
  if (new_parts.must_be_directory) header.flags |= request_flags::kNewDirectory;
  const WireBytes wire = encode(body);
  co_return co_await channel(server).call(header, wire);
}

Task<Status> Session::change_attributes(PathAt path, ChangeBody change, bool follows) {
  Task<Result<Attributes>> look = follows ? stat(std::move(path)) : stat_link(std::move(path));
  auto attributes = co_await std::move(look);
  if (!attributes) co_return attributes.error();
  MAYFLY_CO_CHECKED(Credentials::effective().check_change(*attributes, change));
  co_return co_await set_attributes(attributes->id, change);
}

Task<Status> Session::truncate(PathAt path, std::uint64_t size) {
  if (size > kMaxFileBytes) co_return Errc::file_too_big;
  auto attributes = co_await stat(std::move(path));
  if (!attributes) co_return attributes.error();
  if (!Credentials::effective().may_access(*attributes, W_OK)) co_return Errc::access_denied;
  co_return co_await set_size(attributes->id, size);
}

}  // namespace mayfly
