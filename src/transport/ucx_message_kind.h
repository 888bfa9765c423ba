// The two kinds of active message that our workers send one another. Both carry the user's header;
// the second has the sender's sealed address in front of the payload.
#pragma once

namespace mayfly {

inline constexpr unsigned kPlainMessage = 1;
inline constexpr unsigned kMessageWithAddress = 2;

}  // namespace mayfly
