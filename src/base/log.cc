#include "base/log.h"

#include <spdlog/sinks/stdout_sinks.h>

#include <cstdlib>

namespace mayfly::log {

void start(const std::string& role) {
  auto logger =
      std::make_shared<spdlog::logger>("mayfly", std::make_shared<spdlog::sinks::stderr_sink_mt>());
  logger->set_pattern("mayfly [" + role + "] %l: %v");
  const char* level = std::getenv("MAYFLY_LOG");
  logger->set_level(spdlog::level::from_str(level != nullptr ? level : "warning"));
  spdlog::set_default_logger(logger);
}

}  // namespace mayfly::log
