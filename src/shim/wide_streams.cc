// Wide characters on streams of ours, which the C library makes for bytes only: character by
// character, as the locale has them.
#include <cerrno>
#include <climits>
#include <cstdio>
#include <cwchar>

#include "shim/descriptor.h"
#include "shim/real.h"
#include "shim/standard_stream.h"

using namespace mayfly::shim;

namespace {

bool is_ours(std::FILE* stream) { return mayfly::shim::is_ours(::fileno(stream)); }

wint_t read_one(std::FILE* stream) {
  std::mbstate_t state{};
  for (int byte = std::fgetc(stream); byte != EOF; byte = std::fgetc(stream)) {
    const char letter = static_cast<char>(byte);
    wchar_t wide = 0;
    const std::size_t taken = std::mbrtowc(&wide, &letter, 1, &state);
    if (taken == static_cast<std::size_t>(-2)) continue;
    return taken == static_cast<std::size_t>(-1) ? WEOF : static_cast<wint_t>(wide);
  }
  return WEOF;
}

wint_t write_one(wchar_t wide, std::FILE* stream) {
  char bytes[MB_LEN_MAX];
  std::mbstate_t state{};
  const std::size_t count = std::wcrtomb(bytes, wide, &state);
  if (count == static_cast<std::size_t>(-1)) return WEOF;
  return ::fwrite(bytes, 1, count, stream) == count ? static_cast<wint_t>(wide) : WEOF;
}

}  // namespace

MAYFLY_EXPORT wint_t fgetwc(std::FILE* stream) {
  stream = current_stream(stream);
  return is_ours(stream) ? read_one(stream) : MAYFLY_REAL(fgetwc)(stream);
}
MAYFLY_SAME(getwc, fgetwc);

MAYFLY_EXPORT wint_t getwchar() { return ::fgetwc(stdin); }

MAYFLY_EXPORT wchar_t* fgetws(wchar_t* text, int room, std::FILE* stream) {
  if (!is_ours(stream)) return MAYFLY_REAL(fgetws)(text, room, stream);
  int length = 0;
  while (length + 1 < room) {
    const wint_t wide = read_one(stream);
    if (wide == WEOF) break;
    text[length++] = static_cast<wchar_t>(wide);
    if (wide == L'\n') break;
  }
  if (length == 0) return nullptr;
  text[length] = L'\0';
  return text;
}

MAYFLY_EXPORT wint_t fputwc(wchar_t wide, std::FILE* stream) {
  stream = current_stream(stream);
  return is_ours(stream) ? write_one(wide, stream) : MAYFLY_REAL(fputwc)(wide, stream);
}
MAYFLY_SAME(putwc, fputwc);

MAYFLY_EXPORT wint_t putwchar(wchar_t wide) { return ::fputwc(wide, stdout); }

MAYFLY_EXPORT int fputws(const wchar_t* text, std::FILE* stream) {
  if (!is_ours(stream)) return MAYFLY_REAL(fputws)(text, stream);
  for (; *text != L'\0'; ++text) {
    if (write_one(*text, stream) == WEOF) return -1;
  }
  return 0;
}
