#include "client/extended_attributes.h"

#include <sys/xattr.h>
#include <unistd.h>

#include <algorithm>

namespace mayfly {
namespace {

constexpr std::string_view kTrusted = "trusted.";
constexpr std::size_t kMaxValueBytes = 64 * 1024;

Status check_name(std::string_view name) {
  if (name.empty() || name.size() > kMaxNameBytes) return Errc::out_of_range;
  for (const std::string_view space :
       {std::string_view("user."), kTrusted, std::string_view("security.")}) {
    if (!name.starts_with(space)) continue;
    return name.size() > space.size() ? Status() : Errc::invalid;
  }
  return Errc::not_supported;
}

/// `mode`: R_OK or W_OK.
Status check_access(const Credentials& user, const Attributes& file, std::string_view name,
                    int mode) {
  MAYFLY_CHECKED(check_name(name));
  const bool writes = mode == W_OK;
  if (name.starts_with(kTrusted)) {
    if (user.is_root()) return {};
    return writes ? Errc::not_permitted : Errc::no_data;
  }
  if (name.starts_with("user.")) {
    if (!S_ISREG(file.mode) && !S_ISDIR(file.mode)) {
      return writes ? Errc::not_permitted : Errc::no_data;
    }
    return user.may_access(file, mode) ? Status() : Errc::access_denied;
  }
  return !writes || user.is_root() ? Status() : Errc::not_permitted;
}

Task<Result<std::string>> text_of(Session& session, Result<Reply> reply) {
  MAYFLY_CO_CHECKED(status_of(reply));
  const auto body = co_await session.body_of(*reply);
  if (!body) co_return body.error();
  co_return std::string(reinterpret_cast<const char*>(body->data()), body->size());
}

}  // namespace

Task<Status> set_extended(Session& session, Attributes file, std::string name, std::string value,
                          int flags) {
  if ((flags & ~(XATTR_CREATE | XATTR_REPLACE)) != 0) co_return Errc::invalid;
  if (flags == (XATTR_CREATE | XATTR_REPLACE)) co_return Errc::invalid;
  if (value.size() > kMaxValueBytes) co_return Errc::too_big;
  MAYFLY_CO_CHECKED(check_access(session.user(), file, name, W_OK));
  // There is not room for more anywhere, and the message is short.
  if (value.size() > 4096) co_return Errc::no_space;
  RequestHeader header = about(Opcode::set_extended, file.id);
  header.argument = static_cast<std::uint64_t>(flags);
  const WireBytes wire = encode(ExtendedBody{name, value});
  co_return status_of(co_await session.inode_call(header, wire));
}

Task<Result<std::string>> get_extended(Session& session, Attributes file, std::string name) {
  MAYFLY_CO_CHECKED(check_access(session.user(), file, name, R_OK));
  const WireBytes wire = encode(ExtendedBody{name, {}});
  auto reply = co_await session.inode_call(about(Opcode::get_extended, file.id), wire);
  co_return co_await text_of(session, std::move(reply));
}

Task<Result<std::string>> list_extended(Session& session, Attributes file) {
  auto reply = co_await session.inode_call(about(Opcode::list_extended, file.id));
  auto names = co_await text_of(session, std::move(reply));
  if (!names || session.user().is_root()) co_return names;
  std::string shown;
  for (std::size_t begin = 0; begin < names->size();) {
    const std::size_t end = names->find('\0', begin) + 1;
    if (end == 0) co_return Errc::bad_message;
    const std::string_view name = std::string_view(*names).substr(begin, end - begin);
    if (!name.starts_with(kTrusted)) shown.append(name);
    begin = end;
  }
  co_return shown;
}

Task<Status> remove_extended(Session& session, Attributes file, std::string name) {
  MAYFLY_CO_CHECKED(check_access(session.user(), file, name, W_OK));
  const WireBytes wire = encode(ExtendedBody{name, {}});
  const RequestHeader header = about(Opcode::remove_extended, file.id);
  co_return status_of(co_await session.inode_call(header, wire));
}

}  // namespace mayfly
