// Rates as options have them, and as they are shown.
#pragma once

#include <string>

namespace mayfly {

/// Of CLI::Validator: empty if the text is a rate ("100M"), else why it is none.
std::string check_rate(const std::string& text);
/// "1.2 GiB/s"
std::string rate_text(double bytes_per_second);

}  // namespace mayfly
