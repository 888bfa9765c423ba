#include "bench/options.h"

#include <CLI/CLI.hpp>
#include <cstdlib>

namespace mayfly {

Options::Options(const char* about) : app_(std::make_unique<CLI::App>(about)) {}
Options::~Options() = default;

Options& Options::add(const char* name, std::string& value, const char* what) {
  app_->add_option(name, value, what);
  return *this;
}

Options& Options::add(const char* name, std::string& value, std::vector<std::string> choices) {
  app_->add_option(name, value)->check(CLI::IsMember(std::move(choices)));
  return *this;
}

Options& Options::add(const char* name, double& value, const char* what) {
  app_->add_option(name, value, what)->check(CLI::PositiveNumber);
  return *this;
}

Options& Options::add(const char* name, unsigned& value, const char* what, unsigned least,
                      unsigned most) {
  app_->add_option(name, value, what)->check(CLI::Range(least, most));
  return *this;
}

Options& Options::add(const char* name, std::uint64_t& value, const char* what, std::uint64_t least,
                      std::uint64_t most) {
  app_->add_option(name, value, what)->check(CLI::Range(least, most));
  return *this;
}

Options& Options::add(const char* name, bool& value, const char* what) {
  app_->add_flag(name, value, what);
  return *this;
}

Options& Options::require(const char* name, std::string& value, const char* what) {
  app_->add_option(name, value, what)->required();
  return *this;
}

void Options::parse(int argc, char** argv) {
  try {
    app_->parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    std::exit(app_->exit(error));
  }
}

}  // namespace mayfly
