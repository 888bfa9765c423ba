// The process's log: one line per event, to stderr, prefixed by the role ("server 3"). An error is
// logged once, by the first who detects it.
#pragma once

#include <spdlog/spdlog.h>

#include <string>

namespace mayfly::log {

using spdlog::debug;
using spdlog::error;
using spdlog::info;
using spdlog::warn;

/// Sets the prefix of every later line and the level from MAYFLY_LOG (trace, debug, info, warn,
/// error, off; default warn). Called once, before any thread is started.
void start(const std::string& role);

}  // namespace mayfly::log
