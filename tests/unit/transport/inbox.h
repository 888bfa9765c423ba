// Inbox: a Receiver that keeps everything, and byte patterns to tell one payload from another.
#pragma once

#include <algorithm>
#include <cstring>
#include <deque>
#include <vector>

#include "transport/worker.h"

namespace mayfly {

class Inbox final : public Receiver {
 public:
  void on_message(Message message) override {
    message.keep();
    messages.push_back(std::move(message));
  }
  void on_endpoint_failed(Endpoint& endpoint, Errc why) override {
    failures.emplace_back(&endpoint, why);
  }
  Message take() {
    Message first = std::move(messages.front());
    messages.pop_front();
    return first;
  }

  std::deque<Message> messages;
  std::vector<std::pair<Endpoint*, Errc>> failures;
};

/// `size` bytes that depend on `seed` and on their place.
inline std::vector<std::byte> pattern(std::size_t size, std::uint64_t seed) {
  std::vector<std::byte> bytes(size);
  std::uint64_t state = seed * 0x9E3779B97F4A7C15ULL + 1;
  for (std::byte& byte : bytes) {
    state = state * 6364136223846793005ULL + 1442695040888963407ULL;
    byte = static_cast<std::byte>(state >> 56);
  }
  return bytes;
}

inline bool same(Bytes left, Bytes right) {
  return std::equal(left.begin(), left.end(), right.begin(), right.end());
}

template <class T>
Bytes as_header(const T& value) {
  return std::as_bytes(std::span<const T>(&value, 1));
}

template <class T>
T header_as(const Message& message) {
  T value{};
  const Bytes header = message.header();
  if (header.size() == sizeof value) std::memcpy(&value, header.data(), sizeof value);
  return value;
}

/// Looks at each payload where it is lent, and keeps none.
class Onlooker final : public Receiver {
 public:
  void on_message(Message message) override {
    const auto number = header_as<std::uint64_t>(message);
    is_right &= number == seen && same(message.payload(), pattern(size_of(number), number));
    ++seen;
  }
  void on_endpoint_failed(Endpoint&, Errc) override { is_right = false; }
  static std::size_t size_of(std::uint64_t number) { return number * 37 % 8192 + 1; }

  std::uint64_t seen = 0;
  bool is_right = true;
};

}  // namespace mayfly
