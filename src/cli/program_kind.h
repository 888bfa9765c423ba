// What a program is, as far as its file says without being run.
#pragma once

#include <string>

namespace mayfly {

/// Whether a program, found as execvp(3) finds it, is statically linked: no library can be put
/// before it, so it does not see the file system. false: it is not, or is a script, or is not
/// there.
bool is_static_program(const std::string& name);

/// Says so on stderr, with what can be done.
void warn_of_static_program(const std::string& name);

}  // namespace mayfly
