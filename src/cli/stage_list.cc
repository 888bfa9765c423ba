#include "cli/stage_list.h"

#include <fmt/format.h>

#include <optional>
#include <sstream>

namespace mayfly {
namespace {

/// Nothing: a quotation that does not end.
std::optional<std::vector<std::string>> words_of(const std::string& line) {
  std::vector<std::string> words;
  bool is_quoted = false;
  bool is_in_word = false;
  for (std::size_t i = 0; i < line.size(); ++i) {
    char letter = line[i];
    const bool is_blank = letter == ' ' || letter == '\t' || letter == '\r';
    if (is_blank && !is_quoted) {
      is_in_word = false;
      continue;
    }
    if (!is_in_word) words.emplace_back();
    is_in_word = true;
    if (letter == '"') {
      is_quoted = !is_quoted;
      continue;
    }
    if (letter == '\\' && is_quoted && i + 1 < line.size()) letter = line[++i];
    words.back() += letter;
  }
  if (is_quoted) return std::nullopt;
  return words;
}

}  // namespace

Result<std::vector<SourceAndDestination>, Failure> parse_stage_list(const std::string& text,
                                                                    const std::string& name) {
  std::vector<SourceAndDestination> list;
  std::istringstream lines(text);
  std::string line;
  for (int number = 1; std::getline(lines, line); ++number) {
    const auto words = words_of(line);
    if (words && (words->empty() || words->front().front() == '#')) continue;
    if (!words || words->size() != 2 || words->at(0).empty() || words->at(1).empty()) {
      return Failure{Errc::invalid,
                     fmt::format("{}:{}: expected SRC DST, with \"...\" round names with blanks.",
                                 name, number)};
    }
    list.emplace_back(words->at(0), words->at(1));
  }
  return list;
}

}  // namespace mayfly
