// Comparisons of times as stat(2) gives them.
#pragma once

#include <ctime>

namespace mayfly {

inline bool is_same_time(const timespec& left, const timespec& right) {
  return left.tv_sec == right.tv_sec && left.tv_nsec == right.tv_nsec;
}

inline bool is_later(const timespec& left, const timespec& right) {
  return left.tv_sec != right.tv_sec ? left.tv_sec > right.tv_sec : left.tv_nsec > right.tv_nsec;
}

}  // namespace mayfly
