"""Bounds of the house style: lines of a file, lines of a function, columns of a line."""

import re

MAX_FILE_LINES = 500
MAX_FUNCTION_LINES = 70
MAX_COLUMNS = 100

_TYPE = re.compile(r"\b(namespace|class|struct|union|enum|extern)\b")
_TEMPLATE = re.compile(r"\btemplate\s*<")


def _without_templates(head):
    """`head` without its `template <...>` parts, which may hold the word class."""
    while match := _TEMPLATE.search(head):
        depth, end = 1, match.end()
        while end < len(head) and depth > 0:
            depth += {"<": 1, ">": -1}.get(head[end], 0)
            end += 1
        head = head[: match.start()] + head[end:]
    return head


def _opens_function(head):
    """Whether the brace after `head` opens a function's body. `head` is what stands between the
    last end of a declaration and the brace, in code that clang-format has laid out: a block's
    brace follows a space, a brace of an initializer follows a name, `=`, `(` or `,`."""
    bare = _without_templates(head)
    last = bare.rstrip()
    if "(" not in bare or not bare[-1:].isspace() or last[-1:] in ("=", "(", ",", "{"):
        return False
    ends_like_function = re.search(r"(\)|\}|\b(const|noexcept|override|final))\s*$", last)
    is_type = _TYPE.search(bare.partition("(")[0])
    return not is_type or ends_like_function is not None


def functions(code):
    """(first line, last line) of each function that stands in no other function."""
    head_start = 0
    open_braces = []  # of each: "function", "scope" or "initializer"
    function_start = None
    for match in re.finditer(r"[{};]", code):
        position, sign = match.start(), match.group(0)
        if sign == "{":
            head = code[head_start:position]
            kind = "initializer"
            if function_start is None and head[-1:].isspace():
                kind = "function" if _opens_function(head) else "scope"
            if kind == "function":
                first = head_start + len(head) - len(head.lstrip())
                function_start = (len(open_braces), code.count("\n", 0, first) + 1)
            open_braces.append(kind)
        elif sign == "}" and open_braces:
            kind = open_braces.pop()
            if kind == "function" and function_start[0] == len(open_braces):
                yield function_start[1], code.count("\n", 0, position) + 1
                function_start = None
        is_brace_of_initializer = sign != ";" and kind == "initializer"
        if not (is_brace_of_initializer and function_start is None):
            head_start = position + 1


def check(sources):
    for source in sources:
        if len(source.lines) > MAX_FILE_LINES:
            yield f"{source.name}: {len(source.lines)} lines, over {MAX_FILE_LINES}"
        for number, line in enumerate(source.lines, 1):
            if len(line) > MAX_COLUMNS:
                yield f"{source.name}:{number}: {len(line)} columns, over {MAX_COLUMNS}"
        for first, last in functions(source.code) if source.is_code else []:
            length = last - first + 1
            if length > MAX_FUNCTION_LINES:
                place = f"{source.name}:{first}"
                yield f"{place}: function of {length} lines, over {MAX_FUNCTION_LINES}"
