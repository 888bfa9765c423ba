// Session by path: what is done with names.
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "client/session.h"

namespace mayfly {
bool Session::Retry::is_due(const Status& status) {
  if (status) return false;
  // What a cached directory does not allow may have been allowed since.
  const bool is_denied = status.error() == Errc::access_denied && denials_ != session_.denials_;
  const bool may_be_old = is_denied && !std::exchange(was_denied_, true);
  if (!may_be_old && status.error() != Errc::stale) return false;
  // A walk that an epoch has overtaken says nothing of the path.
  if (epoch_ == session_.epoch_) ++attempts_;
  session_.paths_.clear();
  begin();
  return true;
}

Task<Result<Reply>> Session::named_call(PathAt path, NamedRequest request) {
  auto warm = warm_message(path, request);
  Result<Reply> reply = Errc::stale;
  if (warm) reply = co_await send(*warm);
  if (is_answer(reply)) co_return reply;
  co_return co_await go_on(std::move(path), std::move(request), std::move(warm), std::move(reply));
}

Task<Result<Reply>> Session::go_on(PathAt path, NamedRequest request,
                                   std::optional<NameMessage> warm, Result<Reply> reply) {
  Retry retry(*this);
  for (;;) {
    if (!warm) reply = co_await walk(path, request, 0);
    if (warm && is_elsewhere(reply)) {
      reply = co_await ask_home(file_in(*reply), request.opcode, request.flags, warm->header.epoch);
    }
    if (warm && is_link(reply) && request.follows_last) {
      reply = co_await follow(std::move(*reply), warm->header.file, request);
    }
    if (!retry.is_due(status_of(reply))) co_return reply;
    if (retry.is_hopeless()) co_return Errc::no_entry;
    warm = warm_message(path, request);
    if (warm) reply = co_await send(*warm);
  }
}

Task<Result<Attributes>> Session::look_up(PathAt path, NamedRequest request) {
  const bool is_exact = (request.flags & request_flags::kWalk) == 0;
  // As named_call, with one coroutine less.
  auto warm = warm_message(path, request);
  Result<Reply> reply = Errc::stale;
  if (warm) reply = co_await send(*warm);
  if (!is_answer(reply)) {
    reply = co_await go_on(std::move(path), std::move(request), std::move(warm), std::move(reply));
  }
  if (is_link(reply)) {
    const auto body = co_await body_of(*reply);
    if (!body) co_return body.error();
    co_return decode_attributes(*body);
  }
  const auto attributes = attributes_of(reply);
  if (!attributes || !is_exact || (attributes->flags & kUnsettled) == 0) co_return attributes;
  co_return co_await settle(*attributes);
}

Task<std::string> Session::name_beside(std::string path, std::string begin) const {
  constexpr std::uint32_t kTriesPerServer = 8;
  std::string_view parent;
  std::string_view name;
  const KnownDirectory* const known = cut(path, parent, name) ? paths_.find(parent) : nullptr;
  std::string candidate = begin + "0";
  if (known == nullptr) co_return candidate;
  const std::uint32_t wanted = server_of_name(known->id, name, servers());
  for (std::uint32_t i = 1; i < kTriesPerServer * servers(); ++i) {
    if (server_of_name(known->id, candidate, servers()) == wanted) break;
    candidate = begin + std::to_string(i);
  }
  co_return candidate;
}

Task<Result<Attributes>> Session::find(PathAt path, bool follows) {
  return look_up(std::move(path), to_walk(follows));
}

Task<Result<Attributes>> Session::stat(PathAt path, bool follows) {
  NamedRequest request;
  request.opcode = Opcode::look_up;
  request.follows_last = follows;
  return look_up(std::move(path), std::move(request));
}

Task<Result<std::string>> Session::read_link(PathAt path) {
  NamedRequest request;
  request.opcode = Opcode::look_up;
  auto reply = co_await named_call(std::move(path), std::move(request));
  MAYFLY_CO_CHECKED(status_of(reply));
  if (!is_link(reply)) co_return Errc::invalid;
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

Task<Status> Session::put_file(PathAt path, const WholeFile& file) {
  // Who may give files away, or to groups that are not theirs, is asked of what is there.
  const bool is_special = file.owner || (file.mode & (S_ISUID | S_ISGID)) != 0;
  if (is_special && !user_.is_root()) co_return Errc::cross_device;
  auto permit =
      co_await window().acquire(std::min<std::uint64_t>(file.bytes.size(), window_bytes()));
  NamedRequest request;
  request.opcode = Opcode::put_file;
  request.flags = request_flags::kCreate;
  request.whole = &file;
  co_return status_of(co_await named_call(std::move(path), std::move(request)));
}

Task<Status> Session::link(PathAt from, PathAt to, bool follows) {
  NamedRequest request;
  request.opcode = Opcode::link;
  const auto file = co_await find(std::move(from), follows);
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
  const auto there = co_await find(std::move(path), false);
  co_return there ? Errc::exists : there.error();
}

Task<Status> Session::remove_directory(PathAt path) {
  NamedRequest request;
  request.opcode = Opcode::remove_directory;
  co_return status_of(co_await named_call(std::move(path), std::move(request)));
}

Task<Status> Session::remove_file(PathAt path) {
  MAYFLY_CO_TRY(parts, split(path));
  NamedRequest request;
  request.opcode = Opcode::remove_file;
  if (!parts.name.empty() && parts.must_be_directory) {
    while (path.text.ends_with('/')) path.text.pop_back();
    const auto attributes = co_await find(std::move(path), false);
    if (!attributes) co_return attributes.error();
    co_return attributes->is_directory() ? Errc::is_a_directory : Errc::not_a_directory;
  }
  co_return status_of(co_await named_call(std::move(path), std::move(request)));
}

Task<Status> Session::rename(PathAt from, PathAt to, unsigned flags) {
  Retry retry(*this);
  while (!retry.is_hopeless()) {
    const Status renamed = status_of(co_await try_rename(from, to, flags));
    if (!retry.is_due(renamed)) co_return renamed;
  }
  co_return Errc::no_entry;
}

Task<Result<Reply>> Session::try_rename(const PathAt& from, const PathAt& to, unsigned flags) {
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
    MAYFLY_CO_CHECKED(co_await check_there(old_parent->id, epoch));
    if (new_parent) {
      MAYFLY_CO_CHECKED(co_await check_there(new_parent->id, epoch));
    }
    co_return refusal;
  }
  if (!old_parent->is_reachable || !new_parent->is_reachable) co_return deny();
  if (!user_.is_root()) {
    MAYFLY_CO_CHECKED(
        co_await check_rename(*old_parent, old_parts.name, *new_parent, new_parts.name, epoch));
  }
  RenameBody body;
  body.new_parent = new_parent->id;
  body.old_name = old_parts.name;
  body.new_name = new_parts.name;
  const std::uint32_t server = server_of_name(old_parent->id, body.old_name, servers());
  RequestHeader header = about(Opcode::rename, old_parent->id);
  header.epoch = epoch;
  header.argument = flags;
  // With a slash behind it either name must be a directory's.
  if (old_parts.must_be_directory) header.flags |= request_flags::kDirectory;
  if (new_parts.must_be_directory) header.flags |= request_flags::kNewDirectory;
  const WireBytes wire = encode(body);
  co_return co_await channel(server).call(header, wire);
}

Task<Status> Session::set_layout(PathAt directory, Layout layout) {
  const auto attributes = co_await find(std::move(directory));
  if (!attributes) co_return attributes.error();
  if (!user_.is_root() && user_.uid != attributes->uid) co_return Errc::not_permitted;
  const RequestHeader header = about(Opcode::set_layout, attributes->id);
  co_return status_of(co_await inode_call(header, as_wire(layout)));
}

Task<Result<Layout>> Session::get_layout(PathAt path) {
  const auto attributes = co_await find(std::move(path));
  if (!attributes) co_return attributes.error();
  Layout layout = attributes->layout;
  if (layout.chunk_bytes != 0) co_return layout;
  layout = options_.layout;
  layout.first_server = kAnyServer;
  co_return layout;
}

Task<Status> Session::change_attributes(PathAt path, ChangeBody change, bool follows) {
  const auto attributes = co_await find(std::move(path), follows);
  if (!attributes) co_return attributes.error();
  MAYFLY_CO_CHECKED(user_.check_change(*attributes, change));
  co_return co_await set_attributes(attributes->id, change);
}

Task<Status> Session::truncate(PathAt path, std::uint64_t size) {
  if (size > kMaxFileBytes) co_return Errc::file_too_big;
  auto attributes = co_await find(std::move(path));
  if (!attributes) co_return attributes.error();
  if (!user_.may_access(*attributes, W_OK)) co_return Errc::access_denied;
  co_return co_await set_size(attributes->id, size);
}

}  // namespace mayfly
