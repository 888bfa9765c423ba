// The working directory, if it is below the mount: the kernel does not know of it, and keeps the
// one that it had. Handed on by exec in $MAYFLY_CWD.
#pragma once

#include <string>
#include <vector>

namespace mayfly::shim {

/// Absolute, with the prefix; empty: the kernel's is the one.
std::string working_directory();
/// At the start of a program.
void take_up_working_directory();
/// `environment` as a program started from here must see it; ends with a nullptr. `storage` is the
/// caller's for as long.
std::vector<char*> environment_for_exec(char* const environment[], std::string& storage);

}  // namespace mayfly::shim
