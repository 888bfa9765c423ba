#include "base/log.h"

#include <spdlog/sinks/stdout_sinks.h>

#include <cstdlib>

namespace mayfly::log {
namespace {

void install(const std::string& prefix) {
  auto logger =
      std::make_shared<spdlog::logger>("mayfly", std::make_shared<spdlog::sinks::stderr_sink_mt>());
  logger->set_pattern(prefix + " %l: %v");
  const char* level = std::getenv("MAYFLY_LOG");
  logger->set_level(spdlog::level::from_str(level != nullptr ? level : "warning"));
  spdlog::set_default_logger(logger);
}

[[maybe_unused]] const bool installed = (install("mayfly"), true);

}  // namespace

void start(const std::string& role) { install("mayfly [" + role + "]"); }

spdlog::logger& logger() { return *spdlog::default_logger_raw(); }

}  // namespace mayfly::log
