// The kinds of active message that our workers send one another. Messages carry the user's header;
// the second kind has the sender's sealed address in front of the payload. An offer of a lane is a
// payload alone.
#pragma once

namespace mayfly {

inline constexpr unsigned kPlainMessage = 1;
inline constexpr unsigned kMessageWithAddress = 2;
inline constexpr unsigned kLaneOffer = 3;

}  // namespace mayfly
