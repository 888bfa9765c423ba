#include "cli/entry_text.h"

#include <fmt/format.h>
#include <grp.h>
#include <pwd.h>

#include <cstdio>
#include <ctime>
#include <nlohmann/json.hpp>

namespace mayfly {

std::string mode_text(mode_t mode) {
  std::string text = "?rwxrwxrwx";
  text[0] = S_ISDIR(mode) ? 'd' : S_ISLNK(mode) ? 'l' : '-';
  for (int bit = 0; bit < 9; ++bit) {
    if ((mode & (0400U >> bit)) == 0) text[1 + bit] = '-';
  }
  if ((mode & S_ISUID) != 0) text[3] = (mode & S_IXUSR) != 0 ? 's' : 'S';
  if ((mode & S_ISGID) != 0) text[6] = (mode & S_IXGRP) != 0 ? 's' : 'S';
  if ((mode & S_ISVTX) != 0) text[9] = (mode & S_IXOTH) != 0 ? 't' : 'T';
  return text;
}

const char* kind_text(mode_t mode) {
  return S_ISDIR(mode) ? "directory" : S_ISLNK(mode) ? "link" : "file";
}

std::string time_text(const timespec& time) {
  std::tm parts{};
  ::localtime_r(&time.tv_sec, &parts);
  char text[32];
  std::strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S", &parts);
  return text;
}

std::string user_text(uid_t user) {
  const passwd* const entry = ::getpwuid(user);
  return entry == nullptr ? std::to_string(user) : entry->pw_name;
}

std::string group_text(gid_t group) {
  const ::group* const entry = ::getgrgid(group);
  return entry == nullptr ? std::to_string(group) : entry->gr_name;
}

nlohmann::ordered_json entry_json(const std::string& path, const struct stat& status) {
  return {{"path", path},
          {"type", kind_text(status.st_mode)},
          {"size", status.st_size},
          {"used", status.st_blocks * 512},
          {"mode", fmt::format("{:04o}", status.st_mode & 07777)},
          {"links", status.st_nlink},
          {"uid", status.st_uid},
          {"gid", status.st_gid},
          {"mtime", {status.st_mtim.tv_sec, status.st_mtim.tv_nsec}}};
}

std::string json_line(const nlohmann::ordered_json& json) {
  return json.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

void print_json_line(const nlohmann::ordered_json& json) {
  std::fputs(json_line(json).c_str(), stdout);
}

}  // namespace mayfly
