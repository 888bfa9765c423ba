#!/usr/bin/env python3
"""The lint refuses what it must: each test plants one offence in a small clean tree."""

import shutil
import sys
import tempfile
import unittest
from pathlib import Path

sys.dont_write_bytecode = True

from lint import offences  # noqa: E402: after the line above

CMAKE = """
mayfly_layer(base LIBRARIES fmt::fmt)
mayfly_layer(storage LAYERS base TOGETHER LIBRARIES base_is_no_layer_here)
mayfly_layer(client LAYERS storage
             base)
"""


def function_of(lines, head="int f(int a)"):
    return head + " {\n" + "  g();\n" * (lines - 2) + "}\n"


class LintTest(unittest.TestCase):
    def setUp(self):
        self.root = Path(tempfile.mkdtemp(prefix="mayfly-lint-"))
        self.addCleanup(shutil.rmtree, self.root)
        self.put("CMakeLists.txt", CMAKE)
        self.put(".clang-format", "BasedOnStyle: Google\nColumnLimit: 100\n")
        for folder in ("base", "storage", "client", "cli", "shim"):
            self.put(f"src/{folder}/README.md", f"# {folder}\n")
        self.put("src/storage/ring.cc", '#include "base/log.h"\n')
        self.put("src/client/c_api.cc", "#include <mayfly/mayfly.h>\n")

    def put(self, name, text):
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def refuses(self, *needles):
        """Exactly one offence, which holds every needle."""
        found = offences(self.root)
        self.assertEqual(len(found), 1, found)
        for needle in needles:
            self.assertIn(needle, found[0])

    def accepts(self):
        self.assertEqual(offences(self.root), [])

    def test_accepts_a_clean_tree(self):
        self.accepts()

    # Includes.

    def test_refuses_an_include_that_points_up(self):
        self.put("src/base/log.cc", '#include "storage/ring.h"\n')
        self.refuses("src/base/log.cc:1", "storage/ring.h")

    def test_refuses_an_upward_include_in_angle_brackets(self):
        self.put("src/base/log.cc", "#include <storage/ring.h>\n")
        self.refuses("src/base/log.cc:1")

    def test_refuses_an_include_of_a_sideways_folder(self):
        self.put("src/storage/b.cc", '#include "cli/main.h"\n')
        self.refuses("storage may not include cli")

    def test_takes_no_library_for_a_layer(self):
        self.put("CMakeLists.txt", "mayfly_layer(base)\nmayfly_layer(storage LIBRARIES base)\n"
                                   "mayfly_layer(client LAYERS base)\n")
        self.refuses("src/storage/ring.cc:1")

    def test_refuses_layers_in_a_circle(self):
        self.put("CMakeLists.txt", "mayfly_layer(base LAYERS client)\n" + CMAKE.split("\n", 2)[2])
        self.refuses("layer base names client")

    def test_refuses_a_folder_that_is_no_layer(self):
        self.put("src/stray/README.md", "# stray\n")
        self.refuses("src/stray: no mayfly_layer")

    def test_refuses_an_include_without_its_folder(self):
        self.put("src/storage/b.cc", '#include "ring.h"\n')
        self.refuses("src/storage/b.cc:1")

    def test_refuses_mpi_outside_of_the_launch(self):
        self.put("src/client/b.cc", "#include <mpi.h>\n")
        self.refuses("only mpi_launch includes mpi.h")

    def test_accepts_mpi_in_the_launch(self):
        self.put("mpi_launch/roles.cc", "#include <mpi.h>\n")
        self.accepts()

    def test_refuses_a_shim_that_knows_the_client(self):
        self.put("src/shim/open.cc", '#include "client/session.h"\n')
        self.refuses("shim may not include client")

    def test_accepts_a_shim_on_the_public_header(self):
        self.put("src/shim/open.cc", "#include <mayfly/mayfly.h>\n")
        self.accepts()

    def test_refuses_the_public_header_below_the_client(self):
        self.put("src/storage/b.cc", "#include <mayfly/mayfly.h>\n")
        self.refuses("below the public header")

    def test_refuses_a_public_header_that_needs_src(self):
        self.put("include/mayfly/mayfly.h", '#include "base/errc.h"\n')
        self.refuses("the public header includes nothing of src/")

    # Sizes.

    def test_refuses_a_file_of_501_lines(self):
        self.put("src/base/long.cc", "int a;\n" * 501)
        self.refuses("501 lines")

    def test_accepts_a_file_of_500_lines(self):
        self.put("src/base/long.cc", "int a;\n" * 500)
        self.accepts()

    def test_refuses_101_columns(self):
        self.put("tests/wide.sh", "#" * 101 + "\n")
        self.refuses("tests/wide.sh:1: 101 columns")

    def test_counts_characters_not_bytes(self):
        self.put("tests/wide.sh", "#" + "é" * 99 + "\n")
        self.accepts()

    def test_refuses_a_function_of_71_lines_wherever_it_stands(self):
        heads = {
            "free": "int f(int a)",
            "method": "int Ring::submit(int a) const noexcept",
            "template": "template <class T>\nint f(T a)",
            "constructor": "Ring::Ring(int a) : a_{a}, b_(1)",
            "of_struct_type": "struct stat stat_of(int a)",
            "test": "TEST(Ring, Submits)",
        }
        for name, head in heads.items():
            with self.subTest(name):
                extra = head.count("\n")
                self.put("src/base/f.cc", function_of(70 - extra, head))
                self.accepts()
                self.put("src/base/f.cc", function_of(71 - extra, head))
                self.refuses("src/base/f.cc:1: function of 71 lines")

    def test_finds_a_long_function_in_namespaces_and_classes(self):
        body = function_of(80)
        self.put("src/base/f.cc",
                 "namespace mayfly {\nint a[] = {1, 2};\n" + body + "}  // namespace mayfly\n")
        self.refuses("src/base/f.cc:3: function of 80 lines")

    def test_counts_a_lambda_as_part_of_its_function(self):
        inner = "  const auto a = [](int b) {\n" + "    g();\n" * 40 + "  };\n"
        self.put("src/base/f.cc", "int f() {\n" + inner + inner.replace("a =", "c =") + "}\n")
        self.refuses("src/base/f.cc:1: function of 86 lines")

    def test_takes_no_table_class_or_comment_for_a_function(self):
        self.put("src/base/f.cc",
                 "// int f() {\nstruct alignas(8) Table {\n" + "  int a;\n" * 80 + "};\n"
                 'const char* text = "f() {";\n'
                 "const int kTable[] = {\n" + "    (1),\n" * 80 + "};\n")
        found = [line for line in offences(self.root) if "function" in line]
        self.assertEqual(found, [])

    # Names.

    def test_refuses_empty_type_names(self):
        for name in ("RingManager", "Helper", "StringUtils", "Context", "EngineRoom", "Data"):
            for form in ("class {};", "struct {} {{}};", "using {} = int;", "enum class {};"):
                declaration = form.replace("{}", name, 1) if "{}" in form else form
                with self.subTest(declaration):
                    self.put("src/base/f.h", declaration.replace("class ;", "") + "\n")
                    found = [o for o in offences(self.root) if f"type name {name}" in o]
                    if name in declaration:
                        self.assertEqual(len(found), 1)

    def test_accepts_type_names_that_only_contain_the_letters(self):
        self.put("src/base/f.h", "class DataFile;\nclass Contextual;\n")
        self.accepts()

    def test_refuses_empty_file_names(self):
        self.put("src/base/string_utils.h", "int a;\n")
        self.refuses("'utils' in a file's name")

    def test_refuses_a_folder_without_readme(self):
        (self.root / "src/base/README.md").unlink()
        self.refuses("src/base: no README.md")

    def test_refuses_a_readme_of_26_lines(self):
        self.put("src/base/README.md", "a\n" * 26)
        self.refuses("26 lines")

    # Layout.

    def test_refuses_a_script_that_bash_cannot_read(self):
        self.put("tests/run.sh", "if [[$(cat x) == y]]; then\n")
        self.refuses("tests/run.sh: bash cannot read it")

    def test_refuses_a_script_that_cannot_be_run(self):
        self.put("tests/run.sh", "#!/usr/bin/env bash\n")
        self.refuses("tests/run.sh: starts with #! but is not executable")

    @unittest.skipIf(shutil.which("clang-format") is None, "no clang-format here")
    def test_refuses_what_clang_format_would_change(self):
        self.put("src/base/f.cc", "int  a;\n")
        self.refuses("src/base/f.cc:1")


if __name__ == "__main__":
    unittest.main()
