#include "metadata/extended_attributes.h"

#include "base/units.h"

namespace mayfly {
namespace {

constexpr std::size_t kEntryBytes = 16;
constexpr std::size_t kWordBytes = 4;

std::size_t room_for(std::string_view name, std::string_view value) {
  return kEntryBytes + round_up(name.size(), kWordBytes) + round_up(value.size(), kWordBytes);
}

}  // namespace

std::size_t ExtendedAttributes::used_bytes() const {
  std::size_t used = 0;
  for (const auto& [name, value] : values_) used += room_for(name, value);
  return used;
}

Status ExtendedAttributes::set(std::string_view name, std::string_view value, Condition condition) {
  const auto found = values_.find(name);
  const bool is_there = found != values_.end();
  if (is_there && condition == Condition::create) return Errc::exists;
  if (!is_there && condition == Condition::replace) return Errc::no_data;
  const std::size_t freed = is_there ? room_for(name, found->second) : 0;
  if (used_bytes() - freed + room_for(name, value) > kRoomBytes) return Errc::no_space;
  if (is_there) {
    found->second = value;
  } else {
    values_.emplace(name, value);
  }
  return {};
}

Result<std::string_view> ExtendedAttributes::get(std::string_view name) const {
  const auto found = values_.find(name);
  if (found == values_.end()) return Errc::no_data;
  return std::string_view(found->second);
}

Status ExtendedAttributes::remove(std::string_view name) {
  const auto found = values_.find(name);
  if (found == values_.end()) return Errc::no_data;
  values_.erase(found);
  return {};
}

std::string ExtendedAttributes::list() const {
  std::string names;
  for (const auto& [name, value] : values_) names.append(name).push_back('\0');
  return names;
}

}  // namespace mayfly
