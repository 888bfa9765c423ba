// Whole files through a session, and byte patterns to tell one from another.
#pragma once

#include <fcntl.h>

#include <memory>
#include <string>
#include <vector>

#include "client/file.h"

namespace mayfly {

/// `bytes` bytes that depend on `seed` and on their place.
inline std::vector<std::byte> pattern(std::size_t bytes, unsigned seed) {
  std::vector<std::byte> result(bytes);
  for (std::size_t i = 0; i < bytes; ++i) {
    result[i] = static_cast<std::byte>((i * 131 + i / 4096 + seed) & 0xff);
  }
  return result;
}

inline Result<std::unique_ptr<File>> open(Session& session, const std::string& path, int flags) {
  return session.run(File::open(session, path, flags, 0644));
}

/// Writes, syncs and closes; whether all of it went well.
inline bool write_file(Session& session, const std::string& path,
                       const std::vector<std::byte>& bytes) {
  auto file = open(session, path, O_CREAT | O_RDWR);
  if (!file) return false;
  auto written = session.run((*file)->pwrite(bytes, 0));
  const bool well = written && *written == bytes.size() && session.run((*file)->fsync());
  return session.run((*file)->close()) && well;
}

/// Whether the file holds just these bytes.
inline bool holds(Session& session, const std::string& path, const std::vector<std::byte>& bytes) {
  auto file = open(session, path, O_RDONLY);
  if (!file) return false;
  std::vector<std::byte> buffer(bytes.size() + 1);
  auto got = session.run((*file)->pread(buffer, 0));
  buffer.resize(bytes.size());
  return session.run((*file)->close()) && got && *got == bytes.size() && buffer == bytes;
}

}  // namespace mayfly
