#include "staging/manifest.h"

#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <iterator>
#include <nlohmann/json.hpp>
#include <sstream>
#include <stdexcept>
#include <thread>
#include <utility>

#include "base/clock.h"
#include "staging/whole_io.h"

namespace mayfly {
namespace {

using Json = nlohmann::ordered_json;

constexpr int kVersion = 2;
/// Bytes that are collected before they are written.
constexpr std::size_t kWaitingBytes = 16 << 10;
/// Servers notice within two seconds that the process has died that had a lock.
constexpr Nanoseconds kLockPatience = std::chrono::seconds(4);
constexpr Nanoseconds kBetweenLocks = std::chrono::milliseconds(50);
constexpr const char* kTypes[] = {"file", "directory", "symbolic_link", "hard_link", "removed"};

/// JSON is UTF-8 and names need not be: one that is not is written in hexadecimal.
void put_text(Json& line, const std::string& key, const std::string& text) {
  try {
    static_cast<void>(Json(text).dump());
    line[key] = text;
  } catch (const nlohmann::json::exception&) {
    std::string digits;
    for (const char letter : text) {
      char pair[3];
      std::snprintf(pair, sizeof pair, "%02x", static_cast<unsigned char>(letter));
      digits += pair;
    }
    line[key + "_hex"] = digits;
  }
}

std::string get_text(const Json& line, const std::string& key) {
  if (const auto plain = line.find(key); plain != line.end()) return plain->get<std::string>();
  const auto found = line.find(key + "_hex");
  if (found == line.end()) return {};
  const auto digits = found->get<std::string>();
  std::string text;
  for (std::size_t i = 0; i + 1 < digits.size(); i += 2) {
    text += static_cast<char>(std::stoi(digits.substr(i, 2), nullptr, 16));
  }
  return text;
}

std::string header_line() {
  return Json{{"mayfly_manifest", kVersion},
              {"digest", "xxh3-128"},
              {"block_bytes", kDigestBlockBytes}}
             .dump() +
         "\n";
}

std::string finished_line() { return Json{{"finished", true}}.dump(); }

ManifestEntry decode(const Json& line) {
  ManifestEntry entry;
  entry.path = get_text(line, "path");
  const auto type = line.at("type").get<std::string>();
  const auto* const found = std::find(std::begin(kTypes), std::end(kTypes), type);
  if (found == std::end(kTypes) || entry.path.empty()) throw std::invalid_argument(type);
  entry.type = static_cast<ManifestEntry::Type>(found - kTypes);
  entry.target = get_text(line, "target");
  if (line.contains("size")) entry.size = line.at("size").get<std::uint64_t>();
  if (line.contains("mode"))
    entry.mode = std::stoul(line.at("mode").get<std::string>(), nullptr, 8);
  if (line.contains("mtime")) {
    entry.modified = {line.at("mtime").at(0).get<std::time_t>(),
                      line.at("mtime").at(1).get<long>()};
  }
  if (entry.type != ManifestEntry::Type::file) return entry;
  entry.digest = Digest::parse(line.at("digest").get<std::string>()).value();
  for (const auto& block : line.value("chunks", Json::array())) {
    entry.blocks.push_back(Digest::parse(block.get<std::string>()).value());
  }
  return entry;
}

}  // namespace

ManifestEntry entry_of(std::string path, ManifestEntry::Type type, const struct stat& seen) {
  ManifestEntry entry;
  entry.path = std::move(path);
  entry.type = type;
  entry.mode = seen.st_mode & kPermissions;
  entry.modified = seen.st_mtim;
  return entry;
}

std::string encode(const ManifestEntry& entry) {
  Json line;
  put_text(line, "path", entry.path);
  line["type"] = kTypes[static_cast<int>(entry.type)];
  if (!entry.target.empty()) put_text(line, "target", entry.target);
  if (entry.type >= ManifestEntry::Type::hard_link) return line.dump();
  if (entry.type == ManifestEntry::Type::file) line["size"] = entry.size;
  char mode[8];
  std::snprintf(mode, sizeof mode, "%04o", entry.mode & kPermissions);
  line["mode"] = mode;
  line["mtime"] = {entry.modified.tv_sec, entry.modified.tv_nsec};
  if (entry.type != ManifestEntry::Type::file) return line.dump();
  line["digest"] = entry.digest.text();
  Json blocks = Json::array();
  if (entry.blocks.size() > 1) {
    for (const Digest& block : entry.blocks) blocks.push_back(block.text());
  }
  line["chunks"] = std::move(blocks);
  return line.dump();
}

Result<ManifestEntry> decode_manifest_entry(const std::string& text) {
  try {
    return decode(Json::parse(text));
  } catch (const std::exception&) {
    return Errc::bad_message;
  }
}

Result<Manifest::Content> Manifest::read(const FileCalls& calls, const std::string& path) {
  Content content;
  auto text = read_whole(calls, path);
  if (!text && text.error() == Errc::no_entry) return content;
  if (!text) return text.error();
  std::istringstream lines(*text);
  std::string line;
  if (!std::getline(lines, line)) return content;
  if (line + "\n" != header_line()) return Errc::bad_message;
  while (std::getline(lines, line)) {
    auto entry = decode_manifest_entry(line);
    content.is_finished = !entry && line == finished_line();
    if (!entry) continue;
    if (entry->type == ManifestEntry::Type::removed) {
      content.entries.erase(entry->path);
    } else {
      content.entries.insert_or_assign(entry->path, std::move(*entry));
    }
  }
  return content;
}

Result<std::unique_ptr<Manifest>> Manifest::open(const FileCalls& calls, const std::string& path) {
  const int fd = calls.open(path.c_str(), O_CREAT | O_RDWR, 0644);
  if (fd < 0) return errc_from(errno);
  struct stat status {};
  std::unique_ptr<Manifest> manifest(new Manifest(calls, fd, 0));
  const TimePoint last = Clock::steady().now() + kLockPatience;
  while (!(manifest->is_locked_ = calls.lock(fd) == 0)) {
    if (errno != EAGAIN && errno != EACCES) break;
    if (Clock::steady().now() > last) return Errc::busy;
    std::this_thread::sleep_for(kBetweenLocks);
  }
  if (calls.fstat(fd, &status) != 0) return errc_from(errno);
  manifest->size_ = static_cast<std::uint64_t>(status.st_size);
  manifest->is_old_ = manifest->size_ != 0;
  // After half a line the next one begins anew.
  manifest->waiting_ = manifest->size_ == 0 ? header_line() : "\n";
  MAYFLY_CHECKED(manifest->flush());
  return manifest;
}

Manifest::~Manifest() {
  static_cast<void>(flush());
  calls_.close(fd_);
}

Status Manifest::add(const ManifestEntry& entry) {
  const std::string line = encode(entry) + "\n";
  const std::lock_guard lock(mutex_);
  waiting_ += line;
  return waiting_.size() < kWaitingBytes ? Status() : flush_locked();
}

Status Manifest::add_all(const std::string& path) {
  MAYFLY_TRY(text, read_whole(calls_, path));
  const std::size_t header = text.find('\n');
  const std::lock_guard lock(mutex_);
  if (header != std::string::npos) waiting_.append(text, header + 1).append("\n");
  return flush_locked();
}

Status Manifest::flush() {
  const std::lock_guard lock(mutex_);
  return flush_locked();
}

Status Manifest::flush_locked() {
  MAYFLY_CHECKED(write_all(calls_, fd_, std::as_bytes(std::span(waiting_)), size_));
  size_ += waiting_.size();
  waiting_.clear();
  return Status();
}

Status Manifest::finish() {
  const std::lock_guard lock(mutex_);
  waiting_ += finished_line() + "\n";
  MAYFLY_CHECKED(flush_locked());
  const bool is_synced = !calls_.is_lasting || calls_.fsync(fd_) == 0;
  return is_synced ? Status() : Status(errc_from(errno));
}

}  // namespace mayfly
