// The process's log: one line per event, to stderr, prefixed by the role ("server 3"). An error is
// logged once, by the first who detects it. Thread: any.
#pragma once

#include <spdlog/spdlog.h>

#include <string>
#include <utility>

namespace mayfly::log {

/// Sets the prefix of every later line and the level from MAYFLY_LOG (trace, debug, info, warn,
/// error, off; default warn). Called before any thread is started; without it lines have no role.
void start(const std::string& role);

/// spdlog's default logger: ours from the process's start on, for its own writes to stdout, which
/// belongs to the application.
spdlog::logger& logger();

template <class... Arguments>
void debug(spdlog::format_string_t<Arguments...> format, Arguments&&... arguments) {
  logger().debug(format, std::forward<Arguments>(arguments)...);
}
template <class... Arguments>
void info(spdlog::format_string_t<Arguments...> format, Arguments&&... arguments) {
  logger().info(format, std::forward<Arguments>(arguments)...);
}
template <class... Arguments>
void warn(spdlog::format_string_t<Arguments...> format, Arguments&&... arguments) {
  logger().warn(format, std::forward<Arguments>(arguments)...);
}
template <class... Arguments>
void error(spdlog::format_string_t<Arguments...> format, Arguments&&... arguments) {
  logger().error(format, std::forward<Arguments>(arguments)...);
}

}  // namespace mayfly::log
