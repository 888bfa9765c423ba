// Options: the command line of a bench program. CLI11 stays in one file, which every program would
// else compile anew.
//
// Owner: main(). Thread: the first. Failure: parse() ends the process, after it has said why.
#pragma once

#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace mayfly {

class Options {
 public:
  explicit Options(const char* about);
  ~Options();
  Options(const Options&) = delete;
  Options& operator=(const Options&) = delete;

  /// `value` has what is used without the option. Each gives the object itself.
  Options& add(const char* name, std::string& value, const char* what);
  Options& add(const char* name, std::string& value, std::vector<std::string> choices);
  /// Above zero.
  Options& add(const char* name, double& value, const char* what);
  Options& add(const char* name, unsigned& value, const char* what, unsigned least, unsigned most);
  Options& add(const char* name, std::uint64_t& value, const char* what, std::uint64_t least,
               std::uint64_t most = std::numeric_limits<std::uint64_t>::max());
  Options& add(const char* name, bool& value, const char* what);
  /// An option that must be there.
  Options& require(const char* name, std::string& value, const char* what);
  void parse(int argc, char** argv);

 private:
  std::unique_ptr<CLI::App> app_;
};

}  // namespace mayfly
