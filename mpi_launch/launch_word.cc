#include "mpi_launch/launch_word.h"

#include <cstring>
#include <type_traits>

namespace mayfly {
namespace {

template <class T>
void append(std::string& bytes, const T& value) {
  static_assert(std::is_trivially_copyable_v<T>);
  bytes.append(reinterpret_cast<const char*>(&value), sizeof value);
}

/// Zero bytes for what is not there.
template <class T>
T take(std::string_view& bytes) {
  T value{};
  if (bytes.size() < sizeof value) return value;
  std::memcpy(&value, bytes.data(), sizeof value);
  bytes.remove_prefix(sizeof value);
  return value;
}

}  // namespace

std::string encode_server(Bytes address, const SessionInfo& session) {
  std::string bytes;
  append(bytes, std::int32_t{0});
  append(bytes, session.id);
  append(bytes, session.secret);
  bytes.append(reinterpret_cast<const char*>(address.data()), address.size());
  return bytes;
}

std::string encode_failure(const Failure& failure) {
  std::string bytes;
  append(bytes, std::int32_t{to_errno(failure.code)});
  return bytes + failure.sentence;
}

Result<LaunchWord, Failure> decode_word(std::string_view bytes) {
  const auto error = take<std::int32_t>(bytes);
  if (error != 0) return Failure{errc_from(error), std::string(bytes)};
  LaunchWord word;
  word.session_id = take<std::uint64_t>(bytes);
  word.secret = take<Secret>(bytes);
  const auto* address = reinterpret_cast<const std::byte*>(bytes.data());
  word.address.assign(address, address + bytes.size());
  return word;
}

std::string encode(const RoleOptions& options) {
  std::string bytes;
  append(bytes, options.servers_per_node);
  append(bytes, options.all_serve);
  for (const std::uint32_t rank : options.server_local_ranks) append(bytes, rank);
  return bytes;
}

RoleOptions decode_roles(std::string_view bytes) {
  RoleOptions options;
  options.servers_per_node = take<std::uint32_t>(bytes);
  options.all_serve = take<bool>(bytes);
  while (!bytes.empty()) options.server_local_ranks.push_back(take<std::uint32_t>(bytes));
  return options;
}

}  // namespace mayfly
